"""How a person signs in: which ways there are, take one away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portico.gate.admin import ways
from portico.gate.admin.ways import Way, WayKind
from portico.gate.api.asked import me
from portico.gate.api.operations import operation
from portico.gate.api.people import found
from portico.gate.api.shapes import List
from portico.gate.permissions import Permission
from portico.gate.state import gate


@dataclass(frozen=True)
class WayShape:
    """A way to sign in, or a part of one: a password, an account elsewhere, a passkey, an authenticator app, recovery codes.

    `id` is among this person's. Times null: nobody knows, or never.
    """

    id: str
    kind: WayKind
    title: str
    about: str
    since: datetime | None
    last_used_at: datetime | None
    removable: bool


def shape(one: Way) -> WayShape:
    """A way as the API gives it."""
    return WayShape(one.name, one.kind, one.title, one.about, one.since, one.used_at, one.removable)


@operation("GET", "/people/{id}/ways", Permission.MANAGE_PEOPLE)
def list_ways(id: str) -> List[WayShape]:  # noqa: A002  the API's word
    """How the person signs in."""
    return List([shape(one) for one in ways.ways_of(gate().db, gate().site, found(id))], None)


@operation(
    "DELETE", "/people/{id}/ways/{way}", Permission.MANAGE_PEOPLE, fresh=True, status=204, errors=(409,)
)
def remove_way(id: str, way: str) -> None:  # noqa: A002
    """Take one away: the person is signed out everywhere and told by mail.

    409: no administrator could sign in any more. 422: it is not removed by itself.
    """
    ways.remove(gate().db, me(), gate().site, found(id), way)
