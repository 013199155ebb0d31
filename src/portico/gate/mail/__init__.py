"""Mail: written into the outbox in the transaction of what it tells about, delivered by a thread of the gate."""

from __future__ import annotations

from portico.gate.mail.office import PostOffice, configured
from portico.gate.mail.outbox import ask, notify, post

__all__ = ["PostOffice", "ask", "configured", "notify", "post"]
