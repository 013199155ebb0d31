"""`sign_up = "ask"`: whoever wants an account asks, and an administrator's invitation answers. Nobody learns who has one."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from gate_client import HASH, PASSWORD, Browser, GateUnderTest, statements
from kept_mails import mails, with_mailbox
from portico.gate.accounts import actions, asked, people
from portico.gate.audit import COMMAND_LINE, Actor
from portico.gate.models import ApiToken, Link, Person
from portico.gate.tokens import actions as token_actions
from portico.gate.tokens.scopes import EVERY_APP
from portico.site import SignUp, Site

ROOT, KNOWN, NEW = "root@example.org", "anna@example.org", "ben@example.org"


@pytest.fixture(params=["without mail", "with mail"])
def gate(site: Site, request: pytest.FixtureRequest) -> Iterator[GateUnderTest]:
    """A gate at which one asks, with an administrator and a person."""
    changed = replace(site, sign_up=SignUp.ASK)
    gate = GateUnderTest(with_mailbox(changed) if request.param == "with mail" else changed)
    if delivery := gate.app.extensions.get("portico_delivery"):
        delivery.close()
    gate.person(ROOT, "admin")
    gate.person(KNOWN)
    yield gate
    gate.close()


def ask(gate: GateUnderTest, email: str = NEW, place: str = "192.0.2.9") -> Browser:
    """Somebody who has sent the form."""
    browser = gate.browser(REMOTE_ADDR=place)
    assert "You have asked" in browser.fill("/-/sign-up", email=email, name="Ben").text
    return browser


def waiting(gate: GateUnderTest) -> list[str]:
    """The addresses on the list."""
    with gate.desk() as db:
        return [link.data["email"] for link in db.scalars(asked.waiting().order_by(Link.id))]


def test_the_answer_and_the_work_are_the_same_for_every_address(gate: GateUnderTest) -> None:
    """Status, body, headers, cookies, statements: for an account, none, and one that has asked before."""
    ask(gate, "waits@example.org")
    seen = []
    for number, email in enumerate((NEW, KNOWN, "waits@example.org", ROOT)):
        browser = gate.browser(REMOTE_ADDR=f"192.0.2.{20 + number}")
        data = browser.hidden("/-/sign-up") | {"email": email, "name": ""}
        browser.post("/-/sign-up", data | {"email": f"warm-up-{number}@example.org"})
        said: list[str] = []
        with statements(said):
            answer = browser.post("/-/sign-up", data)
        text = re.sub(r"[\w.=+-]{40,}", "RANDOM", answer.text).replace(email, "ADDRESS")
        varying = ("Date", "Content-Length", "Set-Cookie")
        headers = [pair for pair in answer.headers if pair[0] not in varying]
        cookies = [line.partition("=")[0] for line in answer.headers.getlist("Set-Cookie")]
        seen.append((answer.status_code, text, headers, cookies, said))
    assert seen[0][4]
    assert all(one == seen[0] for one in seen)


def test_who_asks_has_no_account_and_cannot_find_out_by_signing_in(gate: GateUnderTest) -> None:
    """A taken address and a free one end alike, whatever is tried afterwards."""
    for email in (NEW, KNOWN):
        browser = ask(gate, email)
        assert browser.sign_in(email, "another password").status_code == 401
    with gate.desk() as db:
        assert db.scalar(select(Person).where(Person.email == NEW)) is None
    assert gate.browser().sign_in(KNOWN).status_code == 302


def test_an_administrator_answers_with_an_invitation(gate: GateUnderTest) -> None:
    """It goes to the owner of the address, who chooses the password: whoever asked has no part in it."""
    ask(gate)
    root = gate.browser()
    root.sign_in(ROOT)
    assert "1 person asks" in root.get("/-/admin/invitations").text
    assert NEW in root.get("/-/admin/invitations/asked").text
    assert f'value="{NEW}"' in root.get(f"/-/admin/invitations/new?email={NEW}").text
    made = root.fill(f"/-/admin/invitations/new?email={NEW}", email=NEW, days="7")
    link = re.search(r"/-/invitation/[\w-]+", made.text)
    assert link
    assert waiting(gate) == []
    assert len(mails(gate, NEW)) == (1 if gate.site.mail.url else 0)
    ben = gate.browser()
    assert ben.fill(link[0], name="Ben", password=PASSWORD, repeat=PASSWORD).status_code == 302
    with gate.desk() as db:
        assert people.find_person(db, NEW).email_verified


def test_who_has_an_account_is_marked_on_the_list_and_can_be_dismissed(gate: GateUnderTest) -> None:
    ask(gate, KNOWN)
    root = gate.browser()
    root.sign_in(ROOT)
    page = root.get("/-/admin/invitations/asked").text
    assert "has an account" in page
    assert "/-/admin/invitations/new?email" not in page
    sent = root.post(
        "/-/admin/invitations/asked/dismiss", root.hidden("/-/admin/invitations/asked") | {"email": KNOWN}
    )
    assert sent.status_code == 302
    assert waiting(gate) == []
    assert gate.audit().count("account-dismissed") == 1


def test_the_list_is_for_administrators(gate: GateUnderTest) -> None:
    ask(gate)
    anna = gate.browser()
    anna.sign_in(KNOWN)
    assert anna.get("/-/admin/invitations/asked").status_code == 403
    assert gate.browser().get("/-/admin/invitations/asked").status_code == 302
    fields = anna.hidden("/-/profile") | {"email": NEW}
    assert anna.post("/-/admin/invitations/asked/dismiss", fields).status_code == 403
    assert waiting(gate) == [NEW]


def test_strangers_cannot_fill_the_list(gate: GateUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks twice is there once; there is an end; and many from one place wait."""
    monkeypatch.setattr(asked, "MOST", 3)
    for number in range(5):
        ask(gate, NEW if number < 2 else f"n{number}@example.org")
    assert waiting(gate) == [NEW, "n2@example.org", "n3@example.org"]
    browser = gate.browser(REMOTE_ADDR="192.0.2.77")
    answers = [browser.fill("/-/sign-up", email=NEW, name="").status_code for _ in range(7)]
    assert answers[-1] == 429


