"""What the API takes and gives, as frozen dataclasses. Checks of requests and the description are made of them.

What is given has all of its members, always; what is taken has no member that is not named here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from annotated_types import Ge, Le, MaxLen, MinLen

from portico.gate import paging
from portico.gate.accounts.directory import State

Item = TypeVar("Item")
Address = Annotated[str, MinLen(3), MaxLen(254)]
Text = Annotated[str, MaxLen(200)]
RoleName = Annotated[str, MinLen(1), MaxLen(40)]
RoleNames = Annotated[list[RoleName], MaxLen(100)]
Cursor = Annotated[str, MinLen(1), MaxLen(2000)]
Limit = Annotated[int, Ge(1), Le(paging.LARGEST)]


_FIRST, _LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)


class _Aware:
    """Says to pydantic, which is not imported here, that a time needs its zone, and is one in UTC too."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: Callable[[Any], dict[str, Any]]
    ) -> dict[str, Any]:
        return handler(source) | {"tz_constraint": "aware", "ge": _FIRST, "le": _LAST}


AwareDatetime = Annotated[datetime, _Aware()]


class Taken:
    """What a client sends: a member that is not named is refused, so that nobody sets what is not theirs to set."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}


@dataclass(frozen=True)
class List(Generic[Item]):
    """Some of a list. `next` is the cursor of what comes after, to be sent as `after`; null: there is no more."""

    items: list[Item]
    next: str | None


@dataclass(frozen=True)
class Place(Taken):
    """Which part of a list."""

    after: Cursor | None = None
    limit: Limit = paging.SIZE


# -- People -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PersonShape:
    """Someone with an account. `roles` are their own; `groups` may give more."""

    id: str
    email: str
    name: str
    roles: list[str]
    groups: list[str]
    active: bool
    active_until: datetime | None
    email_verified: bool
    created_at: datetime
    last_sign_in_at: datetime | None


@dataclass(frozen=True)
class PeopleSearch(Place):
    """Which people: words in address and name, an own role, a state of the account, a group."""

    words: Annotated[str, MaxLen(200)] | None = None
    role: Annotated[str, MaxLen(40)] | None = None
    state: State | None = None
    group: Annotated[str, MaxLen(40)] | None = None


@dataclass(frozen=True)
class NewPerson(Taken):
    """Whom to add. You vouch for the address."""

    email: Address
    name: Text = ""
    roles: RoleNames | None = None


@dataclass(frozen=True)
class PersonChange(Taken):
    """What is to change of a person."""

    name: Text


@dataclass(frozen=True)
class RolesOfPerson(Taken):
    """All roles that the person is to have of their own."""

    roles: RoleNames


@dataclass(frozen=True)
class EndOfAccount(Taken):
    """When the account ends; null: never."""

    until: AwareDatetime | None


@dataclass(frozen=True)
class OneTimeLink:
    """A link that works once, until its time has run out. It is told once: keep it from everybody else."""

    link: str
    expires_at: datetime


# -- Roles --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RoleShape:
    """A role: how many people have it of their own, which apps name it, whether portico.toml declares it."""

    name: str
    description: str
    people: int
    apps: list[str]
    declared: bool


@dataclass(frozen=True)
class NewRole(Taken):
    """A role to add."""

    name: RoleName
    description: Text = ""


# -- Apps ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AccessShape:
    """Who may enter an app, as portico.toml says it."""

    public: bool
    signed_in: bool
    roles: list[str]
    people: list[str]


@dataclass(frozen=True)
class DoingShape:
    """How an app is doing on the host that answers. Seconds and bytes."""

    host: str
    state: str
    seconds: float
    workers: int
    memory: int
    requests: int
    restarts: int
    fault: str


@dataclass(frozen=True)
class AppShape:
    """An app of the site. `doing` null: its supervisor does not answer."""

    name: str
    title: str
    description: str
    address: str
    access: AccessShape
    doing: DoingShape | None


@dataclass(frozen=True)
class LogSearch(Taken):
    """How much of a log."""

    lines: Annotated[int, Ge(1), Le(500)] = 100


@dataclass(frozen=True)
class LogLineShape:
    """What an app wrote, and when."""

    at: datetime
    text: str


@dataclass(frozen=True)
class Restarted:
    """`done` false: the new workers are still starting; the old ones serve until then."""

    done: bool


# -- The asker ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AskerShape:
    """Who you are to the API, and, with a token, what it is for."""

    name: str
    person: str | None
    roles: list[str]
    scopes: list[str] | None


# -- Sessions -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SessionShape:
    """An open session: whose, on which device, when and from where it began and was used last."""

    id: int
    email: str
    device: str
    began_at: datetime
    began_from: str
    used_at: datetime
    used_from: str
    until: datetime
    remembered: bool


@dataclass(frozen=True)
class SessionSearch(Place):
    """Whose sessions (the id of a person), used last from which address."""

    person: Annotated[str, MaxLen(32)] | None = None
    address: Annotated[str, MaxLen(45)] | None = None


@dataclass(frozen=True)
class Ended:
    """How many sessions ended."""

    ended: int


# -- Tokens -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TokenShape:
    """An API token without its text: of a person (`person`), or of a service, which has roles of its own."""

    id: int
    name: str
    hint: str
    kind: Literal["personal", "service"]
    person: str | None
    roles: list[str]
    scopes: list[str]
    created_at: datetime
    created_by: str
    expires_at: datetime
    last_used_at: datetime | None
    last_ip: str


@dataclass(frozen=True)
class TokenSearch(Place):
    """Whose tokens (the id of a person), or those of services."""

    person: Annotated[str, MaxLen(32)] | None = None
    kind: Literal["service"] | None = None


@dataclass(frozen=True)
class NewServiceToken(Taken):
    """A service's token to make. `days`: how long it lasts."""

    name: Annotated[str, MinLen(1), MaxLen(80)]
    scopes: Annotated[list[Annotated[str, MaxLen(60)]], MinLen(1), MaxLen(100)]
    days: Annotated[int, Ge(1), Le(3660)]
    roles: RoleNames | None = None


@dataclass(frozen=True)
class MadeToken:
    """A token that was just made. Its text is told once."""

    token: str
    about: TokenShape


# -- Invitations --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class InvitationShape:
    """An invitation without its link. `email` null: for whoever has the link."""

    id: int
    email: str | None
    roles: list[str]
    state: Literal["open", "accepted", "withdrawn", "expired"]
    invited_by: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class NewInvitation(Taken):
    """Whom to invite (null: whoever gets the link), with which roles, for how long."""

    email: Address | None = None
    roles: RoleNames | None = None
    days: Annotated[int, Ge(1), Le(90)] = 7


@dataclass(frozen=True)
class MadeInvitation:
    """An invitation and its link, which is told once. Where the site sends mail, an address got it too."""

    link: str
    about: InvitationShape


# -- Audit --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AuditShape:
    """A line of the audit: who did what to whom, when and from where."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    ip: str
    detail: dict[str, Any]


@dataclass(frozen=True)
class AuditSearch(Place):
    """Which lines: of a person (who did it, or to whom it was done), of an action, from an address, of a time.

    `since` is included, `until` is not.
    """

    person: Annotated[str, MaxLen(254)] | None = None
    action: Annotated[str, MaxLen(40)] | None = None
    address: Annotated[str, MaxLen(45)] | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
