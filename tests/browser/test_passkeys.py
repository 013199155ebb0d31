"""Second factor and passkeys in a real browser, whose authenticator is Chromium's own virtual one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import CDPSession, Page, expect

from factor_walks import code_at
from page_walk import barriers
from people import PASSWORD, make_first_account, sign_in
from portico.gate.accounts import actions, passwords
from portico.gate.accounts.desk import open_desk
from portico.gate.audit import COMMAND_LINE
from portico.gate.models import Passkey, Person, SessionRow
from portico.site import load
from site_process import SiteProcess, free_port, short_folder

APP = "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'in']\n"
TEXT = """[site]
name = "Test Hall"
url = "http://localhost:{port}"
sign_up = "open"
[sign_in]
second_factor = ["keeper"]
[roles]
keeper = "Keeps the keys"
[apps.door]
run = "door.py"
[apps.lab]
run = "door.py"
host = "lab.localhost"
"""
ADMIN, KEEPER = "admin@example.org", "keeper@example.org"


@pytest.fixture(scope="module")
def site() -> Iterator[SiteProcess]:
    """A site at a name that browsers allow passkeys at, with an app on a host of its own."""
    with short_folder() as folder:
        Path(folder, "door.py").write_text(APP)
        port = free_port()
        with SiteProcess(Path(folder), TEXT.format(port=port), port=port) as running:
            running.url = f"http://localhost:{port}"
            yield running


@pytest.fixture(scope="module")
def people(site: SiteProcess, browser_page: Page) -> None:
    """An administrator, and somebody who must have a second factor."""
    make_first_account(browser_page, site.first_run_link(), ADMIN, "Admin")
    with open_desk(load(site.root / "portico.toml", site.env)) as db:
        hashed = passwords.hash_password(PASSWORD)
        actions.create_person(db, COMMAND_LINE, KEEPER, password_hash=hashed, roles=["keeper"])


@pytest.fixture
def forgotten(site: SiteProcess, people: None) -> Iterator[None]:
    """Whatever second factors a test leaves are reset, so that the next one begins as this one did."""
    from portico.gate.factors.actions import reset_second_factor

    yield
    here = load(site.root / "portico.toml", site.env)
    with open_desk(here) as db:
        for person in db.query(Person).all():
            reset_second_factor(db, COMMAND_LINE, here, person)


def authenticator(page: Page, *, verifies: bool = True) -> tuple[CDPSession, str]:
    """Give the page's browser a virtual authenticator, as a phone or a laptop has one; its session and id."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable", {"enableUI": False})
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": verifies,
        "isUserVerified": verifies,
        "automaticPresenceSimulation": True,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, made["authenticatorId"]


def make_passkey(page: Page, site: SiteProcess, name: str = "This laptop") -> list[str]:
    """Make a passkey on the page; the recovery codes that were shown with the first one."""
    page.goto(f"{site.url}/-/security")
    page.get_by_role("link", name="Make a passkey").click()
    page.get_by_label("What to call it").fill(name)
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_role("heading", name=re.compile("Your recovery codes|Security"))).to_be_visible()
    codes = page.locator(".codes code").all_inner_texts()
    if codes:
        page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("strong").filter(has_text=name)).to_be_visible()
    return codes


def sign_out(page: Page) -> None:
    """End the session."""
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def set_presence(session: CDPSession, number: str, enabled: bool) -> None:
    """Whether somebody touches the authenticator as soon as it asks."""
    session.send("WebAuthn.setAutomaticPresenceSimulation", {"authenticatorId": number, "enabled": enabled})


def test_a_passkey_opens_the_account_and_an_app_on_its_own_host(
    site: SiteProcess, forgotten: None, page: Page
) -> None:
    """Made under Security; then the button on the sign-in page is enough, and leads where one wanted to go."""
    session, number = authenticator(page)
    sign_in(page, f"{site.url}/-/sign-in", ADMIN)
    assert len(make_passkey(page, site)) == 10
    set_presence(session, number, False)
    sign_out(page)
    page.goto(f"http://lab.localhost:{site.port}/deep/page")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    set_presence(session, number, True)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"http://lab.localhost:{site.port}/deep/page")
    assert page.inner_text("body") == "in"


