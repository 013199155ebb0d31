"""Who may enter which app, and which path of it. Deny by default; pure, so that the whole of it is a table in a test."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum

from portico.site.model import Access, App
from portico.site.path_rules import APP_ITSELF, access_of

ADMIN = "admin"


class Outcome(StrEnum):
    """What the front is told."""

    ENTER = "enter"
    SIGN_IN = "sign-in"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class Visitor:
    """The facts about a signed-in person, or a service, that a decision may rest on.

    `apps`: where the API token that was shown may be used; None: everywhere, or no token was shown.
    """

    email: str
    roles: Set[str]
    email_verified: bool
    active: bool = True
    apps: Set[str] | None = None


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody without an account whom a link has let into one app, and under one of its path rules."""

    app: str
    rule: str = APP_ITSELF


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


def decide_at(app: App | None, rule: str, visitor: Visitor | None, guest: Guest | None = None) -> Decision:
    """Whether a request for what this rule of the app covers ("": the app itself) goes through.

    A rule that the app does not have is closed to everybody: front and gate do not mean the same site.
    """
    access = access_of(app, rule) if app else None
    decision = _within_token(app, access, visitor)
    if decision.enters or app is None or access is None or guest is None or guest.app != app.name:
        return decision
    if rule in (APP_ITSELF, guest.rule):
        return Decision(Outcome.ENTER, "came through a link that opens the app")
    return decision


def decide(access: Access | None, visitor: Visitor | None) -> Decision:
    """Whether this visitor (None: nobody is signed in) may enter what has this access (None: no such app).

    A disabled account counts as nobody. Administrators enter every app of the site.
    """
    if access is not None and (access.public or access.known):
        return Decision(Outcome.ENTER, "it is public")
    if visitor is None:
        return Decision(Outcome.SIGN_IN, "nobody is signed in")
    if not visitor.active:
        return Decision(Outcome.SIGN_IN, "the account is disabled or has ended")
    if access is None:
        return Decision(Outcome.FORBIDDEN, "the site has no such app, or no such path rule")
    return _among(access, visitor)


def _within_token(app: App | None, access: Access | None, visitor: Visitor | None) -> Decision:
    decision = decide(access, visitor)
    if app is None or access is None or access.public or access.known or not decision.enters:
        return decision
    if visitor is not None and visitor.apps is not None and app.name not in visitor.apps:
        return Decision(Outcome.FORBIDDEN, "the API token is not for this app")
    return decision


def _among(access: Access, visitor: Visitor) -> Decision:
    if access.signed_in:
        return Decision(Outcome.ENTER, "everyone who is signed in may enter")
    if shared := sorted(access.roles & visitor.roles):
        return Decision(Outcome.ENTER, f"has the role {shared[0]}")
    if visitor.email.lower() in access.people:
        if visitor.email_verified:
            return Decision(Outcome.ENTER, "is named in the access")
        if ADMIN not in visitor.roles:
            return Decision(Outcome.FORBIDDEN, "is named in the access, but the address is not verified")
    if ADMIN in visitor.roles:
        return Decision(Outcome.ENTER, "is an administrator", as_administrator=True)
    return Decision(Outcome.FORBIDDEN, "has none of the roles and is not named in the access")
