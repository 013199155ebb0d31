"""How somebody signs in, as an administrator sees it: taking a way away, and that one who runs the site always comes in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from factor_walks import add_app, add_passkey
from gate_client import Browser, GateUnderTest
from kept_mails import mails, with_mailbox
from portico.errors import UserError
from portico.gate.accounts import people
from portico.gate.accounts.ways_in import LastWayError
from portico.gate.admin import ways
from portico.gate.audit import COMMAND_LINE
from portico.gate.factors import actions as factors
from portico.gate.models import (
    Authenticator,
    BroughtRole,
    LinkedAccount,
    Passkey,
    RecoveryCode,
    RememberedDevice,
    SessionRow,
)
from portico.site import Provider, Site
from soft_passkey import SoftPasskey

PEOPLE = "/-/admin/people"
ROOT, ANNA = "root@example.org", "anna@example.org"


@pytest.fixture
def post(site: Site) -> Iterator[GateUnderTest]:
    """A gate that keeps its mail; Okta is a provider of the site, and an administrator is there."""
    okta = Provider("okta", "https://okta.example.org", "portico", "Okta")
    sources = replace(site.sources, providers=(okta,))
    found = GateUnderTest(replace(with_mailbox(site), sources=sources))
    found.person(ROOT, "admin")
    yield found
    found.close()


@pytest.fixture
def admin(post: GateUnderTest) -> Browser:
    """A browser in which the administrator is signed in."""
    browser = post.browser()
    browser.sign_in(ROOT)
    return browser


def linked(gate: GateUnderTest, email: str, source: str = "sso.okta", subject: str = "1") -> str:
    """Join an account elsewhere to this person's, which has brought the role analyst; what the way is called."""
    with gate.desk() as db:
        person = people.find_person(db, email)
        row = LinkedAccount(
            person_id=person.id,
            source=source,
            issuer="https://okta.example.org",
            subject=subject,
            email=email,
        )
        db.add(row)
        if not person.role_names:
            role = people.find_roles(db, ["analyst"])[0]
            person.roles.append(role)
            db.add(BroughtRole(person_id=person.id, role_id=role.id, source=source))
        db.commit()
        return f"account-{row.id}"


def page_of(gate: GateUnderTest, email: str) -> str:
    """The address of a person's page."""
    with gate.desk() as db:
        return f"{PEOPLE}/{people.find_person(db, email).fs_uniquifier}"


def names(gate: GateUnderTest, email: str) -> list[str]:
    """The ways that a person has."""
    with gate.desk() as db:
        return [way.name for way in ways.ways_of(db, gate.site, people.find_person(db, email))]


def remove(gate: GateUnderTest, email: str, name: str) -> None:
    """Take a way away as the command line does."""
    with gate.desk() as db:
        ways.remove(db, COMMAND_LINE, gate.site, people.find_person(db, email), name)


def press(browser: Browser, page: str, name: str) -> str:
    """Press Remove on a person's page; the page that comes back."""
    token = browser.hidden(page)["csrf_token"]
    answer = browser.post(f"{page}/ways/{name}/remove", {"csrf_token": token})
    return browser.get(answer.location).text if answer.location else answer.text


def test_the_page_shows_each_way_with_its_last_use(post: GateUnderTest, admin: Browser) -> None:
    post.person(ANNA)
    anna = post.browser()
    anna.sign_in(ANNA)
    add_app(anna)
    add_passkey(anna, SoftPasskey(), "Blue <key>")
    linked(post, ANNA)
    linked(post, ANNA, "sso.gone", "2")
    text = re.sub(r"\s+", " ", admin.get(page_of(post, ANNA)).text)
    for said in ("Password", "Okta", "sso.gone", "no longer offered here", "Blue &lt;key&gt;", "10 left"):
        assert said in text, said
    assert text.count("/remove") == 4
    assert "last used never" in text


def test_a_removed_passkey_opens_nothing_and_its_person_is_out_and_told(
    post: GateUnderTest, admin: Browser
) -> None:
    post.person(ANNA)
    anna = post.browser()
    anna.sign_in(ANNA)
    add_app(anna)
    add_passkey(anna, SoftPasskey(), "Phone")
    name = next(one for one in names(post, ANNA) if one.startswith("passkey-"))
    assert "Removed. anna@example.org is signed out everywhere." in press(admin, page_of(post, ANNA), name)
    assert anna.check("home").status_code == 401
    assert names(post, ANNA) == ["password", "authenticator", "recovery-codes"]
    letter = mails(post, ANNA)[-1]
    assert "Your passkey “Phone” no longer opens your account" in letter.text
    assert ROOT in letter.text
    assert "passkey-removed" in post.audit()
    press(admin, page_of(post, ANNA), "authenticator")
    assert names(post, ANNA) == ["password"]  # codes stand in for nothing by themselves
    with post.desk() as db:
        for table in (Passkey, Authenticator, RecoveryCode, RememberedDevice):
            assert db.scalars(select(table)).first() is None


