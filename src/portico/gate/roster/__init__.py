"""People as a CSV file: read, compared with who is there, carried out as one change, and written."""

from __future__ import annotations

from portico.gate.roster.change import bring_in
from portico.gate.roster.plan import Plan, compare
from portico.gate.roster.reading import Roster, RosterError, read
from portico.gate.roster.writing import write

__all__ = ["Plan", "Roster", "RosterError", "bring_in", "compare", "read", "write"]
