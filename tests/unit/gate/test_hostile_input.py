"""What is long, strange or out of every range costs nobody else time, and is told, not crashed on."""

from __future__ import annotations

import base64
import json
import time
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select

from gate_client import GateUnderTest
from portico.gate.accounts import addresses, passwords
from portico.gate.accounts.people import find_person
from portico.gate.models import Role

ROOT = "root@example.org"
ACCENTS = "a" + "\u0301\u0316" * 60_000  # finding the one spelling of these takes half a minute
SECONDS = 3.0  # within which an answer must come; an attack of before took a minute


@pytest.fixture
def admin(gate: GateUnderTest) -> Any:
    """A browser in which an administrator is signed in."""
    gate.person(ROOT, "admin")
    browser = gate.browser()
    browser.sign_in(ROOT)
    return browser


@pytest.mark.parametrize("field", ["password", "repeat", "email", "name"])
def test_a_stranger_cannot_hold_the_gate_with_a_register_form(gate: GateUnderTest, field: str) -> None:
    """All threads of the gate wait for one that sorts accents."""
    fields = {"email": "new@example.org", "name": "New", "password": "tall white columns"}
    fields["repeat"] = fields["password"]
    browser = gate.browser()
    hidden = browser.hidden("/-/sign-up")
    began = time.monotonic()
    answer = browser.post(
        "/-/sign-up", hidden | fields | {field: ACCENTS}, content_type="multipart/form-data"
    )
    assert time.monotonic() - began < SECONDS
    assert answer.status_code == 200
    assert "Make an account" in answer.text


def test_a_password_that_is_too_long_is_told_so_at_once() -> None:
    began = time.monotonic()
    assert passwords.problem(ACCENTS) == f"Use at most {passwords.MAX_LENGTH} characters."
    assert time.monotonic() - began < 0.1


@pytest.mark.parametrize("text", ["a" * 200_000 + "@example.org", "a@" + "x." * 100_000 + "org", ACCENTS])
def test_a_long_text_is_no_address_and_looked_at_no_further(text: str) -> None:
    began = time.monotonic()
    assert addresses.normalised(text) == ""
    assert time.monotonic() - began < 0.1


@pytest.mark.parametrize(
    "path",
    [
        "/-/admin/audit?until=9999-12-31",
        "/-/admin/audit?since=0001-01-01&until=0001-01-01",
        "/-/admin/sessions?address=%F0%9F%8F%9B",
        "/-/admin/people?q=" + "%CC%81%CC%96" * 1000,
    ],
)
def test_a_search_beyond_all_ranges_has_an_answer(admin: Any, path: str) -> None:
    began = time.monotonic()
    assert admin.get(path).status_code == 200
    assert time.monotonic() - began < SECONDS


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_that_is_none_in_utc_is_refused(gate: GateUnderTest, admin: Any, moment: str) -> None:
    """In a query, in a body, and in a cursor."""
    for name in ("since", "until"):
        assert admin.get(f"/-/api/v1/audit?{name}={quote(moment)}").status_code == 422
    with gate.desk() as db:
        uid = find_person(db, ROOT).fs_uniquifier
    form = admin.hidden("/-/profile")["csrf_token"]
    answer = admin.client.put(
        f"/-/api/v1/people/{uid}/end",
        json={"until": moment},
        base_url=admin.base,
        headers={"X-CSRFToken": form},
    )
    assert answer.status_code == 422
    cursor = base64.urlsafe_b64encode(json.dumps([moment, 1]).encode()).decode().rstrip("=")
    for page in ("audit", "sessions"):
        assert admin.get(f"/-/admin/{page}?after={cursor}").status_code == 400


@pytest.mark.parametrize("first", ["email," * 40_000 + "email", "emial," * 40_000 + "name"])
def test_a_file_of_countless_columns_is_refused_at_once(admin: Any, first: str) -> None:
    hidden = admin.hidden("/-/admin/people/import")
    began = time.monotonic()
    answer = admin.post(
        "/-/admin/people/import", hidden | {"text": first}, content_type="multipart/form-data"
    )
    assert time.monotonic() - began < SECONDS
    assert answer.status_code == 400
    assert "columns" in answer.text


def test_what_a_role_is_for_is_one_line_of_letters(gate: GateUnderTest, admin: Any) -> None:
    """A terminal that shows it takes no orders from it."""
    answer = admin.fill("/-/admin/roles", name="clerk", description="Counts\n\x1b[31m sales")
    assert answer.status_code == 302
    with gate.desk() as db:
        assert db.scalar(select(Role.description).where(Role.name == "clerk")) == "Counts[31m sales"


@pytest.mark.parametrize(
    ("page", "field"), [("/-/sign-in", "email"), ("/-/sign-up", "name"), ("/-/passkey", "credential")]
)
def test_a_form_with_the_character_nul_is_refused(gate: GateUnderTest, page: str, field: str) -> None:
    """PostgreSQL takes it in no value; nobody types it."""
    browser = gate.browser()
    assert browser.post(page, browser.hidden("/-/sign-in") | {field: "a\0b"}).status_code == 400


def test_an_error_at_a_files_address_is_kept_in_no_cache(admin: Any) -> None:
    """Its page names who is signed in."""
    answer = admin.get("/-/static/nothing.css")
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"


def test_no_spelling_moves_an_address_to_another_domain() -> None:
    """Where `sign_up` names domains, and where `access` names people."""
    for text in (
        "a@evil.example@ok.example",
        '"a@ok.example"@evil.example',
        "a@ok.example.",
        "a@ok.example\n",
        "a@ok\u200b.example",
        "a@ok.example\u00ad",
        "<a@ok.example>",
        "Anna <a@ok.example>",
        "a@[127.0.0.1]",
        "\u212aate@ok.example",
    ):
        found = addresses.normalised(text)
        assert found in ("", "a@ok.example")
        assert not found or text.strip() == found
    assert (
        addresses.normalised("A@\uff4fk\u3002EXAMPLE") == "a@ok.example"
    )  # the same domain, to every mail server