def test_what_is_asked_for_opens_nothing_and_is_forgotten(gate: GateUnderTest, hands: Any) -> None:
    """Not even for somebody who reads the database; after a month it is gone."""
    ask(gate)
    with gate.desk() as db:
        link = db.scalar(select(Link).where(Link.kind == "asked"))
        names = {"invitation", "new-account", "reset", "first-run", "share", "verify"}
        for token in (link.token_hash, f"asked|{NEW}", f"asked|{NEW}".ljust(43, "x")):
            assert all(
                gate.browser().get(f"/-/{name}/{token}").status_code in (302, 404, 400) for name in names
            )
    hands.move(seconds=asked.WAITING.total_seconds() + 1)
    assert waiting(gate) == []


def test_a_new_password_for_an_account_that_nobody_has_vouched_for_clears_it(site: Site) -> None:
    """A stranger may have made it with somebody's address and left a token in it. Its owner takes over an empty one."""
    gate = GateUnderTest(site)
    with gate.desk() as db:
        person = actions.sign_up(db, Actor("nobody"), NEW, name="", password_hash=HASH)
        token_actions.issue_personal(db, Actor(NEW), site, person, "left", [EVERY_APP], timedelta(hours=1))
        link = actions.issue_reset_link(db, COMMAND_LINE, person)
    gate.browser().fill(f"/-/reset/{link}", password="tall white columns", repeat="tall white columns")
    with gate.desk() as db:
        assert db.scalars(select(ApiToken)).all() == []
        assert not people.find_person(db, NEW).email_verified
    gate.close()


def test_two_who_ask_with_one_address_at_the_same_moment_are_one(gate: GateUnderTest) -> None:
    """And neither of them meets an error that would tell that there was another."""
    failed: list[Exception] = []

    def run() -> None:
        with gate.desk() as db:
            try:
                asked.ask(db, "192.0.2.1", "new@example.org", "New")
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    with gate.desk() as db:
        assert len(db.scalars(asked.waiting()).all()) == 1
