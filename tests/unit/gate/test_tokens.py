"""API tokens: made once, shown once, kept as hashes, narrower than their person, and gone when revoked."""

from __future__ import annotations

import re
import zlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from gate_client import Browser, GateUnderTest, make_app, make_site
from portico.errors import UserError
from portico.gate import tokens
from portico.gate.accounts import actions as accounts
from portico.gate.accounts.people import find_person
from portico.gate.audit import COMMAND_LINE
from portico.gate.models import ApiToken, OutgoingMail, Person
from portico.gate.tokens import actions, spelling
from portico.site import Access

DAY = timedelta(days=1)


def personal(gate: GateUnderTest, email: str, *scopes: str, lasts: timedelta = DAY) -> str:
    """A token of this person."""
    with gate.desk() as db:
        person = find_person(db, email)
        return actions.issue_personal(db, COMMAND_LINE, gate.site, person, "job", scopes, lasts)[0]


def service(gate: GateUnderTest, *scopes: str, roles: tuple[str, ...] = ()) -> str:
    """A token of a service."""
    with gate.desk() as db:
        return actions.issue_service(db, COMMAND_LINE, gate.site, "export", scopes, DAY, roles)[0]


def ask(gate: GateUnderTest, app: str, token: str, browser: Browser | None = None) -> TestResponse:
    """The front's question for a request that shows this token."""
    return (browser or gate.browser()).get(f"/-/check/{app}", headers={"Authorization": f"Bearer {token}"})


def claims(answer: TestResponse) -> dict[str, Any]:
    """What the identity of an answer says."""
    return jwt.decode(answer.headers["X-Portico-Identity"], options={"verify_signature": False})


def row_of(gate: GateUnderTest, token: str) -> ApiToken:
    with gate.desk() as db:
        found = db.scalar(select(ApiToken).where(ApiToken.hint == spelling.hint_of(token)))
        assert found is not None
        return found


def test_a_token_opens_its_apps_in_its_persons_name_and_no_other(gate: GateUnderTest) -> None:
    gate.person("ann@example.org", "analyst")
    token = personal(gate, "ann@example.org", "app:sales")
    answer = ask(gate, "sales", token)
    assert answer.status_code == 204
    assert claims(answer)["email"] == "ann@example.org"
    assert claims(answer)["roles"] == ["analyst"]
    assert ask(gate, "home", token).status_code == 403


def test_a_token_names_nobody_to_an_app_that_it_is_not_for(tmp_path: Path, database_url: str) -> None:
    """An app that everybody may open lets the program in, and does not take it for the person."""
    news, sales = make_app("news", Access(known=True)), make_app("sales")
    gate = GateUnderTest(make_site(tmp_path, news, sales, database_url=database_url))
    gate.person("ann@example.org")
    for scope in ("app:sales", "embed:sales", "api"):
        answer = ask(gate, "news", personal(gate, "ann@example.org", scope))
        assert answer.status_code == 204
        assert "X-Portico-Identity" not in answer.headers
    named = ask(gate, "news", personal(gate, "ann@example.org", "app:news"))
    assert claims(named)["email"] == "ann@example.org"
    gate.close()


def test_a_token_never_does_more_than_its_person(gate: GateUnderTest) -> None:
    """What the person loses, the token loses."""
    gate.person("ann@example.org", "analyst")
    token = personal(gate, "ann@example.org", "apps")
    assert ask(gate, "sales", token).status_code == 204
    assert ask(gate, "board", token).status_code == 403
    with gate.desk() as db:
        accounts.set_roles(db, COMMAND_LINE, find_person(db, "ann@example.org"), [])
    assert ask(gate, "sales", token).status_code == 403
    assert ask(gate, "home", token).status_code == 204
    with gate.desk() as db:
        accounts.disable(db, COMMAND_LINE, find_person(db, "ann@example.org"))
    assert ask(gate, "home", token).status_code == 401


def test_a_service_has_its_own_roles_and_is_no_person(gate: GateUnderTest) -> None:
    token = service(gate, "apps", roles=("analyst",))
    answer = ask(gate, "sales", token)
    assert answer.status_code == 204
    assert (claims(answer)["email"], claims(answer)["name"]) == ("", "export")
    assert claims(answer)["email_verified"] is False
    assert ask(gate, "board", token).status_code == 403
    assert ask(gate, "sales", service(gate, "apps")).status_code == 403


@pytest.mark.parametrize("scope", ["api", "api:read", "embed:sales"])
def test_a_token_for_something_else_opens_no_app(gate: GateUnderTest, scope: str) -> None:
    assert ask(gate, "home", service(gate, scope)).status_code == 403


