"""Who may enter which app. Deny by default; pure, so that the whole of it is a table in a test."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum

from portico.site.model import Access

ADMIN = "admin"


class Outcome(StrEnum):
    """What the front is told."""

    ENTER = "enter"
    SIGN_IN = "sign-in"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class Visitor:
    """The facts about a signed-in person that a decision may rest on."""

    email: str
    roles: Set[str]
    email_verified: bool
    active: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome and the reason, in words for a person and the audit.

    `as_administrator`: nothing but being an administrator opened the door.
    """

    outcome: Outcome
    reason: str
    as_administrator: bool = False

    @property
    def enters(self) -> bool:
        """Whether the request goes through."""
        return self.outcome is Outcome.ENTER


def decide(access: Access | None, visitor: Visitor | None) -> Decision:
    """Whether this visitor (None: nobody is signed in) may enter an app with this access (None: no such app).

    A disabled account counts as nobody. Administrators enter every app of the site.
    """
    if access is not None and access.public:
        return Decision(Outcome.ENTER, "the app is public")
    if visitor is None:
        return Decision(Outcome.SIGN_IN, "nobody is signed in")
    if not visitor.active:
        return Decision(Outcome.SIGN_IN, "the account is disabled")
    if access is None:
        return Decision(Outcome.FORBIDDEN, "the site has no such app")
    return _among(access, visitor)


def _among(access: Access, visitor: Visitor) -> Decision:
    if access.signed_in:
        return Decision(Outcome.ENTER, "everyone who is signed in may enter")
    if shared := sorted(access.roles & visitor.roles):
        return Decision(Outcome.ENTER, f"has the role {shared[0]}")
    if visitor.email.lower() in access.people:
        if visitor.email_verified:
            return Decision(Outcome.ENTER, "is named in the app's access")
        if ADMIN not in visitor.roles:
            return Decision(
                Outcome.FORBIDDEN, "is named in the app's access, but the address is not verified"
            )
    if ADMIN in visitor.roles:
        return Decision(Outcome.ENTER, "is an administrator", as_administrator=True)
    return Decision(Outcome.FORBIDDEN, "has none of the app's roles and is not named in its access")
