"""The gate's tables as typed classes, a file a subject."""

from __future__ import annotations

from portico.gate.models.attempts import Attempts
from portico.gate.models.audit import AuditLine, AuditRetention
from portico.gate.models.base import NEVER_REUSED, Base, UtcTime
from portico.gate.models.factors import (
    Authenticator,
    CodeTries,
    Passkey,
    RecoveryCode,
    RememberedDevice,
    SpentChallenge,
)
from portico.gate.models.groups import Group, group_role, person_group
from portico.gate.models.guests import GuestSession, ShareLink
from portico.gate.models.insight import InsightCallback, InsightDay, InsightSalt
from portico.gate.models.invitations import Invitation
from portico.gate.models.links import Link
from portico.gate.models.outbox import OutgoingMail
from portico.gate.models.people import Person, Role, person_role
from portico.gate.models.sessions import SessionRow
from portico.gate.models.sources import BroughtRole, LinkedAccount, SessionOrigin, SpentToken
from portico.gate.models.tokens import ApiToken

__all__ = [
    "NEVER_REUSED",
    "ApiToken",
    "Attempts",
    "AuditLine",
    "AuditRetention",
    "Authenticator",
    "Base",
    "BroughtRole",
    "CodeTries",
    "Group",
    "GuestSession",
    "InsightCallback",
    "InsightDay",
    "InsightSalt",
    "Invitation",
    "Link",
    "LinkedAccount",
    "OutgoingMail",
    "Passkey",
    "Person",
    "RecoveryCode",
    "RememberedDevice",
    "Role",
    "SessionOrigin",
    "SessionRow",
    "ShareLink",
    "SpentChallenge",
    "SpentToken",
    "UtcTime",
    "group_role",
    "person_group",
    "person_role",
]