def test_a_token_ends_at_its_time_and_when_it_is_revoked(gate: GateUnderTest, hands: Any) -> None:
    first, second = service(gate, "apps"), service(gate, "apps")
    with gate.desk() as db:
        actions.revoke(db, COMMAND_LINE, actions.find_number(db, second))
    assert ask(gate, "home", first).status_code == 204
    assert ask(gate, "home", second).status_code == 401
    hands.move(days=1, seconds=1)
    assert ask(gate, "home", first).status_code == 401


def test_a_token_that_is_shown_decides_even_beside_a_session(gate: GateUnderTest) -> None:
    """A bad token in a signed-in browser is a 401, not the session's yes."""
    gate.person("anna@example.org")
    browser = gate.browser()
    browser.sign_in()
    assert browser.check("home").status_code == 204
    assert ask(gate, "home", spelling.new_text(), browser).status_code == 401


def test_the_database_holds_a_hash_and_a_hint(gate: GateUnderTest) -> None:
    token = service(gate, "apps")
    row = row_of(gate, token)
    assert len(row.token_hash) == 64
    assert token not in str(vars(row))
    assert len(row.hint) < 16


def test_a_mistyped_token_is_known_without_asking_the_database() -> None:
    """The last six letters follow from the others, so that a scanner can tell a token from a chance hit."""
    token = spelling.new_text()
    assert re.fullmatch(r"ptk_[0-9A-Za-z]{49}", token)
    assert spelling.well_formed(token)
    number, letters = zlib.crc32(token[:-6].encode()), ""
    for _ in range(6):
        number, rest = divmod(number, 62)
        letters = spelling.ALPHABET[rest] + letters
    assert token.endswith(letters)
    swapped = token[:4] + ("a" if token[4] != "a" else "b") + token[5:]
    assert not spelling.well_formed(swapped)
    assert not spelling.well_formed(token + "\n")


@pytest.mark.parametrize(
    ("header", "good"),
    [
        ("Bearer {}", True),
        ("bearer {}", True),
        ("Bearer  {}", True),
        ("Basic {}", False),
        ("{}", False),
        ("Bearer x{}", False),
        ("Bearer {} {}", False),
    ],
)
def test_a_token_comes_as_bearer(header: str, good: bool) -> None:
    token = spelling.new_text()
    assert (spelling.of_header(header.format(token, token)) == token) is good


def test_the_use_of_a_token_is_noted_once_a_minute(gate: GateUnderTest, hands: Any) -> None:
    token = service(gate, "apps")
    assert row_of(gate, token).last_used_at is None
    ask(gate, "home", token)
    first = row_of(gate, token)
    assert (first.last_used_at, first.last_ip) == (hands.time, "192.0.2.7")
    hands.move(seconds=59)
    ask(gate, "home", token)
    assert row_of(gate, token).last_used_at == first.last_used_at
    hands.move(seconds=2)
    ask(gate, "home", token)
    assert row_of(gate, token).last_used_at == hands.time


def test_find_tells_who_holds_a_token(gate: GateUnderTest) -> None:
    gate.person("ann@example.org", "analyst")
    mine, its = personal(gate, "ann@example.org", "api:read"), service(gate, "api", roles=("admin",))
    with gate.desk() as db:
        person = tokens.find(db, f"Bearer {mine}")
        assert person is not None
        assert person.person is not None
        assert (person.name, person.roles) == ("ann@example.org", {"analyst"})
        assert tokens.reads_api(person.scopes)
        assert not tokens.uses_api(person.scopes)
        robot = tokens.find(db, its)
        assert robot is not None
        assert (robot.person, robot.service, robot.roles) == (None, "export", {"admin"})
        assert robot.name == "service export"
        assert tokens.find(db, f"Bearer {spelling.new_text()}") is None
        assert tokens.find(db, "Bearer nonsense") is None
        accounts.disable(db, COMMAND_LINE, find_person(db, "ann@example.org"))
        assert tokens.find(db, f"Bearer {mine}") is None


@pytest.mark.parametrize(
    ("name", "scopes", "lasts", "problem"),
    [
        ("", ["apps"], DAY, "name"),
        ("x" * 81, ["apps"], DAY, "at most 80"),
        ("job", [], DAY, "without a scope"),
        ("job", ["app:nothing"], DAY, 'no app "nothing"'),
        ("job", ["everything"], DAY, "no such scope"),
        ("job", ["apps"], timedelta(days=366), "365d"),
        ("job", ["apps"], timedelta(0), "from 1m"),
    ],
)
def test_what_cannot_be_a_token_is_one_line(
    gate: GateUnderTest, name: str, scopes: list[str], lasts: timedelta, problem: str
) -> None:
    with gate.desk() as db, pytest.raises(UserError, match=problem):
        actions.issue_service(db, COMMAND_LINE, gate.site, name, scopes, lasts)
    assert "token-made" not in gate.audit()


