"""API tokens: which there are, a service's new one, revoke one."""

from __future__ import annotations

from datetime import timedelta

from portico.gate.api import lists
from portico.gate.api.asked import me, who
from portico.gate.api.operations import operation
from portico.gate.api.people import found
from portico.gate.api.problems import RefusedError
from portico.gate.api.shapes import List, MadeToken, NewServiceToken, TokenSearch, TokenShape
from portico.gate.models import ApiToken, Person
from portico.gate.permissions import Permission
from portico.gate.state import gate
from portico.gate.tokens import actions, listing


def shape(row: ApiToken, person: Person | None) -> TokenShape:
    """A token as the API gives it."""
    return TokenShape(
        id=row.id,
        name=row.name,
        hint=row.hint,
        kind="personal" if person else "service",
        person=person.email if person else None,
        roles=list(row.roles),
        scopes=list(row.scopes),
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        last_ip=row.last_ip,
    )


@operation("GET", "/tokens", Permission.MANAGE_TOKENS, errors=(404,))
def list_tokens(query: TokenSearch) -> List[TokenShape]:
    """API tokens, the newest first."""
    owner = found(query.person) if query.person else None
    statement = listing.statement(of=owner, services=query.kind == "service")
    page = lists.part(statement, query, *listing.KEYS, descending=True)
    return lists.given(page, lambda row: shape(*row))


@operation("POST", "/tokens", Permission.MANAGE_TOKENS, fresh=True, status=201)
def make_service_token(body: NewServiceToken) -> MadeToken:
    """Make a token of a service.

    403 for a token that asks: none makes another, which might be for more, or outlive it.
    """
    if who().by_token:
        raise RefusedError(403, "A token makes no tokens. Make it on the page, or with `portico token`.")
    text, row = actions.issue_service(
        gate().db, me(), gate().site, body.name, body.scopes, timedelta(days=body.days), body.roles or ()
    )
    return MadeToken(text, shape(row, None))


@operation("DELETE", "/tokens/{id}", Permission.MANAGE_TOKENS, status=204)
def revoke_token(id: int) -> None:  # noqa: A002  the API's word
    """End a token, whoever has it."""
    try:
        actions.revoke(gate().db, me(), id)
    except actions.NoSuchTokenError:
        raise RefusedError(404, "There is no such token.") from None
