"""Groups: which there are, what they give, who is in them."""

from __future__ import annotations

from sqlalchemy import select

from portico.gate.accounts import directory, group_list, groups
from portico.gate.accounts.directory import Search
from portico.gate.accounts.group_list import Listed
from portico.gate.api import lists
from portico.gate.api import people as people_api
from portico.gate.api.asked import me
from portico.gate.api.group_shapes import (
    GroupChange,
    GroupSearch,
    GroupShape,
    MemberSearch,
    NewGroup,
    RolesOfGroup,
)
from portico.gate.api.operations import operation
from portico.gate.api.problems import RefusedError
from portico.gate.api.shapes import List, PersonShape
from portico.gate.models import Group, Person
from portico.gate.permissions import Permission
from portico.gate.state import gate


def found(name: str) -> Group:
    """The group of this name; RefusedError (404) when there is none."""
    group = gate().db.scalar(select(Group).where(Group.name == name))
    if group is None:
        raise RefusedError(404, "There is no such group.")
    return group


def shape(one: Listed) -> GroupShape:
    """A group as the API gives it."""
    opens = group_list.opened_by(gate().site, one.roles)
    return GroupShape(one.name, one.description, list(one.roles), one.people, opens)


def shown(group: Group) -> GroupShape:
    """The same, of a group that was looked up."""
    return shape(group_list.listed(gate().db, [group])[0])


@operation("GET", "/groups", Permission.MANAGE_PEOPLE)
def list_groups(query: GroupSearch) -> List[GroupShape]:
    """Groups by name, all or those that are searched for."""
    page = lists.part(group_list.statement(query.words or ""), query, Group.name)
    return lists.given(group_list.page(gate().db, page), shape)


@operation("POST", "/groups", Permission.MANAGE_PEOPLE, fresh=True, status=201)
def add_group(body: NewGroup) -> GroupShape:
    """Add a group."""
    return shown(groups.add(gate().db, me(), body.name, body.description, body.roles or ()))


@operation("GET", "/groups/{name}", Permission.MANAGE_PEOPLE)
def get_group(name: str) -> GroupShape:
    """One group."""
    return shown(found(name))


@operation("PATCH", "/groups/{name}", Permission.MANAGE_PEOPLE, match=get_group)
def change_group(name: str, body: GroupChange) -> GroupShape:
    """Say who belongs to it."""
    group = found(name)
    groups.describe(gate().db, me(), group, body.description)
    return shown(group)


@operation("PUT", "/groups/{name}/roles", Permission.MANAGE_PEOPLE, fresh=True, match=get_group)
def set_group_roles(name: str, body: RolesOfGroup) -> GroupShape:
    """Let the group give exactly these roles."""
    group = found(name)
    groups.set_group_roles(gate().db, me(), group, body.roles)
    return shown(group)


@operation("DELETE", "/groups/{name}", Permission.MANAGE_PEOPLE, fresh=True, status=204, match=get_group)
def remove_group(name: str) -> None:
    """Remove the group; its people stay, without the roles that it gave."""
    groups.remove(gate().db, me(), found(name).name)


@operation("GET", "/groups/{name}/people", Permission.MANAGE_PEOPLE)
def list_members(name: str, query: MemberSearch) -> List[PersonShape]:
    """Who is in the group, by address."""
    search = Search(words=query.words or "", group=found(name).name)
    ids = lists.part(search.statement(), query, Person.email)
    return lists.given(directory.people(gate().db, ids), people_api.shape)


@operation("PUT", "/groups/{name}/people/{id}", Permission.MANAGE_PEOPLE, fresh=True)
def add_member(name: str, id: str) -> GroupShape:  # noqa: A002  the API's word
    """Put a person into the group; whoever is in it stays."""
    group = found(name)
    groups.join(gate().db, me(), group, [people_api.found(id).email])
    return shown(group)


@operation("DELETE", "/groups/{name}/people/{id}", Permission.MANAGE_PEOPLE, fresh=True)
def remove_member(name: str, id: str) -> GroupShape:  # noqa: A002
    """Take a person out of the group; who is not in it stays out."""
    group = found(name)
    groups.leave(gate().db, me(), group, [people_api.found(id).email])
    return shown(group)