def test_a_person_makes_a_token_sees_it_once_and_revokes_it(gate: GateUnderTest) -> None:
    gate.person("ann@example.org", "analyst")
    browser = gate.browser()
    browser.sign_in("ann@example.org")
    made = browser.fill("/-/tokens/new", name="nightly export", apps=["app:sales"], api="", lasts="7")
    token = re.search(r"ptk_[0-9A-Za-z]{49}", made.text)
    assert token, made.text
    assert made.headers["Cache-Control"] == "no-store"
    listed = browser.get("/-/tokens").text
    assert "nightly export" in listed
    assert token.group() not in listed
    assert ask(gate, "sales", token.group()).status_code == 204
    number = row_of(gate, token.group()).id
    answer = browser.post(f"/-/tokens/{number}/revoke", browser.hidden("/-/tokens"))
    assert answer.location == "/-/tokens"
    assert ask(gate, "sales", token.group()).status_code == 401
    assert [line for line in gate.audit() if line.startswith("token-")] == ["token-made", "token-revoked"]


def test_nobody_revokes_or_sees_another_persons_token(gate: GateUnderTest) -> None:
    gate.person("ann@example.org")
    gate.person("bob@example.org")
    token = personal(gate, "ann@example.org", "apps")
    number = row_of(gate, token).id
    browser = gate.browser()
    browser.sign_in("bob@example.org")
    assert "You have no tokens" in browser.get("/-/tokens").text
    form = browser.hidden("/-/profile")
    assert browser.post(f"/-/tokens/{number}/revoke", form).status_code == 404
    assert browser.post(f"/-/admin/tokens/{number}/revoke", form).status_code == 403
    assert browser.get("/-/admin/tokens").status_code == 403
    assert browser.get("/-/admin/tokens/new").status_code == 403
    assert gate.browser().post(f"/-/tokens/{number}/revoke").status_code in (400, 401)
    assert ask(gate, "home", token).status_code == 204


def test_a_form_from_elsewhere_makes_no_token(gate: GateUnderTest) -> None:
    gate.person("ann@example.org")
    browser = gate.browser()
    browser.sign_in("ann@example.org")
    fields = {"name": "x", "apps": "apps", "lasts": "7"}
    assert browser.post("/-/tokens/new", fields).status_code == 400
    right = browser.hidden("/-/tokens/new") | fields
    foreign = {"Origin": "https://evil.example.net"}
    assert browser.post("/-/tokens/new", right, headers=foreign).status_code == 403
    assert "token-made" not in gate.audit()


def test_an_administrator_makes_and_revokes_tokens_of_services(gate: GateUnderTest) -> None:
    gate.person("root@example.org", "admin")
    browser = gate.browser()
    browser.sign_in("root@example.org")
    made = browser.fill(
        "/-/admin/tokens/new", name="export", apps=["app:sales"], roles=["analyst"], api="", lasts="30"
    )
    token = re.search(r"ptk_[0-9A-Za-z]{49}", made.text)
    assert token, made.text
    assert ask(gate, "sales", token.group()).status_code == 204
    page = browser.get("/-/admin/tokens?kind=service").text
    assert "export" in page
    assert token.group() not in page
    number = row_of(gate, token.group()).id
    browser.post(f"/-/admin/tokens/{number}/revoke", browser.hidden("/-/admin/tokens/new"))
    assert ask(gate, "sales", token.group()).status_code == 401


def test_a_person_who_is_deleted_takes_the_tokens_along(gate: GateUnderTest) -> None:
    gate.person("ann@example.org")
    token = personal(gate, "ann@example.org", "apps")
    with gate.desk() as db:
        db.delete(db.scalars(select(Person)).one())
        db.commit()
    assert ask(gate, "home", token).status_code == 401


def test_an_account_has_at_most_a_hundred_tokens(gate: GateUnderTest, monkeypatch: Any) -> None:
    gate.person("ann@example.org")
    monkeypatch.setattr(actions, "MOST", 2)
    personal(gate, "ann@example.org", "apps")
    personal(gate, "ann@example.org", "apps")
    with pytest.raises(UserError, match="at most 2 tokens"):
        personal(gate, "ann@example.org", "apps")


def test_mail_tells_of_a_new_token_only_where_there_is_mail(gate: GateUnderTest) -> None:
    gate.person("ann@example.org")
    personal(gate, "ann@example.org", "apps")
    with gate.desk() as db:
        assert db.scalars(select(OutgoingMail)).all() == []
