"""Coming in and going out."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, update

from gate_client import HASH, PASSWORD, GateUnderTest, link_in, make_app
from portico.gate.accounts import actions, admission, entry, passwords
from portico.gate.accounts.people import find_person
from portico.gate.audit import COMMAND_LINE
from portico.gate.models import Person, SessionRow
from portico.site import SignUp, Site


def test_a_person_signs_in_sees_the_apps_and_signs_out(gate: GateUnderTest) -> None:
    """The whole way: form, portal, check, sign-out."""
    gate.person()
    browser = gate.browser()
    assert browser.get("/-/portal").status_code == 200  # there is a public app
    answer = browser.sign_in()
    assert (answer.status_code, answer.location) == (302, "/")
    assert "Home" in browser.get("/").text
    assert browser.check("home").status_code == 204
    out = browser.post("/-/sign-out", browser.hidden("/-/sign-out"))
    assert out.location == "http://localhost:8000/-/sign-in?signed-out"
    assert browser.cookie is None
    assert browser.check("home").status_code == 401
    assert gate.audit()[-2:] == ["signed-in", "signed-out"]


def test_a_stranger_has_nothing_to_sign_out_of(gate: GateUnderTest) -> None:
    """The page leads to the sign-in."""
    assert gate.browser().get("/-/sign-out").location == "/-/sign-in"


def test_the_old_token_is_worthless_after_sign_out(gate: GateUnderTest) -> None:
    """Somebody who copied the cookie is out too."""
    gate.person()
    browser, thief = gate.browser(), gate.browser()
    browser.sign_in()
    assert browser.cookie
    thief.cookie = browser.cookie
    assert thief.check("home").status_code == 204
    browser.post("/-/sign-out", browser.hidden("/-/sign-out"))
    assert thief.check("home").status_code == 401


def test_signing_out_takes_a_post(gate: GateUnderTest) -> None:
    """A link or an image that leads to the sign-out only shows a button."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    assert browser.get("/-/sign-out").status_code == 200
    assert browser.get("/logout", follow_redirects=True).status_code == 200
    assert browser.check("home").status_code == 204


@pytest.mark.parametrize(
    ("asked", "lead"),
    [
        ("/-/sign-in?/sales/page?x=1&y=a%20b", "/sales/page?x=1&y=a%20b"),
        ("/-/sign-in?next=/sales/%3Fx=1", "/sales/?x=1"),
        ("/-/sign-in?http://localhost:8000/home", "http://localhost:8000/home"),
        ("/-/sign-in?//evil.example", "/"),
        ("/-/sign-in?next=//evil.example", "/"),
        ("/-/sign-in?next=https://evil.example/", "/"),
        ("/-/sign-in?https://evil.example/", "/"),
        ("/-/sign-in?next=%2F%09%2Fevil.example", "/"),
        ("/-/sign-in?next=/%5Cevil.example", "/"),
        ("/-/sign-in?/\\evil.example", "/"),
    ],
)
def test_after_signing_in_one_is_where_one_wanted_to_be(gate: GateUnderTest, asked: str, lead: str) -> None:
    """And never on another site, neither with the form nor when one is signed in already."""
    gate.person()
    browser = gate.browser()
    assert browser.sign_in(path=asked).location == lead
    assert browser.get(asked).location == lead


def test_signing_in_gives_a_new_token(gate: GateUnderTest) -> None:
    """A token that an attacker planted before is not the one that is signed in."""
    gate.person()
    browser, attacker = gate.browser(), gate.browser()
    attacker.get("/-/sign-in")
    planted = attacker.cookie
    assert planted
    browser.cookie = planted
    browser.sign_in()
    assert browser.cookie != planted
    assert attacker.check("home").status_code == 401
    assert attacker.get("/-/profile").status_code == 302


def test_the_cookie_is_a_bare_token_closed_to_scripts(gate: GateUnderTest) -> None:
    """43 characters, HttpOnly, SameSite=Lax, for the whole host; it lasts as long as the browser."""
    gate.person()
    cookie = gate.browser().sign_in().headers.getlist("Set-Cookie")[-1]
    assert re.fullmatch(r"portico_session=[A-Za-z0-9_-]{43}; HttpOnly; Path=/; SameSite=Lax", cookie)