def test_the_address_field_offers_passkeys_by_itself(site: SiteProcess, forgotten: None, page: Page) -> None:
    """Conditional mediation: nothing is pressed."""
    session, number = authenticator(page)
    sign_in(page, f"{site.url}/-/sign-in", ADMIN)
    make_passkey(page, site)
    set_presence(session, number, False)
    sign_out(page)
    assert "webauthn" in (page.get_by_label("Mail address").get_attribute("autocomplete") or "")
    if not page.evaluate("PublicKeyCredential.isConditionalMediationAvailable()"):
        pytest.skip("this Chromium has no conditional mediation")
    set_presence(session, number, True)
    page.reload()
    expect(page.get_by_role("heading", name="Apps", exact=True)).to_be_visible()


def test_after_the_password_a_key_is_touched(site: SiteProcess, forgotten: None, page: Page) -> None:
    """A key without PIN is a second factor; the device is remembered on demand, and forgotten under Security."""
    authenticator(page, verifies=False)
    sign_in(page, f"{site.url}/-/sign-in", ADMIN)
    make_passkey(page, site, "Blue key")
    sign_out(page)
    sign_in(page, f"{site.url}/-/sign-in?/door/", ADMIN)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_label("Do not ask on this device for 30 days").check()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{site.url}/door/")
    page.goto(f"{site.url}/-/security")
    expect(page.get_by_role("heading", name="Remembered devices")).to_be_visible()
    sign_out(page)
    sign_in(page, f"{site.url}/-/sign-in", ADMIN)
    expect(page.get_by_role("heading", name="Apps", exact=True)).to_be_visible()


def test_a_copied_passkey_is_closed(site: SiteProcess, forgotten: None, page: Page) -> None:
    """The counter of Chromium's authenticator is behind what the site has seen."""
    session, number = authenticator(page)
    sign_in(page, f"{site.url}/-/sign-in", ADMIN)
    make_passkey(page, site)
    set_presence(session, number, False)
    sign_out(page)
    with open_desk(load(site.root / "portico.toml", site.env)) as db:
        db.query(Passkey).update({"sign_count": 1000})
        db.commit()
    set_presence(session, number, True)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert").filter(has_text="somebody may have a copy")).to_be_visible()


def test_who_must_have_a_second_factor_sets_up_an_app_before_the_first_entry(
    site: SiteProcess, forgotten: None, page: Page
) -> None:
    """With the QR code on the screen; no app opens before."""
    sign_in(page, f"{site.url}/-/sign-in?/door/", KEEPER)
    expect(page.get_by_role("heading", name="Protect your account")).to_be_visible()
    assert page.request.get(f"{site.url}/door/", max_redirects=0).status in (302, 303, 401)
    page.get_by_role("link", name="Use an authenticator app").click()
    code_image = page.get_by_role("img", name="QR code for your authenticator app")
    expect(code_image).to_be_visible()
    box = code_image.bounding_box()
    assert box is not None
    assert box["width"] > 150
    page.get_by_text("No camera?").click()
    secret = page.locator(".secret").inner_text().replace(" ", "")
    page.get_by_label("The code that the app shows now").fill(code_at(secret, datetime.now(UTC)))
    page.get_by_role("button", name="Set it up").click()
    expect(page.locator(".codes code")).to_have_count(10)
    page.get_by_role("link", name="I have kept them").click()
    page.wait_for_url(f"{site.url}/door/")


def test_a_recovery_code_opens_without_any_device(
    site: SiteProcess, forgotten: None, page: Page, new_page: Callable[..., Page]
) -> None:
    """In a browser that has no passkey and runs no scripts."""
    authenticator(page)
    sign_in(page, f"{site.url}/-/sign-in", ADMIN)
    codes = make_passkey(page, site)
    other = new_page(java_script_enabled=False)
    sign_in(other, f"{site.url}/-/sign-in", ADMIN)
    expect(other.get_by_text("A recovery code works everywhere")).to_be_visible()
    other.get_by_role("link", name="Use a recovery code").click()
    other.get_by_label("Code", exact=True).fill(codes[3])
    other.get_by_role("button", name="Go on").click()
    expect(other.get_by_role("heading", name="Apps", exact=True)).to_be_visible()


