"""Accounts and mail: forgotten passwords, registering, addresses that are proven and that change, notices."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from gate_client import PASSWORD, GateUnderTest, link_in
from kept_mails import mails, with_mailbox
from portico.gate.accounts import people
from portico.gate.models import Authenticator, Link, LinkedAccount, Person
from portico.site import SignUp, Site

ANNA, NEW = "anna@example.org", "tall white columns"


@pytest.fixture
def post(site: Site) -> Iterator[GateUnderTest]:
    """A gate that keeps its mails."""
    gate = GateUnderTest(with_mailbox(site))
    yield gate
    gate.close()


def person(gate: GateUnderTest, email: str = ANNA) -> Person | None:
    """The person as the database has them."""
    with gate.desk() as db:
        return db.scalar(select(Person).where(Person.email == email))  # type: ignore[no-any-return]


def stranger(gate: GateUnderTest, email: str = ANNA) -> None:
    """An account that somebody made with this address before the site sent mail."""
    with gate.desk() as db:
        from gate_client import HASH
        from portico.gate.accounts import actions
        from portico.gate.audit import Actor

        actions.sign_up(db, Actor("nobody"), email, name="", password_hash=HASH)


# -- A forgotten password -----------------------------------------------------------------------------------------


def test_a_forgotten_password_is_replaced_by_mail(post: GateUnderTest) -> None:
    """The link is used once; other sessions end; the old password works until the new one is set."""
    post.person()
    elsewhere = post.browser()
    elsewhere.sign_in()
    browser = post.browser()
    assert "mail is on its way" in browser.fill("/-/forgot", email=" Anna@Example.ORG ").text
    (letter,) = mails(post, ANNA)
    link = link_in(letter.text)
    assert browser.get(link).status_code == 200
    assert post.browser().sign_in().status_code == 302
    assert elsewhere.check("home").status_code == 204
    assert browser.fill(link, password=NEW, repeat=NEW).status_code == 302
    assert browser.get(link).status_code == 404
    assert elsewhere.check("home").status_code == 401
    assert post.browser().sign_in().status_code == 401
    assert post.browser().sign_in(password=NEW).status_code == 302


def test_the_link_runs_out_after_half_an_hour_and_is_kept_as_a_hash(post: GateUnderTest, hands: Any) -> None:
    post.person()
    browser = post.browser()
    browser.fill("/-/forgot", email=ANNA)
    link = link_in(mails(post, ANNA)[0].text)
    with post.desk() as db:
        assert link.rpartition("/")[2] not in {row.token_hash for row in db.scalars(select(Link))}
    hands.move(minutes=29)
    assert browser.get(link).status_code == 200
    hands.move(minutes=2)
    assert browser.get(link).status_code == 404


def test_the_answer_is_the_same_for_every_address(post: GateUnderTest) -> None:
    """Status, body and headers of /-/forgot and /-/sign-up, for an account, none, and one that is disabled."""
    for email in (ANNA, "off@example.org"):
        post.person(email)
    from portico.gate.accounts import actions
    from portico.gate.audit import COMMAND_LINE

    with post.desk() as db:
        actions.disable(db, COMMAND_LINE, people.find_person(db, "off@example.org"))
    for path, fields in (("/-/forgot", {}), ("/-/sign-up", {"password": NEW, "repeat": NEW, "name": "A"})):
        answers = set()
        for email in (ANNA, "off@example.org", "none@example.org"):
            answer = post.browser(REMOTE_ADDR=f"192.0.2.{len(answers) + 10}").fill(
                path, email=email, **fields
            )
            headers = tuple(
                (k, v) for k, v in answer.headers if k not in ("Date", "Set-Cookie", "Content-Length")
            )
            answers.add((answer.status_code, answer.text.replace(email, "…"), headers))
        assert len(answers) == 1
    assert mails(post, "off@example.org") == []


def test_the_answer_takes_the_same_time_for_every_address(post: GateUnderTest) -> None:
    """What differs is done later, by the thread that delivers mail."""
    post.person()
    post.app.extensions["portico_delivery"].close()
    times: dict[str, list[float]] = {ANNA: [], "none@example.org": []}
    for round_ in range(40):
        for email, taken in times.items():
            browser = post.browser(REMOTE_ADDR=f"198.51.100.{round_}")
            fields = browser.hidden("/-/forgot") | {"email": email}
            begun = time.perf_counter()
            browser.post("/-/forgot", fields)
            taken.append(time.perf_counter() - begun)
    known, unknown = (statistics.median(taken) for taken in times.values())
    assert abs(known - unknown) < 0.5 * max(known, unknown), (known, unknown)


def test_nobody_can_bury_somebody_in_mail_or_take_their_link_away(post: GateUnderTest) -> None:
    """Three in half an hour, whoever asks; the first link stays good."""
    post.person()
    for number in range(8):
        post.browser(REMOTE_ADDR=f"192.0.2.{number}").fill("/-/forgot", email=ANNA)
    letters = mails(post, ANNA)
    assert len(letters) == 3
    assert post.browser().get(link_in(letters[0].text)).status_code == 200
    browser = post.browser()
    browser.fill(link_in(letters[1].text), password=NEW, repeat=NEW)
    assert [browser.get(link_in(letter.text)).status_code for letter in letters] == [404] * 3


def test_who_comes_from_another_system_gets_no_password_here(post: GateUnderTest) -> None:
    """The other system says when the account ends; a password of its own would outlive that."""
    post.person(password=False)
    with post.desk() as db:
        made = people.find_person(db, ANNA)
        db.add(LinkedAccount(person_id=made.id, source="sso.x", issuer="https://id.example.org", subject="1"))
        db.commit()
    for _ in range(5):
        post.browser().fill("/-/forgot", email=ANNA)
    letters = mails(post, ANNA)
    assert len(letters) == 3
    assert all("/-/reset/" not in letter.text for letter in letters)


def test_without_mail_the_page_says_who_helps(gate: GateUnderTest) -> None:
    """And takes no form."""
    gate.person()
    assert "administrator" in gate.browser().get("/-/forgot").text
    gate.browser().fill("/-/forgot", email=ANNA)
    with gate.desk() as db:
        assert db.scalars(select(Link).where(Link.kind == "reset")).all() == []


def test_links_in_mail_lead_to_the_declared_site(post: GateUnderTest) -> None:
    """Whatever host the request named."""
    post.person()
    browser = post.browser()
    fields = browser.hidden("/-/forgot") | {"email": ANNA}
    browser.post("/-/forgot", fields, headers={"X-Forwarded-Host": "evil.example.net"})
    text = mails(post, ANNA)[0].text
    assert "http://localhost:8000/-/reset/" in text
    assert "evil" not in text


# -- Registering --------------------------------------------------------------------------------------------------


def sign_up(gate: GateUnderTest, email: str = ANNA, **more: str) -> str:
    """Ask for an account; returns the answer's text."""
    fields = {"email": email, "name": "Anna", "password": NEW, "repeat": NEW} | more
    return gate.browser().fill("/-/sign-up", **fields).text


