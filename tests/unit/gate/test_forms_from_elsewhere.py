"""Forms that the site's own pages did not send: refused, and nothing changes."""

from __future__ import annotations

from typing import Any

import pytest

from gate_client import PASSWORD, Browser, GateUnderTest, link_in

POSTS = ["/-/sign-in", "/-/sign-up", "/-/sign-out", "/-/profile", "/-/password"]
FIELDS = {
    "email": "anna@example.org",
    "password": PASSWORD,
    "name": "Changed",
    "repeat": PASSWORD,
    "current": PASSWORD,
}


@pytest.fixture
def browser(gate: GateUnderTest) -> Browser:
    """Somebody who is signed in."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    return browser


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("token", [None, "", "x", "ImYi.aaaa.bbbb"])
def test_a_form_without_its_token_is_refused(
    browser: Browser, gate: GateUnderTest, path: str, token: str | None
) -> None:
    """400, and no line in the audit."""
    before = gate.audit()
    fields = FIELDS if token is None else FIELDS | {"csrf_token": token}
    assert browser.post(path, fields).status_code == 400
    assert gate.audit() == before


@pytest.mark.parametrize("path", POSTS)
def test_a_token_of_another_session_is_refused(browser: Browser, gate: GateUnderTest, path: str) -> None:
    """An attacker has tokens too: of the own session."""
    before = gate.audit()
    other = gate.browser().hidden("/-/sign-in")
    assert browser.post(path, FIELDS | other).status_code == 400
    assert gate.audit() == before


def test_a_refused_form_is_a_line_of_the_log(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    """With the place and the network address, without what was in it; one line, whatever the address says."""
    token = browser.hidden("/-/profile")
    browser.post("/-/profile", FIELDS)
    browser.post("/-/profile", FIELDS | token, headers={"Origin": "https://evil.example"})
    browser.post("/-/sign-in%0aforged", FIELDS)
    lines = [record.getMessage() for record in caplog.records if "was refused" in record.getMessage()]
    assert len(lines) >= 2
    assert all("/-/" in line and "192.0.2.7" in line and "\n" not in line for line in lines)
    assert not any(PASSWORD in line or "evil" in line for line in lines)


def test_a_token_from_before_the_sign_in_is_refused_after_it(gate: GateUnderTest) -> None:
    """Signing in starts a new session with new forms."""
    gate.person()
    browser = gate.browser()
    before = browser.hidden("/-/sign-in")
    browser.sign_in()
    assert browser.post("/-/profile", before | {"name": "Changed"}).status_code == 400


def test_the_first_run_form_needs_its_token_too(gate: GateUnderTest) -> None:
    """The secret in the link is not enough."""
    link = link_in(gate.notes[0])
    assert gate.browser().post(link, FIELDS).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:5000"},
        {"Origin": "http://localhost"},
        {"Origin": "https://localhost:8000"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_right_token_from_another_origin_is_refused(browser: Browser, headers: dict[str, str]) -> None:
    """The declared URL decides, not the Host header."""
    fields = browser.hidden("/-/profile") | {"name": "Changed"}
    assert browser.post("/-/profile", fields, headers=headers).status_code == 403
    assert "Changed" not in browser.get("/-/profile").text


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "http://localhost:8000"}, {"Sec-Fetch-Site": "same-origin"}]
)
def test_the_sites_own_form_is_taken(browser: Browser, headers: dict[str, str]) -> None:
    """With the headers that browsers send, and without."""
    fields = browser.hidden("/-/profile") | {"name": "Changed"}
    assert browser.post("/-/profile", fields, headers=headers).status_code == 302
    assert "Changed" in browser.get("/-/profile").text


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_no_page_takes_other_methods(browser: Browser, method: str) -> None:
    """405, or 400 for want of a token."""
    send: Any = getattr(browser.client, method)
    for path in POSTS:
        assert send(path, base_url=browser.base).status_code in {400, 405}


def test_a_form_too_large_is_refused(browser: Browser) -> None:
    """413 before it is read."""
    assert browser.post("/-/profile", {"name": "x" * 400_000}).status_code == 413
