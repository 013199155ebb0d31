"""What the front is told, and the identity that an app gets."""

from __future__ import annotations

import json

import jwt
import pytest

from gate_client import GateUnderTest
from portico.gate import secrets
from portico.gate.check import cookie_value


def claims(gate: GateUnderTest, token: str, app: str) -> dict[str, object]:
    """The identity, verified with the published keys as a runner does it."""
    published = json.loads((gate.site.state / "secrets" / "identity.jwks").read_text())
    kid = jwt.get_unverified_header(token)["kid"]
    key = next(jwt.PyJWK(entry) for entry in published["keys"] if entry["kid"] == kid)
    return jwt.decode(token, key.key, algorithms=["EdDSA"], audience=app, issuer=gate.site.url)


def test_the_identity_says_who_asks_to_one_app_for_a_minute(gate: GateUnderTest) -> None:
    """Signed, for this app only, with an opaque id that is not the row's number."""
    gate.person("anna@example.org", "analyst")
    browser = gate.browser()
    browser.sign_in()
    token = browser.check("sales").headers["X-Portico-Identity"]
    found = claims(gate, token, "sales")
    assert (found["email"], found["name"], found["roles"]) == ("anna@example.org", "Anna", ["analyst"])
    assert len(str(found["sub"])) == 32
    assert int(str(found["exp"])) - int(str(found["iat"])) == 60
    with pytest.raises(jwt.InvalidAudienceError):
        claims(gate, token, "home")


@pytest.mark.parametrize(
    ("email", "roles", "app", "status"),
    [
        (None, (), "home", 401),
        (None, (), "sales", 401),
        (None, (), "news", 204),
        ("bob@example.org", (), "home", 204),
        ("bob@example.org", (), "sales", 403),
        ("bob@example.org", (), "board", 403),
        ("ann@example.org", ("analyst",), "sales", 204),
        ("ann@example.org", ("analyst",), "board", 403),
        ("carla@example.org", (), "board", 204),
        ("root@example.org", ("admin",), "board", 204),
    ],
)
def test_the_policy_decides(
    gate: GateUnderTest, email: str | None, roles: tuple[str, ...], app: str, status: int
) -> None:
    """204, 401 or 403; a stranger gets no identity even where everybody may enter."""
    browser = gate.browser()
    if email:
        gate.person(email, *roles)
        browser.sign_in(email)
    answer = browser.check(app)
    assert answer.status_code == status
    assert answer.data == b""
    assert ("X-Portico-Identity" in answer.headers) == (status == 204 and email is not None)


def test_an_administrator_who_enters_by_being_one_is_written_down_once(gate: GateUnderTest) -> None:
    """Once a session and app, not once a request."""
    gate.person("root@example.org", "admin")
    browser = gate.browser()
    browser.sign_in("root@example.org")
    for app in ("home", "board", "board", "sales", "board"):
        browser.check(app)
    assert gate.audit().count("entered-as-administrator") == 2


def test_headers_and_queries_of_the_client_decide_nothing(gate: GateUnderTest) -> None:
    """Nor does another cookie, an Authorization header or a method."""
    headers = {"X-Portico-Identity": "x", "Remote-User": "anna@example.org", "Authorization": "Bearer x"}
    browser = gate.browser()
    assert browser.get("/-/check/home?user=anna", headers=headers).status_code == 401
    assert browser.post("/-/check/home").status_code == 401
    assert browser.get("/-/check/home/").status_code == 401
    assert browser.get("/-/check/").status_code == 401
    assert browser.get("/-/check/../news").status_code == 401


def test_a_locked_or_missing_database_is_no_answer(gate: GateUnderTest) -> None:
    """503: the front must not take it for a yes or a no."""
    from sqlalchemy import text

    gate.person()
    browser = gate.browser()
    browser.sign_in()
    with gate.desk() as db:
        db.execute(text("ALTER TABLE session RENAME TO gone"))
        db.commit()
    assert browser.check("home").status_code == 503


def test_a_database_that_is_written_to_still_answers_the_check(gate: GateUnderTest, hands) -> None:  # type: ignore[no-untyped-def]
    """A writer who takes long delays nobody's request and signs nobody out."""
    from portico.gate.database import serialize

    gate.person()
    browser = gate.browser()
    browser.sign_in()
    hands.move(minutes=5)
    with gate.desk() as db:
        serialize(db)
        assert browser.check("home").status_code == 204


def test_keys_rotate_with_overlap(gate: GateUnderTest) -> None:
    """What the old key signed stays valid; the new gate signs with the new key."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    old = browser.check("home").headers["X-Portico-Identity"]
    secrets.rotate(gate.site)
    assert claims(gate, old, "home")["email"] == "anna@example.org"
    renewed = GateUnderTest(gate.site).browser()
    assert browser.cookie
    renewed.cookie = browser.cookie
    new = renewed.check("home").headers["X-Portico-Identity"]
    assert jwt.get_unverified_header(new)["kid"] != jwt.get_unverified_header(old)["kid"]
    assert claims(gate, new, "home")["email"] == "anna@example.org"


def test_the_public_keys_are_on_a_page(gate: GateUnderTest) -> None:
    """The same as in the file, and nothing private."""
    page = gate.browser().get("/-/jwks.json").json
    assert page == json.loads((gate.site.state / "secrets" / "identity.jwks").read_text())
    assert all("d" not in key for key in page["keys"])


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("s=abc", "abc"),
        ("x=1; s=abc; y=2", "abc"),
        ("xs=1;s=abc", "abc"),
        ("s=first; s=second", "first"),
        ("s", ""),
        ("x=s=abc", None),
        ("", None),
    ],
)
def test_the_first_cookie_of_the_name_counts(header: str, value: str | None) -> None:
    """As nginx reads it."""
    assert cookie_value(header, "s") == value
