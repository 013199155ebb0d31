"""The page of one's own sessions: seeing them, ending them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from gate_client import PASSWORD, Browser, GateUnderTest

if TYPE_CHECKING:
    from conftest import Hands

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)


def signed_in(
    gate: GateUnderTest, email: str = "anna@example.org", agent: str = FIREFOX, **environ: str
) -> Browser:
    """A browser with a session of this person."""
    browser = gate.browser(HTTP_USER_AGENT=agent, **environ)
    assert browser.sign_in(email).status_code == 302
    return browser


def token(browser: Browser) -> dict[str, str]:
    """What a form of the page sends with itself."""
    return {"csrf_token": browser.hidden("/-/sessions")["csrf_token"]}


def ends(browser: Browser) -> list[str]:
    """Where the buttons of the page lead that end one session."""
    return re.findall(r"/-/sessions/\d+/end", browser.get("/-/sessions").text)


def test_the_page_names_device_and_place_of_each(gate: GateUnderTest, hands: Hands) -> None:
    """The one that asks is marked and has no button of its own."""
    gate.person()
    desktop = signed_in(gate)
    signed_in(gate, agent=SAFARI, REMOTE_ADDR="2001:db8::7")
    text = desktop.get("/-/sessions").text
    assert "Firefox on Windows" in text
    assert "Safari on iPhone" in text
    assert "192.0.2.7" in text
    assert "2001:db8::7" in text
    assert text.count("this one") == 1
    assert len(ends(desktop)) == 1


def test_the_place_is_that_of_the_last_use(gate: GateUnderTest, hands: Hands) -> None:
    """Whether an app or a page of the gate was used; the first place stays readable."""
    gate.person()
    browser = signed_in(gate)
    hands.move(seconds=20)
    browser.environ["REMOTE_ADDR"] = "203.0.113.5"
    assert browser.check("home").status_code == 204
    text = browser.get("/-/sessions").text
    assert re.search(r'Used .* from <span class="place">203\.0\.113\.5', text)
    assert "192.0.2.7" in text
    hands.move(seconds=20)
    browser.environ["REMOTE_ADDR"] = "203.0.113.6"
    browser.get("/-/sessions")
    assert "203.0.113.6" in browser.get("/-/sessions").text


def test_using_only_pages_of_the_gate_keeps_a_session_too(gate: GateUnderTest, hands: Hands) -> None:
    """The portal is use, as an app is."""
    gate.person()
    browser = signed_in(gate)
    for _ in range(3):
        hands.move(minutes=50)
        assert browser.get("/-/profile").status_code == 200


def test_ending_one_closes_its_doors_and_no_others(gate: GateUnderTest) -> None:
    """And the audit knows which."""
    gate.person()
    desktop, phone = signed_in(gate), signed_in(gate, agent=SAFARI)
    assert desktop.post(ends(desktop)[0], token(desktop)).status_code == 302
    assert phone.check("home").status_code == 401
    assert phone.get("/-/profile").status_code == 302
    assert desktop.check("home").status_code == 204
    assert "session-ended" in gate.audit()


def test_ending_all_others_keeps_this_one_and_its_own_hosts(gate: GateUnderTest) -> None:
    """What came from this session is this session."""
    gate.person()
    desktop, phone, tablet = (signed_in(gate) for _ in range(3))
    assert desktop.post("/-/sessions/end-others", token(desktop)).status_code == 302
    assert "Ended: 2" in desktop.get("/-/sessions").text
    assert [browser.check("home").status_code for browser in (desktop, phone, tablet)] == [204, 401, 401]


def test_signing_out_everywhere_ends_this_one_too(gate: GateUnderTest) -> None:
    """And says so where it leads."""
    gate.person()
    gate.person("berta@example.org")
    desktop, phone, berta = signed_in(gate), signed_in(gate), signed_in(gate, "berta@example.org")
    kept = desktop.cookie
    answer = desktop.post("/-/sessions/end-all", token(desktop))
    assert desktop.cookie is None
    assert "here and everywhere else" in desktop.get(answer.headers["Location"]).text
    desktop.cookie = kept or ""
    assert [browser.check("home").status_code for browser in (desktop, phone, berta)] == [401, 401, 204]


@pytest.mark.parametrize("path", ["/-/sessions/{}/end", "/-/sessions/end-others", "/-/sessions/end-all"])
def test_nobody_ends_what_is_not_theirs(gate: GateUnderTest, path: str) -> None:
    """Another person, a stranger, a form without its token, a GET."""
    gate.person()
    gate.person("mallory@example.org")
    anna, mallory, stranger = signed_in(gate), signed_in(gate, "mallory@example.org"), gate.browser()
    number = _number(gate, "anna@example.org")
    target = path.format(number)
    mallory.post(target, token(mallory))
    assert anna.check("home").status_code == 204
    assert stranger.post(target, {"csrf_token": stranger.hidden("/-/sign-in")["csrf_token"]}).status_code in {
        302,
        401,
    }
    assert anna.post(target).status_code == 400
    assert anna.get(target).status_code in {404, 405}
    assert anna.check("home").status_code == 204


def test_ending_takes_a_fresh_proof(gate: GateUnderTest, hands: Hands) -> None:
    """Whoever finds a browser open cannot throw its owner out everywhere."""
    gate.person()
    desktop, phone = signed_in(gate), signed_in(gate)
    data = token(desktop)
    hands.move(minutes=30)
    for path in (ends(desktop)[0], "/-/sessions/end-others", "/-/sessions/end-all"):
        assert "/-/confirm" in desktop.post(path, data).headers.get("Location", "")
    assert phone.check("home").status_code == 204
    confirm = desktop.fill("/-/confirm?next=/-/sessions", password=PASSWORD)
    assert confirm.status_code in {302, 303}
    assert desktop.post("/-/sessions/end-others", token(desktop)).status_code == 302
    assert phone.check("home").status_code == 401


def _number(gate: GateUnderTest, email: str) -> int:
    from sqlalchemy import select

    from portico.gate.models import Person, SessionRow

    with gate.desk() as db:
        found = db.scalar(select(SessionRow.id).join(Person).where(Person.email == email))
    assert found is not None
    return int(found)