def test_on_https_the_cookie_is_secure_and_bound_to_the_host(site: Site) -> None:
    """Named with __Host-, so that no other host can plant one."""
    gate = GateUnderTest(replace(site, url="https://apps.example.com"))
    gate.person()
    browser = gate.browser()
    cookie = browser.sign_in().headers.getlist("Set-Cookie")[-1]
    assert re.fullmatch(r"__Host-portico_session=[\w-]{43}; Secure; HttpOnly; Path=/; SameSite=Lax", cookie)


def test_a_remembered_session_outlives_the_browser(gate: GateUnderTest) -> None:
    """One cookie with an age, not a second cookie."""
    gate.person()
    answer = gate.browser().sign_in(remember="y")
    mark, session = answer.headers.getlist("Set-Cookie")
    assert mark.startswith("portico_browser=")
    assert "Max-Age=2592000" in session


@pytest.mark.parametrize(
    "email", ["nobody@example.org", "anna@example.org", "not an address", "ANNA@EXAMPLE.ORG"]
)
def test_a_failed_sign_in_tells_nothing_about_the_account(
    gate: GateUnderTest, monkeypatch: pytest.MonkeyPatch, email: str
) -> None:
    """Same status and same words for a wrong password and for an address that nobody has."""
    gate.person()
    answer = gate.browser().sign_in(email, "wrong password")
    reference = gate.browser().sign_in("somebody@example.org", "wrong password")
    assert answer.status_code == reference.status_code == 401
    assert blank(answer.text, email) == blank(reference.text, "somebody@example.org")


def blank(page: str, email: str) -> str:
    """The page without what differs anyway: the address as typed, the form's token, the passkeys' challenge."""
    page = re.sub(r"(&#34;challenge&#34;: &#34;)[\w-]*", r"\1", page)
    return re.sub(r'(name="csrf_token"[^>]*value=)"[^"]*"', r"\1", page).replace(email, "")


@pytest.mark.parametrize("email", ["anna@example.org", "nobody@example.org", "new@example.org"])
def test_each_failed_sign_in_computes_one_argon2_hash(
    gate: GateUnderTest, monkeypatch: pytest.MonkeyPatch, email: str
) -> None:
    """Known address, unknown address, account without a password: the same work, so nearly the same time."""
    import argon2.low_level

    gate.person()
    gate.person("new@example.org", password=False)
    costs: list[tuple[int, int]] = []
    for name in ("hash_secret", "verify_secret", "core"):
        original = getattr(argon2.low_level, name)

        def counted(*args: Any, original: Any = original, **kwargs: Any) -> Any:
            costs.append((0, 0))
            return original(*args, **kwargs)

        monkeypatch.setattr(argon2.low_level, name, counted)
    browser = gate.browser()
    browser.sign_in(email, "wrong password")
    assert len(costs) == 1