def test_an_account_is_made_by_the_link_and_the_password(post: GateUnderTest) -> None:
    """Until then there is none; then its address is verified and its owner signed in."""
    sign_up(post)
    (letter,) = mails(post, ANNA)
    assert person(post) is None
    assert "Anna" not in letter.text  # nothing that a stranger typed goes to somebody's mailbox
    link = link_in(letter.text)
    browser = post.browser()
    assert browser.get(link).status_code == 200
    assert person(post) is None
    assert browser.fill(link, password=NEW).status_code == 302
    made = person(post)
    assert made is not None
    assert (made.email_verified, made.name) == (True, "Anna")
    assert browser.check("home").status_code == 204
    assert post.browser().get(link).status_code == 404


def test_a_stranger_cannot_have_somebody_confirm_an_account_for_them(post: GateUnderTest) -> None:
    """Who opens the link without the password makes nothing, however often they try."""
    sign_up(post)
    link = link_in(mails(post, ANNA)[0].text)
    browser = post.browser()
    answers = [browser.fill(link, password=f"a wrong guess {n}").status_code for n in range(8)]
    assert answers[0] == 400
    assert answers[-1] == 429
    assert person(post) is None


def test_who_has_an_account_is_told_by_mail_and_nobody_else(post: GateUnderTest) -> None:
    post.person()
    sign_up(post)
    (letter,) = mails(post, ANNA)
    assert letter.subject == "You have an account on Example"
    assert post.browser().sign_in(password=NEW).status_code == 401
    assert post.browser().sign_in().status_code == 302


def test_the_link_of_a_request_runs_out_and_of_two_one_makes_the_account(
    post: GateUnderTest, hands: Any
) -> None:
    sign_up(post)
    sign_up(post)
    first, second = (link_in(letter.text) for letter in mails(post, ANNA))
    assert post.browser().fill(first, password=NEW).status_code == 302
    assert post.browser().get(second).status_code == 404
    sign_up(post, "ben@example.org")
    late = link_in(mails(post, "ben@example.org")[0].text)
    hands.move(hours=25)
    assert post.browser().get(late).status_code == 404


