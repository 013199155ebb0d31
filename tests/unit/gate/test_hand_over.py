"""An app on its own host gets a session of its own, which belongs to the site's."""

from __future__ import annotations

from urllib.parse import urlsplit

from werkzeug.test import TestResponse

from gate_client import Browser, GateUnderTest

LAB = "http://lab.localhost:8000"


def follow(browser: Browser, answer: TestResponse) -> TestResponse:
    """The page that a redirect leads to, on whichever host it is."""
    parts = urlsplit(answer.location)
    base = f"{parts.scheme}://{parts.netloc}" if parts.netloc else browser.base
    return browser.get(parts._replace(scheme="", netloc="").geturl(), base=base)


def check_lab(browser: Browser, app: str = "lab") -> int:
    """What the front of the app's host is told."""
    return browser.get(f"/-/check/{app}", base=LAB).status_code


def signed_in_at_lab(gate: GateUnderTest, browser: Browser) -> TestResponse:
    """Sign in on the way to the lab; the last redirect."""
    step = browser.sign_in(path=f"/-/sign-in?{LAB}/page?x=1")
    assert step.location == f"{LAB}/-/enter?next=%2Fpage%3Fx%3D1"
    step = follow(browser, step)
    assert step.location.startswith("http://localhost:8000/-/hand-over?")
    step = follow(browser, step)
    assert step.location.startswith(f"{LAB}/-/enter?ticket=")
    return step


def test_signing_in_for_an_app_on_its_own_host_leads_there(gate: GateUnderTest) -> None:
    """Three redirects, then the app's page with a session."""
    gate.person()
    browser = gate.browser()
    assert check_lab(browser) == 401
    last = follow(browser, signed_in_at_lab(gate, browser))
    assert last.location == "/page?x=1"
    assert check_lab(browser) == 204


def test_somebody_signed_in_already_is_handed_over_without_a_form(gate: GateUnderTest) -> None:
    """Only redirects."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    step = browser.get(f"/-/sign-in?{LAB}/")
    for _ in range(3):
        step = follow(browser, step)
    assert check_lab(browser) == 204


def test_the_session_of_one_host_opens_no_other_app(gate: GateUnderTest) -> None:
    """Whoever steals the cookie of the lab has the lab."""
    gate.person("anna@example.org", "admin")
    browser = gate.browser()
    follow(browser, signed_in_at_lab(gate, browser))
    thief = gate.browser()
    stolen = browser.client.get_cookie("portico_session", domain="lab.localhost")
    assert stolen
    thief.cookie = stolen.value
    assert thief.check("lab").status_code == 204
    assert thief.check("home").status_code == 401
    assert thief.get("/-/profile").status_code == 302


def test_signing_out_of_the_site_signs_out_there_too(gate: GateUnderTest) -> None:
    """The session of the host ends with its parent."""
    gate.person()
    browser = gate.browser()
    follow(browser, signed_in_at_lab(gate, browser))
    browser.post("/-/sign-out", browser.hidden("/-/sign-out"))
    assert check_lab(browser) == 401


def test_using_the_app_keeps_the_site_session_alive(gate: GateUnderTest, hands) -> None:  # type: ignore[no-untyped-def]
    """Somebody who works in the lab all day is not idle."""
    gate.person()
    browser = gate.browser()
    follow(browser, signed_in_at_lab(gate, browser))
    for _ in range(3):
        hands.move(minutes=50)
        assert check_lab(browser) == 204
    assert browser.check("home").status_code == 204


def test_a_ticket_works_once_soon_in_this_browser(gate: GateUnderTest, hands) -> None:  # type: ignore[no-untyped-def]
    """Replayed, late, or in a browser that did not ask for it, it is worth nothing."""
    gate.person()
    browser, stranger = gate.browser(), gate.browser()
    step = signed_in_at_lab(gate, browser)
    assert follow(stranger, step).status_code == 400
    assert check_lab(stranger) == 401
    step = signed_in_at_lab(gate, late := gate.browser())
    hands.move(seconds=31)
    assert follow(late, step).status_code == 400
    step = signed_in_at_lab(gate, again := gate.browser())
    assert follow(again, step).status_code == 302
    assert follow(again, step).status_code == 400


def test_tickets_are_only_for_declared_hosts(gate: GateUnderTest) -> None:
    """Nor does `next` lead anywhere else."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    for query in ("host=evil.example&state=x", "host=localhost:8000&state=x", "host=lab.localhost:8000", ""):
        assert browser.get(f"/-/hand-over?{query}").status_code == 400, query
    answer = browser.get("/-/hand-over?host=lab.localhost:8000&state=x&next=//evil.example")
    assert answer.location.startswith(f"{LAB}/-/enter?ticket=")
    assert answer.location.endswith("next=%2F")


def test_an_apps_host_shows_nothing_else_of_the_gate(gate: GateUnderTest) -> None:
    """Its pages are the site's."""
    assert gate.browser().get("/-/sign-in", base=LAB).location == "http://localhost:8000/-/sign-in"
    assert gate.browser().get("/-/profile?x=1", base=LAB).location == "http://localhost:8000/-/profile?x=1"