@pytest.mark.parametrize("how", ["new password", "disabled"])
def test_nobody_slips_in_with_the_old_password_while_it_is_changed(
    gate: GateUnderTest, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Whoever signs in over and over would else begin a session just after the change has ended all of them."""
    gate.person()

    def change() -> None:
        with gate.desk() as db:
            person = find_person(db, "anna@example.org")
            if how == "disabled":
                actions.disable(db, COMMAND_LINE, person)
            else:
                hashed = passwords.hash_password("tall white columns")
                actions.change_password(db, COMMAND_LINE, person, hashed, keep=None)

    for place in ("while it is compared", "after it was compared"):
        with monkeypatch.context() as patch:
            if place == "while it is compared":
                patch.setattr(entry, "verify_password", lambda *_: change() or True)
            else:
                patch.setattr(admission, "missing_step", lambda _: change())
            browser = gate.browser()
            assert browser.sign_in().status_code in (401, 403)
            assert browser.check("home").status_code == 401
        with gate.desk() as db:
            assert db.scalar(select(func.count()).select_from(SessionRow)) == 0
            db.execute(update(Person).values(active=True, password=HASH))
            db.commit()


def test_a_hash_of_lower_cost_is_renewed_at_the_next_sign_in(gate: GateUnderTest) -> None:
    gate.person()
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with gate.desk() as db:
        db.execute(update(Person).values(password=cheap))
        db.commit()
    assert gate.browser().sign_in().status_code == 302
    with gate.desk() as db:
        (kept,) = db.scalars(select(Person.password))
    assert kept is not None
    assert kept != cheap
    assert not passwords.is_outdated(kept)
    assert gate.browser().sign_in().status_code == 302


def test_a_disabled_account_is_told_so_only_after_its_password(gate: GateUnderTest) -> None:
    """A stranger sees the general answer; the person learns why."""
    from portico.gate.accounts import actions, people
    from portico.gate.audit import COMMAND_LINE

    gate.person()
    browser = gate.browser()
    browser.sign_in()
    with gate.desk() as db:
        actions.disable(db, COMMAND_LINE, people.find_person(db, "anna@example.org"))
    assert browser.check("home").status_code == 401
    assert browser.get("/-/profile").status_code == 302
    again = gate.browser()
    assert "disabled" not in again.sign_in(password="wrong password").text
    told = again.sign_in()
    assert told.status_code == 401
    assert "disabled" in told.text


def test_open_sign_up_makes_an_account(gate: GateUnderTest) -> None:
    """Then the new person signs in with what they chose, in whatever letters they type the address."""
    browser = gate.browser()
    answer = browser.fill(
        "/-/sign-up", email="New@Example.org", name="New", password=PASSWORD, repeat=PASSWORD
    )
    assert answer.location == "/-/sign-in?signed-up"
    assert "Almost there" in browser.get(answer.location).text
    assert browser.sign_in("new@EXAMPLE.org").status_code == 302
    assert "New" in browser.get("/-/profile").text


def test_who_makes_an_account_on_the_way_to_an_app_ends_there(gate: GateUnderTest) -> None:
    """The wanted address comes along from the sign-in to the sign-up and back, and leads nowhere else."""
    browser = gate.browser()
    link = re.search(r'href="(/-/sign-up[^"]*)"', browser.get("/-/sign-in?/sales/a%20b?x=1&y=2").text)
    assert link
    answer = browser.fill(
        unescape(link[1]), email="new@example.org", name="", password=PASSWORD, repeat=PASSWORD
    )
    assert answer.location == "/-/sign-in?signed-up&next=/sales/a%2520b%3Fx%3D1%26y%3D2"
    assert "Almost there" in browser.get(answer.location).text
    assert browser.sign_in("new@example.org", path=answer.location).location == "/sales/a%20b?x=1&y=2"
    stranger = gate.browser()
    for path in ("/-/sign-in?//evil.example/", "/-/sign-up?next=https://evil.example/"):
        assert "evil" not in stranger.get(path).text


def test_signing_up_with_a_taken_address_looks_the_same_and_changes_nothing(gate: GateUnderTest) -> None:
    """Same status, same place, same page; the old password stays, the new one does not work."""
    gate.person()
    stranger = gate.browser()
    taken, free = (
        stranger.fill(
            "/-/sign-up", email=email, name="X", password="another password", repeat="another password"
        )
        for email in ("anna@example.org", "free@example.org")
    )
    assert (taken.status_code, taken.location, taken.text) == (free.status_code, free.location, free.text)
    assert gate.browser().sign_in(password="another password").status_code == 401
    assert gate.browser().sign_in().status_code == 302
    assert "sign-up-repeated" in gate.audit()


@pytest.mark.parametrize("policy", [SignUp.INVITE, SignUp.CLOSED])
def test_a_site_that_is_not_open_makes_no_accounts(site: Site, policy: SignUp) -> None:
    """The page explains; a form sent anyway changes nothing."""
    gate = GateUnderTest(replace(site, sign_up=policy))
    browser = gate.browser()
    fields = browser.hidden("/-/sign-in") | {
        "email": "new@example.org", "name": "", "password": PASSWORD, "repeat": PASSWORD
    }  # fmt: skip
    assert browser.post("/-/sign-up", fields).status_code == 200
    assert browser.sign_in("new@example.org").status_code == 401


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"email": "no address"}, "not a mail address"),
        ({"password": "short", "repeat": "short"}, "at least 10"),
        ({"password": "aaaaaaaaaaaa", "repeat": "aaaaaaaaaaaa"}, "different characters"),
        ({"password": "new@example.org", "repeat": "new@example.org"}, "first thing"),
        ({"repeat": "something else"}, "not the same"),
        ({"email": ""}, "Enter your mail address"),
    ],
)
def test_a_sign_up_that_cannot_be_says_what_is_wrong(
    gate: GateUnderTest, changed: dict[str, str], said: str
) -> None:
    """On the field, in words; nothing is made."""
    fields = {"email": "new@example.org", "name": "New", "password": PASSWORD, "repeat": PASSWORD} | changed
    answer = gate.browser().fill("/-/sign-up", **fields)
    assert answer.status_code == 200
    assert said in answer.text
    assert "person-created" not in gate.audit()


def test_the_first_run_link_makes_the_first_administrator_once(gate: GateUnderTest) -> None:
    """It is printed at the start; used, it is gone, and a later start prints none."""
    link = link_in(gate.notes[0])
    browser = gate.browser()
    answer = browser.fill(link, email="root@example.org", name="Root", password=PASSWORD, repeat=PASSWORD)
    assert answer.status_code == 302
    assert browser.check("sales").status_code == 204
    assert gate.browser().get(link).status_code == 404
    assert GateUnderTest(gate.site).notes == []


def test_each_start_without_an_administrator_prints_a_new_link_and_ends_the_old(gate: GateUnderTest) -> None:
    """The newest log has the link that works."""
    old, new = link_in(gate.notes[0]), link_in(GateUnderTest(gate.site).notes[0])
    assert gate.browser().get(old).status_code == 404
    assert gate.browser().get(new).status_code == 200


def test_a_first_run_link_is_dead_once_there_is_an_administrator(gate: GateUnderTest) -> None:
    """Also when the administrator was made on the command line, and for a form that was open already."""
    link = link_in(gate.notes[0])
    browser = gate.browser()
    fields = browser.hidden(link)
    gate.person("root@example.org", "admin")
    sent = browser.post(
        link, fields | {"email": "evil@example.org", "password": PASSWORD, "repeat": PASSWORD}
    )
    assert sent.status_code == 404
    assert browser.sign_in("evil@example.org").status_code == 401


def test_a_person_who_is_signed_in_needs_no_sign_in_page(gate: GateUnderTest) -> None:
    """It leads on."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    assert browser.get("/-/sign-in").location == "/"
    assert browser.get("/-/sign-up").location == "/"
    assert browser.get("/-/sign-up?next=/sales/").location == "/sales/"


def test_a_tampered_or_foreign_cookie_is_nobody(gate: GateUnderTest) -> None:
    """One letter changed, too long, empty, somebody's database id, SQL."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    token = browser.cookie
    assert token
    for value in (
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        token + "A",
        "",
        "1",
        "' OR 1=1 --",
        "A" * 43,
    ):
        stranger = gate.browser()
        stranger.cookie = value
        assert stranger.check("home").status_code == 401, value
        assert stranger.get("/-/profile").status_code == 302, value


def test_the_database_holds_no_token_and_no_password(gate: GateUnderTest) -> None:
    """A stolen database signs nobody in."""
    from sqlalchemy import text

    gate.person()
    browser = gate.browser()
    browser.sign_in()
    with gate.desk() as db:
        rows = (
            db.execute(text("SELECT * FROM session")).all() + db.execute(text("SELECT * FROM person")).all()
        )
    dump = repr(rows)
    assert browser.cookie not in dump
    assert PASSWORD not in dump
    assert "$argon2id$" in dump


def test_old_paths_lead_to_todays_pages(gate: GateUnderTest) -> None:
    """Those of the system that Portico grew from."""
    for old, new in {
        "/login": "/-/sign-in", "/register": "/-/sign-up", "/forgot": "/-/forgot", "/change": "/-/password",
        "/logout": "/-/sign-out", "/profile": "/-/profile", "/home": "/",
    }.items():  # fmt: skip
        assert gate.browser().get(old).location == new


def test_an_unknown_app_is_closed(gate: GateUnderTest) -> None:
    """To strangers and to people."""
    gate.person()
    browser = gate.browser()
    assert browser.check("nothing").status_code == 401
    browser.sign_in()
    assert browser.check("nothing").status_code == 403


def test_no_account_comes_with_the_site(gate: GateUnderTest) -> None:
    """A fresh site has no person at all, and no password that is the same everywhere."""
    from sqlalchemy import text

    with gate.desk() as db:
        assert db.execute(text("SELECT count(*) FROM person")).scalar() == 0
    other = GateUnderTest(replace(gate.site, state=gate.site.state / "other", apps=(make_app("x"),)))
    assert other.app.secret_key != gate.app.secret_key
