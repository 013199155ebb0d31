"""Invitations: by mail and by link, with roles, an end, one use; made and taken back by administrators alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from gate_client import HASH, GateUnderTest, link_in
from kept_mails import mails, with_mailbox
from portico.errors import UserError
from portico.gate import clock
from portico.gate.accounts import actions, invitations, my_data, proofs, roles
from portico.gate.accounts.people import find_person
from portico.gate.audit import COMMAND_LINE, Actor
from portico.gate.models import Invitation, Person
from portico.site import SignUp, Site

ANNA, NEW, ROOT = "anna@example.org", "tall white columns", "root@example.org"


@pytest.fixture
def gate(site: Site) -> Iterator[GateUnderTest]:
    """A gate by invitation only, without mail, with an administrator."""
    gate = GateUnderTest(replace(site, sign_up=SignUp.INVITE))
    gate.person(ROOT, "admin")
    yield gate
    gate.close()


@pytest.fixture
def post(site: Site) -> Iterator[GateUnderTest]:
    """The same with mail."""
    gate = GateUnderTest(with_mailbox(site, sign_up=SignUp.INVITE))
    gate.person(ROOT, "admin")
    yield gate
    gate.close()


def invite(gate: GateUnderTest, email: str | None = ANNA, *names: str, days: int = 7) -> str:
    """The path of a new invitation."""
    with gate.desk() as db:
        _, token = invitations.invite(db, COMMAND_LINE, email, roles=names, lifetime=timedelta(days=days))
    return f"/-/invitation/{token}"


def accept(gate: GateUnderTest, path: str, **fields: str) -> Any:
    """Send the page's form."""
    return gate.browser().fill(path, **({"name": "Anna", "password": NEW, "repeat": NEW} | fields))


def person(gate: GateUnderTest, email: str = ANNA) -> Person | None:
    """As the database has them."""
    with gate.desk() as db:
        return db.scalar(select(Person).where(Person.email == email))  # type: ignore[no-any-return]


def test_an_invitation_makes_an_account_with_its_roles_once(gate: GateUnderTest) -> None:
    """Its address counts as verified, and its owner is signed in."""
    path = invite(gate, ANNA, "analyst")
    browser = gate.browser()
    answer = browser.fill(path, name="Anna", password=NEW, repeat=NEW)
    assert answer.status_code == 302
    assert browser.check("sales").status_code == 204
    made = person(gate)
    assert made is not None
    assert (made.role_names, made.email_verified) == ({"analyst"}, True)
    assert gate.browser().get(path).status_code == 404
    assert accept(gate, path).status_code in (400, 404)
    assert "invitation-accepted" in gate.audit()


def test_looking_at_an_invitation_uses_nothing_up(gate: GateUnderTest) -> None:
    """Mail scanners open every link."""
    path = invite(gate)
    for _ in range(3):
        assert gate.browser().get(path).status_code == 200
    assert accept(gate, path).status_code == 302


def test_the_account_has_the_invited_address_whatever_is_sent(gate: GateUnderTest) -> None:
    """The form shows the address; it does not ask for it."""
    accept(gate, invite(gate), email="mallory@example.net")
    assert person(gate) is not None
    assert person(gate, "mallory@example.net") is None


def test_an_invitation_runs_out(gate: GateUnderTest, hands: Any) -> None:
    path = invite(gate, days=2)
    hands.move(days=2, seconds=1)
    assert gate.browser().get(path).status_code == 404


def test_a_newer_invitation_of_an_address_ends_the_older(gate: GateUnderTest) -> None:
    older, newer = invite(gate), invite(gate)
    assert gate.browser().get(older).status_code == 404
    assert gate.browser().get(newer).status_code == 200