def test_a_sensitive_page_asks_for_a_passkey_first(site: SiteProcess, forgotten: None, page: Page) -> None:
    """When the sign-in was long ago; then it leads on to the page."""
    session, number = authenticator(page)
    sign_in(page, f"{site.url}/-/sign-in", ADMIN)
    make_passkey(page, site)
    with open_desk(load(site.root / "portico.toml", site.env)) as db:
        db.query(SessionRow).update({"proven_at": datetime(2020, 1, 1, tzinfo=UTC)})
        db.commit()
    page.get_by_role("link", name="Make new codes").click()
    expect(page.get_by_role("heading", name="Is it still you?")).to_be_visible()
    set_presence(session, number, True)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="New recovery codes")).to_be_visible()


def test_a_passkey_that_is_not_given_says_so_and_leaves_the_other_ways(
    site: SiteProcess, forgotten: None, page: Page
) -> None:
    """No dead page: the message is read out, and the button works again."""
    session, number = authenticator(page)
    sign_in(page, f"{site.url}/-/sign-in", ADMIN)
    make_passkey(page, site)
    sign_out_quietly(page, session, number)
    session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": number})
    authenticator(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert").filter(has_text="No passkey was used")).to_be_visible()
    expect(page.get_by_role("button", name="Use a passkey")).to_be_enabled()


def sign_out_quietly(page: Page, session: CDPSession, number: str) -> None:
    """Sign out with an authenticator that nobody touches."""
    set_presence(session, number, False)
    sign_out(page)


@pytest.mark.timeout(240)
def test_the_pages_of_the_second_factor_keep_nobody_out(
    site: SiteProcess, forgotten: None, page: Page, tmp_path: Path
) -> None:
    """On a phone and on a desk, light and dark; with the mistakes that people make."""
    session, number = authenticator(page)
    found = {}

    def look(name: str) -> None:
        found[name] = barriers(page, tmp_path, name)

    sign_in(page, f"{site.url}/-/sign-in", KEEPER)
    look("set-up")
    page.goto(f"{site.url}/-/second-step/new-passkey")
    look("first-passkey")
    page.goto(f"{site.url}/-/second-step/authenticator")
    page.get_by_text("No camera?").click()
    look("first-app")
    secret = page.locator(".secret").inner_text().replace(" ", "")
    page.get_by_label("The code that the app shows now").fill("000000")
    page.get_by_role("button", name="Set it up").click()
    look("first-app-wrong")
    page.get_by_label("The code that the app shows now").fill(code_at(secret, datetime.now(UTC)))
    page.get_by_role("button", name="Set it up").click()
    expect(page.locator(".codes code")).to_have_count(10)
    look("codes")
    page.goto(f"{site.url}/-/security")
    make_passkey(page, site)
    look("security")
    for name, path in (
        ("app", "authenticator"),
        ("passkey-new", "passkeys/new"),
        ("codes-new", "recovery-codes"),
    ):
        page.goto(f"{site.url}/-/security/{path}")
        look(name)
    page.goto(f"{site.url}/-/security")
    page.get_by_role("link", name="Change This laptop").click()
    look("passkey")
    page.goto(f"{site.url}/-/confirm?next=/-/security")
    look("confirm")
    page.get_by_label("Password", exact=True).fill("not the password")
    page.get_by_role("button", name="Go on").first.click()
    look("confirm-wrong")
    page.goto(f"{site.url}/-/security")
    sign_out_quietly(page, session, number)
    look("sign-in")
    sign_in(page, f"{site.url}/-/sign-in", KEEPER)
    look("second-step")
    page.get_by_role("link", name="Use a recovery code").click()
    look("recovery")
    page.get_by_label("Code", exact=True).fill("0000-0000-0000")
    page.get_by_role("button", name="Go on").click()
    look("recovery-wrong")
    assert {name: problems for name, problems in found.items() if problems} == {}
