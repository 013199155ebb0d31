"""`portico init`'s kit: the files with which a site runs in containers, virtual machines and under systemd.

They are the files of Portico's own repository, one copy. This room reads and compares; the command line writes.
"""

from portico.kit.carried import carried
from portico.kit.comparison import OUT_OF_DATE, WRITTEN, Compared, State, compare, recorded
from portico.kit.packages import imported, origin
from portico.kit.places import CARRIED, PLACES
from portico.kit.record import RECORD_NAME, Record, own_version, read_record
from portico.kit.units import Units, rendered, units_for

__all__ = [
    "CARRIED",
    "OUT_OF_DATE",
    "PLACES",
    "RECORD_NAME",
    "WRITTEN",
    "Compared",
    "Record",
    "State",
    "Units",
    "carried",
    "compare",
    "imported",
    "origin",
    "own_version",
    "read_record",
    "recorded",
    "rendered",
    "units_for",
]
