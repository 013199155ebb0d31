"""Letting guests in and out: called by the pages, the command line and the programs of other sites."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from portico.errors import UserError
from portico.gate import clock
from portico.gate.accounts import links
from portico.gate.accounts.links import LinkKind
from portico.gate.accounts.transactions import one_transaction
from portico.gate.audit import Actor, note
from portico.gate.models import ApiToken, GuestSession, Person, ShareLink
from portico.gate.policy import Visitor, decide_at
from portico.gate.sessions import hash_token, new_token, well_formed
from portico.gate.tokens import Holder, embeds
from portico.site import App, Site
from portico.site.path_rules import plain_path, rule_of
from portico.site.problems import Wrong

SHORTEST, LONGEST = timedelta(minutes=5), timedelta(days=365)
STAY = timedelta(hours=12)  # of a browser that has opened a share link
SHOWN_AFTER_THE_END = timedelta(days=30)
NOTE_LENGTH, NAME_LENGTH, PATH_LENGTH = 200, 200, 500
SHORTEST_FRAME, LONGEST_FRAME = timedelta(minutes=1), timedelta(hours=12)


class NoSuchLinkError(UserError):
    """There is no such share link any more."""


class RefusedError(UserError):
    """The token that is shown may not do this."""


class Came(NamedTuple):
    """A guest who has just come in: what the cookie is to hold, until when, and where to go."""

    token: str
    until: datetime
    app: str
    target: str


@one_transaction
def share(  # noqa: PLR0917  in the order in which a person is asked
    db: Session, actor: Actor, app: App, target: str, lasts: timedelta, remark: str = ""
) -> tuple[str, ShareLink]:
    """Make a link that opens the app to whoever has it, first at `target`; returns its token, kept nowhere else."""
    if not SHORTEST <= lasts <= LONGEST:
        raise UserError("a share link lasts from 5m to 365d")
    _path_of(target)
    token, now = new_token(), clock.now()
    row = ShareLink(
        token_hash=hash_token(token),
        app=app.name,
        path=target,
        note=" ".join(remark.split())[:NOTE_LENGTH],
        created_at=now,
        created_by=actor.name[:254],
        expires_at=now + lasts,
        opened=0,
    )
    db.add(row)
    db.flush()
    note(db, actor, "share-made", app.name, share=row.id, path=target, until=row.expires_at.isoformat())
    return token, row


@one_transaction
def revoke(db: Session, actor: Actor, number: int) -> ShareLink:
    """End a share link, and the visits of everybody who came by it; returns what it was."""
    row = db.get(ShareLink, number)
    if row is None:
        raise NoSuchLinkError(f"no such share link: {number}")
    here = select(func.count()).select_from(GuestSession).where(GuestSession.share_id == row.id)
    note(db, actor, "share-revoked", row.app, share=row.id, opened=row.opened, here=db.scalar(here) or 0)
    db.delete(row)
    return row


@one_transaction
def open_share(db: Session, site: Site, token: str, ip: str) -> Came | None:
    """Come in by a share link; None when it is not good (any more), or its app is gone."""
    if not well_formed(token):
        return None
    now = clock.now()
    row = db.scalar(
        select(ShareLink).where(ShareLink.token_hash == hash_token(token), ShareLink.expires_at > now)
    )
    app = _app(site, row.app) if row else None
    if row is None or app is None:
        return None
    counted = update(ShareLink).where(ShareLink.id == row.id)
    db.execute(counted.values(opened=ShareLink.opened + 1, last_opened_at=now))
    until = min(now + STAY, row.expires_at)
    cookie = _begin(db, app, row.path, until, ip, share_id=row.id)
    note(db, Actor("share link", ip), "share-opened", row.app, share=row.id)
    return Came(cookie, until, row.app, row.path)


@one_transaction
def offer_frame(
    db: Session, site: Site, holder: Holder, app: App, target: str, *, name: str, lasts: timedelta, ip: str
) -> str:
    """Let the program of another site put the app into one page of it; returns a token that works once.

    RefusedError when its API token is not for that, or may not enter there itself.
    """
    if not app.frame_ancestors:
        raise RefusedError(f"apps.{app.name}.frame_ancestors names no other site")
    if not embeds(holder.scopes, app.name):
        raise RefusedError(f'this token lacks the scope "embed:{app.name}"')
    if not SHORTEST_FRAME <= lasts <= LONGEST_FRAME:
        raise UserError("minutes: from 1 to 720")
    if not decide_at(app, rule_of(app, _path_of(target)), visitor_of(holder)).enters:
        raise RefusedError(f"{holder.name} may not enter {app.name} there")
    called = "".join(letter for letter in name if letter.isprintable())[:NAME_LENGTH].strip()
    token = links.make(
        db,
        LinkKind.FRAME,
        app=app.name,
        path=target,
        name=called,
        api_token=holder.token_id,
        seconds=lasts.total_seconds(),
    )
    note(db, Actor(holder.name, ip), "frame-offered", app.name, path=target, shown_to=called)
    return token


@one_transaction
def open_frame(db: Session, site: Site, token: str, ip: str) -> Came | None:
    """Use a token for a frame: come in for a short time. None when it is not good (any more)."""
    link = links.use(db, LinkKind.FRAME, token)
    app = _app(site, link.data["app"]) if link else None
    if link is None or app is None or db.get(ApiToken, link.data["api_token"]) is None:
        return None
    until = clock.now() + timedelta(seconds=link.data["seconds"])
    cookie = _begin(
        db,
        app,
        link.data["path"],
        until,
        ip,
        name=link.data["name"],
        api_token_id=link.data["api_token"],
    )
    return Came(cookie, until, app.name, link.data["path"])


def forget(db: Session) -> None:
    """Remove visits that have ended, and share links a while after their end."""
    now = clock.now()
    db.execute(delete(GuestSession).where(GuestSession.valid_until < now))
    db.execute(delete(ShareLink).where(ShareLink.expires_at < now - SHOWN_AFTER_THE_END))


def visitor_of(holder: Holder) -> Visitor:
    """The facts about the holder of a token that a decision may rest on."""
    person: Person | None = holder.person
    if person is None:
        return Visitor("", holder.roles, email_verified=False)
    return Visitor(person.email, holder.roles, person.email_verified)


def _begin(
    db: Session,
    app: App,
    target: str,
    until: datetime,
    ip: str,
    *,
    name: str = "",
    share_id: int | None = None,
    api_token_id: int | None = None,
) -> str:
    now = clock.now()
    db.execute(delete(GuestSession).where(GuestSession.valid_until < now))
    token = new_token()
    db.add(
        GuestSession(
            token_hash=hash_token(token),
            app=app.name,
            rule=rule_of(app, _path_of(target)),
            name=name,
            share_id=share_id,
            api_token_id=api_token_id,
            created_at=now,
            valid_until=until,
            ip=ip[:45],
        )
    )
    return token


def _path_of(target: str) -> str:
    """The decoded path of where a link leads inside an app; UserError for what is no plain path."""
    if len(target) > PATH_LENGTH:
        raise UserError(f"a path has at most {PATH_LENGTH} characters")
    try:
        return plain_path(target)
    except Wrong as wrong:
        raise UserError(str(wrong)) from None


def _app(site: Site, name: str) -> App | None:
    return next((app for app in site.apps if app.name == name), None)
