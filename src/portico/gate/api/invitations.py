"""Invitations: which there are, make one, take one back."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, cast

from flask import url_for
from sqlalchemy import select

from portico.gate.accounts import invitations
from portico.gate.api import lists
from portico.gate.api.asked import me
from portico.gate.api.operations import operation
from portico.gate.api.shapes import InvitationShape, List, MadeInvitation, NewInvitation, Place
from portico.gate.models import Invitation
from portico.gate.permissions import Permission
from portico.gate.state import gate


def shape(one: Invitation) -> InvitationShape:
    """An invitation as the API gives it."""
    return InvitationShape(
        id=one.id,
        email=one.email,
        roles=list(one.roles),
        state=cast(Literal["open", "accepted", "withdrawn", "expired"], invitations.state_of(gate().db, one)),
        invited_by=one.invited_by,
        created_at=one.created_at,
        expires_at=one.expires_at,
    )


@operation("GET", "/invitations", Permission.MANAGE_INVITATIONS)
def list_invitations(query: Place) -> List[InvitationShape]:
    """Invitations, the newest first."""
    return lists.given(lists.part(select(Invitation), query, Invitation.id, descending=True), shape)


@operation("POST", "/invitations", Permission.MANAGE_INVITATIONS, fresh=True, status=201, errors=(409,))
def invite(body: NewInvitation) -> MadeInvitation:
    """Invite somebody.

    409: the address has an account.
    """
    one, token = invitations.invite(
        gate().db, me(), body.email, roles=body.roles or (), lifetime=timedelta(days=body.days)
    )
    return MadeInvitation(f"{gate().site.url}{url_for('join.invitation', token=token)}", shape(one))


@operation("DELETE", "/invitations/{id}", Permission.MANAGE_INVITATIONS, status=204)
def withdraw_invitation(id: int) -> None:  # noqa: A002  the API's word
    """Take an open invitation back."""
    invitations.withdraw(gate().db, me(), id)