def test_of_two_who_accept_at_once_one_gets_the_account(gate: GateUnderTest) -> None:
    """A link without an address, sent by two browsers at the same moment."""
    token = invite(gate, None).rpartition("/")[2]
    outcomes: list[str] = []

    def run(email: str) -> None:
        with gate.desk() as db:
            try:
                invitations.accept_as_new(db, "192.0.2.1", token, email, name="", password_hash=HASH)
                outcomes.append("made")
            except actions.LinkSpentError:
                outcomes.append("spent")

    threads = [threading.Thread(target=run, args=(f"p{n}@example.org",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["made", "spent", "spent", "spent"]
    with gate.desk() as db:
        assert len(db.scalars(select(Person)).all()) == 2


def test_a_link_without_an_address_proves_none(gate: GateUnderTest) -> None:
    """Where no mail is sent, the account is made; what is open to the address by name stays closed."""
    browser = gate.browser()
    browser.fill(invite(gate, None), email="carla@example.org", password=NEW, repeat=NEW)
    made = person(gate, "carla@example.org")
    assert made is not None
    assert not made.email_verified
    assert browser.check("board").status_code == 403


def test_where_mail_is_sent_a_link_without_an_address_asks_for_a_proof(post: GateUnderTest) -> None:
    """The mail's link makes the account with the invitation's roles and uses both links up."""
    path = invite(post, None, "analyst")
    assert "on its way" in accept(post, path, email=ANNA).text
    assert person(post) is None
    assert post.browser().get(path).status_code == 200
    confirm = link_in(mails(post, ANNA)[0].text)
    assert post.browser().fill(confirm, password=NEW).status_code == 302
    made = person(post)
    assert made is not None
    assert (made.role_names, made.email_verified) == ({"analyst"}, True)
    assert post.browser().get(path).status_code == 404


def test_a_link_that_was_used_meanwhile_makes_no_second_account(post: GateUnderTest) -> None:
    """Two who asked with one link: the first to confirm has it."""
    path = invite(post, None, "admin")
    for email in (ANNA, "ben@example.org"):
        accept(post, path, email=email)
    first, second = (link_in(mails(post, email)[0].text) for email in (ANNA, "ben@example.org"))
    assert post.browser().fill(first, password=NEW).status_code == 302
    assert post.browser().fill(second, password=NEW).status_code == 404
    assert person(post, "ben@example.org") is None


def test_an_invitation_goes_out_by_mail(post: GateUnderTest) -> None:
    invite(post, ANNA)
    (letter,) = mails(post, ANNA)
    assert letter.subject == "You are invited to Example"
    assert accept(post, link_in(letter.text)).status_code == 302


def test_who_has_an_account_accepts_with_it(gate: GateUnderTest) -> None:
    """An open link gives the roles; somebody else's invitation gives nothing."""
    gate.person(ANNA)
    browser = gate.browser()
    browser.sign_in()
    path = invite(gate, None, "analyst")
    assert browser.fill(path).status_code == 302
    assert browser.check("sales").status_code == 204
    assert gate.browser().get(path).status_code == 404
    assert browser.get(invite(gate, "ben@example.org", "admin")).status_code == 403


def test_a_role_that_is_gone_is_not_given(gate: GateUnderTest) -> None:
    with gate.desk() as db:
        roles.add(db, COMMAND_LINE, "guest")
    path = invite(gate, ANNA, "guest", "analyst")
    with gate.desk() as db:
        roles.remove(db, COMMAND_LINE, "guest", gate.site)
    accept(gate, path)
    made = person(gate)
    assert made is not None
    assert made.role_names == {"analyst"}


def test_what_cannot_be_an_invitation_is_said(gate: GateUnderTest) -> None:
    for email, names, days, words in (
        (ROOT, (), 7, "already"),
        ("nonsense", (), 7, "not a mail address"),
        (ANNA, ("analist",), 7, 'did you mean "analyst"'),
        (ANNA, (), 400, "90 days"),
    ):
        with pytest.raises(UserError, match=words):
            invite(gate, email, *names, days=days)


def test_the_database_holds_no_link(gate: GateUnderTest) -> None:
    token = invite(gate).rpartition("/")[2]
    with gate.desk() as db:
        (row,) = db.scalars(select(Invitation))
        assert token not in repr([getattr(row, column.key) for column in Invitation.__table__.columns])


# -- The administrators' page -------------------------------------------------------------------------------------


def admin(gate: GateUnderTest) -> Any:
    """A browser in which the administrator is signed in."""
    browser = gate.browser()
    browser.sign_in(ROOT)
    return browser


def test_an_administrator_invites_renews_and_withdraws(gate: GateUnderTest) -> None:
    browser = admin(gate)
    made = browser.fill("/-/admin/invitations/new", email=ANNA, roles="analyst", days="3")
    first = link_in(made.text)
    assert "sends no mail" in made.text
    assert ANNA in browser.get("/-/admin/invitations").text
    assert first.rpartition("/")[2] not in browser.get("/-/admin/invitations").text
    fields = browser.hidden("/-/admin/invitations")
    second = link_in(browser.post("/-/admin/invitations/1/renew", fields).text)
    assert gate.browser().get(first).status_code == 404
    assert gate.browser().get(second).status_code == 200
    browser.post("/-/admin/invitations/1/withdraw", fields)
    assert gate.browser().get(second).status_code == 404
    assert "withdrawn" in browser.get("/-/admin/invitations").text
    assert ANNA not in browser.get("/-/admin/invitations?open=").text
    assert [line for line in gate.audit() if line.startswith("invit")] == [
        "invited",
        "invitation-renewed",
        "invitation-withdrawn",
    ]


def test_nobody_else_sees_or_makes_invitations(gate: GateUnderTest) -> None:
    """Strangers and members, on every address, with and without a form's token."""
    gate.person(ANNA, "analyst")
    invite(gate, "ben@example.org")
    member = gate.browser()
    member.sign_in()
    fields = member.hidden("/-/profile")
    for path in ("/-/admin/invitations", "/-/admin/invitations/new"):
        assert gate.browser().get(path).status_code == 302
        assert member.get(path).status_code == 403
    for path in ("new", "1/renew", "1/withdraw"):
        full = f"/-/admin/invitations/{path}"
        assert member.post(full, fields | {"email": "x@example.org", "days": "7"}).status_code == 403
        assert gate.browser().post(full, {"email": "x@example.org"}).status_code in (302, 400, 401)
        assert admin(gate).post(full, {"email": "x@example.org", "days": "7"}).status_code == 400
    with gate.desk() as db:
        (row,) = db.scalars(select(Invitation))
        assert invitations.state_of(db, row) == "open"


@pytest.mark.parametrize("how", ["no role", "disabled", "deleted", "at an end"])
def test_an_invitation_goes_with_the_rights_of_whoever_invited(gate: GateUnderTest, how: str) -> None:
    """Else a link that was kept would lead back in, as an administrator."""
    gate.person("eve@example.org", "admin")
    with gate.desk() as db:
        eve, eves = find_person(db, "eve@example.org"), Actor("eve@example.org", "192.0.2.66")
        links = [
            invitations.invite(db, eves, email, roles=["admin"])[1] for email in (None, "mallory@example.org")
        ]
        assert invitations.waiting_for(db, "mallory@example.org") is not None
        if how == "no role":
            actions.set_roles(db, COMMAND_LINE, eve, [])
        elif how == "disabled":
            actions.disable(db, COMMAND_LINE, eve)
        elif how == "deleted":
            my_data.delete_person(db, COMMAND_LINE, eve)
        else:
            eve.active_until = clock.now() - timedelta(seconds=1)
            db.commit()
    for token in links:
        assert gate.browser().get(f"/-/invitation/{token}").status_code == 404
        with gate.desk() as db, pytest.raises(actions.LinkSpentError):
            invitations.accept_as_new(db, "", token, "eve2@example.org", name="", password_hash=HASH)
    with gate.desk() as db:
        assert {invitations.state_of(db, row) for row in db.scalars(select(Invitation))} == {"withdrawn"}
        assert invitations.waiting_for(db, "mallory@example.org") is None
    assert admin(gate).get("/-/admin/invitations?open").text.count("mallory@example.org") == 0


def test_an_invitation_stays_when_whoever_invited_moves_to_another_address(gate: GateUnderTest) -> None:
    with gate.desk() as db:
        _, token = invitations.invite(db, Actor(ROOT), ANNA)
        proofs.change_address(db, COMMAND_LINE, find_person(db, ROOT), "boss@example.org")
    assert gate.browser().get(f"/-/invitation/{token}").status_code == 200


def test_an_invitation_that_another_administrator_renews_is_theirs(gate: GateUnderTest) -> None:
    gate.person("eve@example.org", "admin")
    with gate.desk() as db:
        invitation, _ = invitations.invite(db, Actor("eve@example.org"), ANNA)
        _, token = invitations.renew(db, Actor(ROOT), invitation.id)
        actions.disable(db, COMMAND_LINE, find_person(db, "eve@example.org"))
    assert gate.browser().get(f"/-/invitation/{token}").status_code == 200


def test_a_thousand_invitations_are_shown_in_pages(gate: GateUnderTest) -> None:
    with gate.desk() as db:
        for number in range(120):
            invitations.invite(db, COMMAND_LINE, f"p{number}@example.org")
    text = admin(gate).get("/-/admin/invitations").text
    assert "p119@example.org" in text
    assert "p1@example.org" not in text
    assert 'rel="next"' in text