def test_only_the_named_domains_may_register(site: Site) -> None:
    """The whole domain, not a part of it, and whatever the spelling."""
    gate = GateUnderTest(with_mailbox(site, sign_up=SignUp.DOMAIN, sign_up_domains=("example.org",)))
    try:
        for email in ("a@example.com", "a@sub.example.org", "a@notexample.org", "a@example.org.example.net"):
            assert "Accounts are for addresses at example.org" in sign_up(gate, email)
        assert "on its way" in sign_up(gate, "A@EXAMPLE.org")
        assert {letter.to for letter in mails(gate)} == {"a@example.org"}
    finally:
        gate.close()


def test_a_domain_proves_nothing_where_no_mail_is_sent(site: Site) -> None:
    gate = GateUnderTest(replace(site, sign_up=SignUp.DOMAIN, sign_up_domains=("example.org",)))
    try:
        assert "sends no mail" in gate.browser().get("/-/sign-up").text
        gate.browser().fill("/-/sign-up", email="a@example.org", password=NEW, repeat=NEW)
        assert person(gate, "a@example.org") is None
    finally:
        gate.close()


def test_a_site_that_was_closed_meanwhile_lets_nobody_in_by_an_older_link(post: GateUnderTest) -> None:
    """Who is invited in the meantime still gets in."""
    sign_up(post)
    link = link_in(mails(post, ANNA)[0].text)
    closed = GateUnderTest(replace(post.site, sign_up=SignUp.INVITE))
    try:
        assert closed.browser().get(link).status_code == 404
        with closed.desk() as db:
            from portico.gate.accounts import invitations
            from portico.gate.audit import COMMAND_LINE

            invitations.invite(db, COMMAND_LINE, ANNA, roles=["analyst"])
        assert closed.browser().fill(link, password=NEW).status_code == 302
        made = person(closed)
        assert made is not None
        assert made.role_names == {"analyst"}
    finally:
        closed.close()


@pytest.mark.parametrize("policy", [SignUp.INVITE, SignUp.CLOSED])
def test_where_nobody_may_register_nobody_does(site: Site, policy: SignUp) -> None:
    gate = GateUnderTest(with_mailbox(site, sign_up=policy))
    try:
        browser = gate.browser()
        fields = {"email": ANNA, "password": NEW, "repeat": NEW}
        assert browser.post("/-/sign-up", browser.hidden("/-/forgot") | fields).status_code == 200
        assert mails(gate) == []
        assert person(gate) is None
    finally:
        gate.close()


# -- Addresses ----------------------------------------------------------------------------------------------------


def test_an_address_is_proven_by_a_link_in_the_account_itself(post: GateUnderTest) -> None:
    """Only its owner can use the link: the mailbox's owner proves nothing for somebody else's account."""
    stranger(post)
    browser = post.browser()
    browser.sign_in()
    browser.post("/-/profile/verify", browser.hidden("/-/profile"))
    link = link_in(mails(post, ANNA)[0].text)
    assert post.browser().get(link).status_code == 302  # the sign-in comes first
    post.person("ben@example.org")
    other = post.browser()
    other.sign_in("ben@example.org")
    assert other.get(link).status_code == 404
    assert browser.fill(link).status_code == 302
    made = person(post)
    assert made is not None
    assert made.email_verified
    assert browser.get(link).status_code == 404


def test_a_mailed_link_proves_the_address_and_clears_the_account_of_what_others_left(
    post: GateUnderTest,
) -> None:
    """Somebody else may have made it with this address, and waited."""
    stranger(post)
    planted = post.browser()
    planted.sign_in()
    with post.desk() as db:  # and a second factor that only the stranger has
        made = people.find_person(db, ANNA)
        db.add(Authenticator(person_id=made.id, secret="planted", last_step=0))
        db.commit()
    post.browser().fill("/-/forgot", email=ANNA)
    post.browser().fill(link_in(mails(post, ANNA)[0].text), password=NEW, repeat=NEW)
    made = person(post)
    assert made is not None
    assert made.email_verified
    assert planted.check("home").status_code == 401
    browser = post.browser()
    browser.sign_in(password=NEW)
    assert browser.check("home").status_code == 204