def test_an_unlinked_account_takes_the_roles_along_that_it_brought(
    post: GateUnderTest, admin: Browser
) -> None:
    post.person(ANNA)
    name = linked(post, ANNA)
    press(admin, page_of(post, ANNA), name)
    with post.desk() as db:
        assert db.scalars(select(LinkedAccount)).all() == []
        assert people.find_person(db, ANNA).role_names == set()
    assert "account-unlinked" in post.audit()
    assert "Your account at Okta no longer opens" in mails(post, ANNA)[-1].text


@pytest.mark.parametrize("name", ["passkey-999", "account-1", "authenticator", "", "x", "passkey-1%00"])
def test_nobody_elses_way_and_none_that_is_guessed_is_removed(
    post: GateUnderTest, admin: Browser, name: str
) -> None:
    """The name of a way counts only together with its person."""
    post.person(ANNA)
    post.person("ben@example.org")
    other = linked(post, "ben@example.org")
    press(admin, page_of(post, ANNA), name if name != "account-1" else other)
    assert names(post, "ben@example.org") == ["password", other]
    assert "account-unlinked" not in post.audit()


def test_a_password_is_not_removed_by_itself(post: GateUnderTest, admin: Browser) -> None:
    post.person(ANNA)
    assert "not removed by itself" in press(admin, page_of(post, ANNA), "password")
    assert names(post, ANNA) == ["password"]


def without_password(gate: GateUnderTest, email: str) -> None:
    with gate.desk() as db:
        people.find_person(db, email).password = None
        db.commit()


def test_the_last_administrator_keeps_a_way_to_sign_in(post: GateUnderTest, admin: Browser) -> None:
    """Also when there is another administrator who has none."""
    add_passkey(admin, SoftPasskey())
    without_password(post, ROOT)
    post.person("second@example.org", "admin", password=False)
    (name,) = [one for one in names(post, ROOT) if one.startswith("passkey-")]
    page = page_of(post, ROOT)
    assert "last way in which an administrator can sign in" in press(admin, page, name)
    with post.desk() as db, pytest.raises(LastWayError):
        factors.reset_second_factor(db, COMMAND_LINE, post.site, people.find_person(db, ROOT))
    linked(post, ROOT, "sso.gone", "7")  # a place that the site does not know any more
    with pytest.raises(LastWayError):
        remove(post, ROOT, name)
    assert name in names(post, ROOT)
    with post.desk() as db:
        assert db.scalars(select(SessionRow)).all()
    linked(post, ROOT, "sso.okta", "8")
    remove(post, ROOT, name)
    assert "last way" in str(_refusal(post, ROOT))


def _refusal(gate: GateUnderTest, email: str) -> UserError:
    account = next(one for one in names(gate, email) if one.startswith("account-") and _is_okta(gate, one))
    with pytest.raises(UserError) as caught:
        remove(gate, email, account)
    return caught.value


def _is_okta(gate: GateUnderTest, name: str) -> bool:
    with gate.desk() as db:
        return db.get_one(LinkedAccount, int(name.partition("-")[2])).source == "sso.okta"


def test_somebody_without_any_way_left_gets_a_link(post: GateUnderTest, admin: Browser) -> None:
    """Only who runs the site is held back: for others an administrator is there."""
    post.person(ANNA)
    name = linked(post, ANNA)
    without_password(post, ANNA)
    assert "None yet. Make a link" in press(admin, page_of(post, ANNA), name)


def test_ways_are_closed_to_strangers_members_and_forms_without_token(
    post: GateUnderTest, admin: Browser
) -> None:
    post.person(ANNA)
    name = linked(post, ROOT)
    page = page_of(post, ROOT)
    anna = post.browser()
    anna.sign_in(ANNA)
    token = {"csrf_token": anna.hidden("/-/profile")["csrf_token"]}
    assert anna.post(f"{page}/ways/{name}/remove", token).status_code == 403
    assert post.browser().post(f"{page}/ways/{name}/remove", token).status_code in {302, 400}
    assert admin.post(f"{page}/ways/{name}/remove").status_code == 400
    own = {"csrf_token": admin.hidden(page)["csrf_token"]}
    with post.desk() as db:
        for row in db.scalars(select(SessionRow)):
            row.proven_at = None
        db.commit()
    assert "/-/confirm" in admin.post(f"{page}/ways/{name}/remove", own).location
    assert name in names(post, ROOT)
