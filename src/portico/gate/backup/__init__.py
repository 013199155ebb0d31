"""Backups: a site's people, sessions, audit, secrets and site file in one file, and back again.

The file is a tar.gz of JSON lines, the same from SQLite and PostgreSQL, so it restores into either
(docs/explanation/decisions/0005-backups-are-portable.md).
"""

from portico.gate.backup.archive import Backup, opened
from portico.gate.backup.restoring import Restored, restore
from portico.gate.backup.saving import Saved, save
from portico.gate.backup.sealing import Key, Seal

__all__ = ["Backup", "Key", "Restored", "Saved", "Seal", "opened", "restore", "save"]
