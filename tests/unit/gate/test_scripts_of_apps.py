"""What a script in an app's page may do at the gate: both are on one origin, so the browser lets it ask for everything."""

from __future__ import annotations

import pytest

from gate_client import Browser, GateUnderTest, hidden_fields

FETCH = {"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}
CLICK = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin"}
PAGES = [
    "/-/",
    "/-/profile",
    "/-/sign-in",
    "/-/sign-up",
    "/-/admin/people",
    "/-/admin/people.csv",
    "/-/nothing",
]


@pytest.fixture
def browser(gate: GateUnderTest) -> Browser:
    """An administrator who is signed in."""
    gate.person("anna@example.org", "admin")
    browser = gate.browser()
    browser.sign_in()
    return browser


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("mode", ["cors", "no-cors", "same-origin"])
def test_no_script_reads_a_page_or_a_forms_token(browser: Browser, path: str, mode: str) -> None:
    """Not by an error page either, and not for a form that it made up."""
    asked = [browser.get(path, headers=FETCH | {"Sec-Fetch-Mode": mode})]
    asked.append(browser.post(path, {"name": "x"}, headers=FETCH | {"Sec-Fetch-Mode": mode}))
    for answer in asked:
        assert answer.status_code == 403
        assert answer.is_json
        assert "csrf_token" not in answer.text


def test_people_open_the_same_pages(browser: Browser) -> None:
    for path in ("/-/", "/-/profile", "/-/admin/people"):
        assert browser.get(path, headers=CLICK).status_code == 200


def test_the_gates_own_scripts_get_what_they_need(browser: Browser) -> None:
    for path in ("/-/leaked/abc", "/-/static/portico.css", "/-/passkey/options"):
        assert browser.get(path, headers=FETCH).status_code != 403, path


def test_a_script_reads_the_api_with_a_session_only_as_one_of_the_gates_pages(browser: Browser) -> None:
    """An app's page sees no form, and so has no token; without one it would read who has an account."""
    address = "/-/api/v1/people"
    assert browser.get(address, headers=FETCH).status_code == 403
    assert browser.get(address, headers=FETCH | {"X-CSRFToken": "x"}).status_code == 403
    token = hidden_fields(browser.get("/-/profile").text)["csrf_token"]
    assert browser.get(address, headers=FETCH | {"X-CSRFToken": token}).status_code == 200
    assert browser.get(address, headers=CLICK).status_code == 200


def test_two_session_cookies_are_none_and_the_planted_one_goes(browser: Browser, gate: GateUnderTest) -> None:
    """A script of a signed-in attacker's app plants the attacker's session for "/-/": nobody works in it unknowingly."""
    gate.person("evil@example.org")
    other = gate.browser()
    other.sign_in("evil@example.org")
    name = gate.site.session_cookie
    browser.client.set_cookie(name, str(other.cookie), domain="localhost", path="/-")
    answer = browser.get("/-/profile")
    assert answer.status_code == 302
    removed = [line for line in answer.headers.getlist("Set-Cookie") if "Max-Age=0" in line]
    places = {line.partition("Path=")[2].partition(";")[0] for line in removed}
    assert places >= {"/-", "/-/", "/-/profile"}
    assert "/" not in places
    assert browser.get("/-/profile").status_code == 200
    assert "anna@example.org" in browser.get("/-/profile").text