def test_a_new_address_is_confirmed_first_and_the_old_one_is_told(post: GateUnderTest) -> None:
    """Twice: when it is asked for and when it is done."""
    post.person()
    browser = post.browser()
    browser.sign_in()
    assert browser.fill("/-/profile/address", email="Anna@Example.com").status_code == 302
    assert person(post, "anna@example.com") is None
    (told,) = mails(post, ANNA)
    assert "anna@example.com" in told.text
    assert "/new-address/" not in told.text
    link = link_in(mails(post, "anna@example.com")[0].text)
    assert post.browser().get(link).status_code == 302
    assert browser.fill(link).status_code == 302
    made = person(post, "anna@example.com")
    assert made is not None
    assert made.email_verified
    assert person(post) is None
    assert mails(post, ANNA)[-1].subject.endswith("has another address now")
    assert post.browser().sign_in("anna@example.com").status_code == 302
    assert browser.get(link).status_code == 404


def test_an_address_that_is_taken_is_told_to_its_owner_alone(post: GateUnderTest) -> None:
    """The page says the same as for any other."""
    post.person()
    post.person("ben@example.org")
    browser = post.browser()
    browser.sign_in()
    pages = []
    for email in ("ben@example.org", "free@example.org"):
        browser.fill("/-/profile/address", email=email)
        pages.append(re.sub(r'value="[^"]*"', "", browser.get("/-/profile").text).replace(email, "…"))
    assert pages[0] == pages[1]
    assert "/-/new-address/" not in mails(post, "ben@example.org")[-1].text


def test_two_accounts_that_want_one_address_do_not_share_it(post: GateUnderTest) -> None:
    """The second to use its link is told that it is not good any more."""
    browsers = []
    for email in (ANNA, "ben@example.org"):
        post.person(email)
        browser = post.browser()
        browser.sign_in(email)
        browser.fill("/-/profile/address", email="new@example.org")
        browsers.append(browser)
    links = [link_in(letter.text) for letter in mails(post, "new@example.org")]
    assert browsers[0].fill(links[0]).status_code == 302
    assert browsers[1].fill(links[1]).status_code == 404
    assert person(post, "ben@example.org") is not None


def test_links_sent_to_the_old_address_die_with_it(post: GateUnderTest) -> None:
    post.person()
    post.browser().fill("/-/forgot", email=ANNA)
    reset = link_in(mails(post, ANNA)[0].text)
    browser = post.browser()
    browser.sign_in()
    browser.fill("/-/profile/address", email="new@example.org")
    browser.fill(link_in(mails(post, "new@example.org")[0].text))
    assert post.browser().get(reset).status_code == 404


def test_without_mail_an_administrator_changes_addresses(gate: GateUnderTest) -> None:
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    assert "portico user address" in browser.get("/-/profile/address").text


# -- Notices ------------------------------------------------------------------------------------------------------


def test_a_changed_password_is_told(post: GateUnderTest) -> None:
    post.person()
    browser = post.browser()
    browser.sign_in()
    browser.fill("/-/password", current=PASSWORD, password=NEW, repeat=NEW)
    assert [letter.subject for letter in mails(post, ANNA)] == ["Your password on Example was changed"]


def test_a_new_device_is_told_and_a_known_one_is_not(post: GateUnderTest) -> None:
    """Not the first one either: that is the owner's own first sign-in."""
    post.person()
    known = post.browser(
        HTTP_USER_AGENT="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    )
    known.sign_in()
    known.post("/-/sign-out", known.hidden("/-/sign-out"))
    known.sign_in()
    assert mails(post, ANNA) == []
    post.browser(
        HTTP_USER_AGENT="Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
    ).sign_in()
    (letter,) = mails(post, ANNA)
    assert "Firefox on Windows" in letter.text
    assert "192.0.2.7" in letter.text


def test_an_address_that_nobody_has_proven_gets_no_notices(post: GateUnderTest) -> None:
    """It may be somebody else's."""
    stranger(post)
    browser = post.browser()
    browser.sign_in()
    browser.fill("/-/password", current=PASSWORD, password=NEW, repeat=NEW)
    assert mails(post) == []


# -- The mailbox of development ----------------------------------------------------------------------------------


def test_the_mailbox_shows_what_would_have_been_sent_here_and_under_no_other_name(
    post: GateUnderTest,
) -> None:
    post.person()
    post.browser().fill("/-/forgot", email=ANNA)
    mails(post)
    browser = post.browser()
    assert "A new password for Example" in browser.get("/-/mailbox").text
    assert browser.get("/-/mailbox", base="http://rebound.example.net:8000").status_code in (302, 404)


def test_a_site_with_or_without_a_mail_server_has_no_mailbox(gate: GateUnderTest) -> None:
    assert gate.browser().get("/-/mailbox").status_code == 404
