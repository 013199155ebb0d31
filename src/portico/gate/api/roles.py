"""Roles: which there are, add one, remove one."""

from __future__ import annotations

from portico.gate.accounts import roles
from portico.gate.api.asked import me
from portico.gate.api.operations import operation
from portico.gate.api.problems import RefusedError
from portico.gate.api.shapes import List, NewRole, RoleShape
from portico.gate.models import Role
from portico.gate.permissions import Permission
from portico.gate.policy import ADMIN
from portico.gate.state import gate


def shape(role: Role, people: int) -> RoleShape:
    """A role as the API gives it."""
    site = gate().site
    apps = [app.name for app in site.apps if role.name in app.access.roles]
    return RoleShape(role.name, role.description, people, apps, role.name in site.roles or role.name == ADMIN)


@operation("GET", "/roles", Permission.MANAGE_PEOPLE)
def list_roles() -> List[RoleShape]:
    """All roles, by name."""
    return List([shape(role, people) for role, people in roles.in_use(gate().db)], None)


@operation("POST", "/roles", Permission.MANAGE_PEOPLE, status=201)
def add_role(body: NewRole) -> RoleShape:
    """Add a role."""
    return shape(roles.add(gate().db, me(), body.name, body.description), 0)


@operation("DELETE", "/roles/{name}", Permission.MANAGE_PEOPLE, fresh=True, status=204)
def remove_role(name: str) -> None:
    """Take a role from everybody and from the site.

    422: portico.toml declares it, or it is admin.
    """
    if all(role.name != name for role, _ in roles.in_use(gate().db)):
        raise RefusedError(404, "There is no such role.")
    roles.remove(gate().db, me(), name, gate().site)
