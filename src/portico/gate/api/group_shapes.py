"""What the API takes and gives of groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import MaxLen

from portico.gate.api.shapes import Place, RoleName, RoleNames, Taken, Text


@dataclass(frozen=True)
class GroupShape:
    """A group: the roles that it gives, how many people are in it, what its roles open."""

    name: str
    description: str
    roles: list[str]
    people: int
    opens: list[str]


@dataclass(frozen=True)
class GroupSearch(Place):
    """Which groups: words in name and description."""

    words: Annotated[str, MaxLen(200)] | None = None


@dataclass(frozen=True)
class MemberSearch(Place):
    """Which of a group's people: words in address and name."""

    words: Annotated[str, MaxLen(200)] | None = None


@dataclass(frozen=True)
class NewGroup(Taken):
    """A group to add. Any role but admin."""

    name: RoleName
    description: Text = ""
    roles: RoleNames | None = None


@dataclass(frozen=True)
class GroupChange(Taken):
    """What is to change of a group."""

    description: Text


@dataclass(frozen=True)
class RolesOfGroup(Taken):
    """All roles that the group is to give."""

    roles: RoleNames
