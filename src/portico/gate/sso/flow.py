"""A sign-in at a provider that is under way: begun in this browser, finished there once, within ten minutes."""

from __future__ import annotations

import hmac
from dataclasses import asdict, dataclass
from enum import StrEnum

from flask import url_for
from sqlalchemy.orm import Session

from portico.gate import origins
from portico.gate.accounts import links
from portico.gate.accounts.links import LinkKind
from portico.gate.accounts.transactions import one_transaction
from portico.gate.clock import now
from portico.gate.sessions import new_token
from portico.gate.sso.provider import ProviderClient
from portico.gate.state import gate, own_session


class Purpose(StrEnum):
    """What the sign-in at the provider is for."""

    SIGN_IN = "sign-in"
    LINK = "link"  # the person is signed in here, and wants to join the two accounts
    CONFIRM = "confirm"  # the person is signed in here, and shows once more who they are


@dataclass(frozen=True, slots=True)
class Flow:
    """What must be the same when the person comes back. `browser` stands for the browser that began it."""

    provider: str
    purpose: Purpose
    target: str
    browser: str
    nonce: str
    verifier: str
    began_at: float
    uid: str | None = None


def begin(client: ProviderClient, purpose: Purpose, target: str, uid: str | None = None) -> str:
    """Write the flow down and return where to send the browser. SilentError, BadAnswerError."""
    client.metadata()  # a provider that gives no answer leaves nothing behind
    flow = Flow(
        provider=client.provider.name,
        purpose=purpose,
        target=target,
        browser=own_session().form_secret(),
        nonce=new_token(),
        verifier=new_token(),
        began_at=now().timestamp(),
        uid=uid,
    )
    return client.authorization_url(
        state=_keep(gate().db, flow),
        nonce=flow.nonce,
        verifier=flow.verifier,
        back=back_to(client),
        again=purpose is Purpose.CONFIRM,
    )


def resume(client: ProviderClient, state: str) -> Flow | None:
    """The flow of this state, taken away; None when there is none, or it was begun elsewhere or with another provider.

    What is begun elsewhere stays: whoever gets hold of a state can neither use it nor use it up.
    """
    found = links.find(gate().db, LinkKind.FLOW, state)
    if found is None or found.data["provider"] != client.provider.name:
        return None
    if not hmac.compare_digest(str(found.data["browser"]), own_session().form_secret()):
        return None
    return _take(gate().db, state)


def back_to(client: ProviderClient) -> str:
    """Where the provider sends the browser back to: an address of its own, so that no other can stand in for it."""
    return f"{origins.site_origin(gate().site)}{url_for('sso.callback', provider=client.provider.name)}"


@one_transaction
def _keep(db: Session, flow: Flow) -> str:
    return links.make(db, LinkKind.FLOW, **asdict(flow))


@one_transaction
def _take(db: Session, state: str) -> Flow | None:
    found = links.use(db, LinkKind.FLOW, state)
    return Flow(**found.data | {"purpose": Purpose(found.data["purpose"])}) if found is not None else None
