"""People: find, add, change, close, open, let them set a password."""

from __future__ import annotations

from flask import url_for
from sqlalchemy import select

from portico.gate import clock
from portico.gate.accounts import actions, directory, ends, groups, my_data
from portico.gate.accounts.directory import Search
from portico.gate.accounts.links import LIFETIME, LinkKind
from portico.gate.api import lists
from portico.gate.api.asked import me
from portico.gate.api.operations import operation
from portico.gate.api.problems import RefusedError
from portico.gate.api.shapes import (
    EndOfAccount,
    List,
    NewPerson,
    OneTimeLink,
    PeopleSearch,
    PersonChange,
    PersonShape,
    RolesOfPerson,
)
from portico.gate.factors import actions as factor_actions
from portico.gate.models import Person
from portico.gate.permissions import Permission
from portico.gate.state import gate


def found(id: str) -> Person:  # noqa: A002  the API's word
    """The person with this id; RefusedError (404) when there is none."""
    person = gate().db.scalar(select(Person).where(Person.fs_uniquifier == id))
    if person is None:
        raise RefusedError(404, "There is no such person.")
    return person


def shape(person: Person) -> PersonShape:
    """A person as the API gives them."""
    return PersonShape(
        id=person.fs_uniquifier,
        email=person.email,
        name=person.name,
        roles=sorted(person.role_names),
        groups=groups.groups_of(gate().db, person),
        active=person.active,
        active_until=person.active_until,
        email_verified=person.email_verified,
        created_at=person.created_at,
        last_sign_in_at=person.last_sign_in_at,
    )


@operation("GET", "/people", Permission.MANAGE_PEOPLE)
def list_people(query: PeopleSearch) -> List[PersonShape]:
    """People by address, all or those that are searched for."""
    search = Search(query.words or "", query.role or "", query.state, query.group or "")
    ids = lists.part(search.statement(), query, Person.email)
    return lists.given(directory.people(gate().db, ids), shape)


@operation("POST", "/people", Permission.MANAGE_PEOPLE, fresh=True, status=201, errors=(409,))
def add_person(body: NewPerson) -> PersonShape:
    """Add a person.

    They have no password yet: ask for a reset link, or invite them instead.
    """
    person = actions.create_person(gate().db, me(), body.email, name=body.name, roles=body.roles or ())
    return shape(person)


@operation("GET", "/people/{id}", Permission.MANAGE_PEOPLE)
def get_person(id: str) -> PersonShape:  # noqa: A002
    """One person."""
    return shape(found(id))


@operation("PATCH", "/people/{id}", Permission.MANAGE_PEOPLE, match=get_person)
def change_person(id: str, body: PersonChange) -> PersonShape:  # noqa: A002
    """Change the name that others see."""
    person = found(id)
    actions.rename(gate().db, me(), person, body.name)
    return shape(person)


@operation("PUT", "/people/{id}/roles", Permission.MANAGE_PEOPLE, fresh=True, errors=(409,), match=get_person)
def set_roles(id: str, body: RolesOfPerson) -> PersonShape:  # noqa: A002
    """Give the person exactly these roles.

    409: it would take the last administrator away.
    """
    person = found(id)
    actions.set_roles(gate().db, me(), person, body.roles)
    return shape(person)


@operation(
    "POST", "/people/{id}/disable", Permission.MANAGE_PEOPLE, fresh=True, errors=(409,), match=get_person
)
def disable_person(id: str) -> PersonShape:  # noqa: A002
    """Close the account: it is signed out everywhere and cannot sign in.

    409: it is the last administrator's.
    """
    person = found(id)
    actions.disable(gate().db, me(), person)
    return shape(person)


@operation("POST", "/people/{id}/enable", Permission.MANAGE_PEOPLE, fresh=True, match=get_person)
def enable_person(id: str) -> PersonShape:  # noqa: A002
    """Open the account again."""
    person = found(id)
    actions.enable(gate().db, me(), person)
    return shape(person)


@operation("POST", "/people/{id}/verify", Permission.MANAGE_PEOPLE, fresh=True, match=get_person)
def verify_person(id: str) -> PersonShape:  # noqa: A002
    """Vouch for it that the address is theirs."""
    person = found(id)
    actions.verify_address(gate().db, me(), person)
    return shape(person)


@operation(
    "POST",
    "/people/{id}/reset-second-factor",
    Permission.MANAGE_PEOPLE,
    fresh=True,
    errors=(409,),
    match=get_person,
)
def reset_second_factor(id: str) -> PersonShape:  # noqa: A002
    """Take away the second factors of somebody who has lost them: all sessions end, the password is asked for alone.

    409: no administrator could sign in any more.
    """
    person = found(id)
    factor_actions.reset_second_factor(gate().db, me(), gate().site, person)
    return shape(person)


@operation("PUT", "/people/{id}/end", Permission.MANAGE_PEOPLE, fresh=True, errors=(409,), match=get_person)
def set_end(id: str, body: EndOfAccount) -> PersonShape:  # noqa: A002
    """Let the account end at a moment, or never.

    409: the site's last administrator has no end.
    """
    person = found(id)
    ends.set_end(gate().db, me(), person, body.until)
    return shape(person)


@operation(
    "DELETE",
    "/people/{id}",
    Permission.MANAGE_PEOPLE,
    fresh=True,
    status=204,
    errors=(409,),
    match=get_person,
)
def delete_person(id: str) -> None:  # noqa: A002
    """Delete the account for good; what the audit says of it stays.

    409: it is the last administrator's.
    """
    my_data.delete_person(gate().db, me(), found(id))


@operation("POST", "/people/{id}/reset-link", Permission.MANAGE_PEOPLE, fresh=True, status=201)
def make_reset_link(id: str) -> OneTimeLink:  # noqa: A002
    """Make a link with which the person sets a new password; an earlier one ends."""
    until = clock.now() + LIFETIME[LinkKind.RESET]
    token = actions.issue_reset_link(gate().db, me(), found(id))
    return OneTimeLink(f"{gate().site.url}{url_for('links.reset', token=token)}", until)
