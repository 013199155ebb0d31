"""A served site with people, roles, sessions, tokens, invitations and links in it, for pages to be looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser, StorageState
from sqlalchemy.orm import Session

from people import PASSWORD, sign_in
from portico.gate import roster
from portico.gate.accounts import actions, asked, groups, invitations, passwords, people
from portico.gate.accounts.desk import open_desk
from portico.gate.audit import COMMAND_LINE, Actor
from portico.gate.guests import actions as guest_actions
from portico.gate.models import LinkedAccount
from portico.gate.tokens import actions as token_actions
from portico.site import Site, load
from site_process import SiteProcess, short_folder

ADMIN, MEMBER = "robin@example.org", "anna.berg@example.org"
APP = "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'in']\n"
TEXT = """
[site]
name = "Example Analytics"
sign_up = "open"
[roles]
analyst = "Reads the numbers"
editor = "Writes reports"
[apps.sales]
run = "door.py"
title = "Sales"
description = "What was sold, where, and to whom."
access = ["analyst", "editor", "guest@example.org"]
[apps.plan]
run = "door.py"
title = "Planning"
description = "Next quarter, in three variants."
[apps.status]
run = "door.py"
title = "Status"
access = "public"
[apps.broken]
run = "broken.py"
title = "Forecast"
access = "admin"
"""
FIRST = ("Anna", "Ben", "Clara", "David", "Emma", "Finn", "Greta", "Hans", "Ida", "Jonas")
LAST = ("Berg", "Fischer", "Klein", "Lang", "Stone", "Vogel")
BROWSERS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
)


@dataclass(frozen=True)
class Furnished:
    """The served site, and what addresses of pages are made of."""

    process: SiteProcess
    member: str
    invitation: str
    share: str
    reset: str

    @property
    def url(self) -> str:
        """Where it is."""
        return self.process.url


@contextmanager
def furnished_site() -> Iterator[Furnished]:
    """Serve it from a temporary folder on a free port."""
    with short_folder() as name:
        folder = Path(name)
        (folder / "door.py").write_text(APP)
        (folder / "broken.py").write_text('raise RuntimeError("the model file is missing")\n')
        with SiteProcess(folder, TEXT) as process:
            yield furnish(process)


def furnish(process: SiteProcess) -> Furnished:
    """Put everything into the site's database."""
    environ = {name: value for name, value in process.env.items() if name.startswith("PORTICO_")}
    site = load(process.root / "portico.toml", environ)
    hashed = passwords.hash_password(PASSWORD)
    admin = Actor(ADMIN, "192.0.2.10")
    with open_desk(site) as db:
        for email, name, role in ((ADMIN, "Robin Hall", "admin"), (MEMBER, "Anna Berg", "analyst")):
            actions.create_person(db, COMMAND_LINE, email, name=name, password_hash=hashed, roles=[role])
        lines = [
            f"{first}.{last}@example.org,{first} {last},{role},{state}"
            for number, (first, last) in enumerate((first, last) for first in FIRST for last in LAST)
            for role in [["", "analyst", "analyst;editor"][number % 3]]
            for state in ["disabled" if number % 17 == 5 else "active"]
            if f"{first} {last}" != "Anna Berg"
        ]
        roster.bring_in(db, admin, roster.read("\n".join(["email,name,roles,state", *lines]).encode()))
        member = people.find_person(db, MEMBER)
        for number, browser in enumerate(BROWSERS):
            actions.sign_in(
                db,
                member,
                site.sessions,
                via="password",
                remember=number == 1,
                ip=f"198.51.100.{number + 7}",
                user_agent=browser,
            )
        made = _links(db, site, admin)
    return Furnished(process, member.fs_uniquifier, *made)


def _links(db: Session, site: Site, admin: Actor) -> tuple[str, str, str]:
    """Tokens, invitations, a share link, a group; the texts of an invitation, a share link and a reset link."""
    member, root = people.find_person(db, MEMBER), people.find_person(db, ADMIN)
    field = groups.add(db, admin, "field", "People who travel", roles=["analyst"])
    groups.join(db, admin, field, [MEMBER, *(f"{first}.klein@example.org".lower() for first in FIRST)])
    groups.add(db, admin, "quarter-end", "Whoever closes the books of the last quarter, in both houses")
    elsewhere = {
        "source": "sso.okta",
        "issuer": "https://okta.example.org",
        "subject": "00u1",
        "email": MEMBER,
    }
    db.add(LinkedAccount(person_id=member.id, **elsewhere))
    db.commit()
    for person, name in ((member, "Nightly export"), (root, "Notebook")):
        token_actions.issue_personal(db, admin, site, person, name, ["app:sales"], timedelta(days=90))
    token_actions.issue_service(db, admin, site, "Monitoring", ["api:read"], timedelta(days=30), ["analyst"])
    _, invitation = invitations.invite(db, admin, "new@example.org", roles=["analyst"])
    invitations.invite(db, admin, None, roles=[], lifetime=timedelta(days=1))
    row, _ = invitations.invite(db, admin, "gone@example.org")
    invitations.withdraw(db, admin, row.id)
    asked.ask(db, "192.0.2.1", "curious@example.org", "Somebody Curious")
    asked.ask(db, "192.0.2.1", ADMIN, "")
    share, _ = guest_actions.share(db, admin, site.app("sales"), "/", timedelta(days=7), "For the board")
    actions.note_failed_sign_in(db, "203.0.113.9", MEMBER)
    return invitation, share, actions.issue_reset_link(db, admin, member)


def signed_in(browser: Browser, site: Furnished, email: str = ADMIN) -> StorageState:
    """The cookies of a person who has just signed in."""
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, f"{site.url}/-/sign-in", email)
    page.get_by_role("heading", name="Apps", exact=True).wait_for()
    state = context.storage_state()
    context.close()
    return state
