"""Every page of the gate, on a phone and on a desk, in the light and in the dark: nobody is kept out of any of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from furnished_site import ADMIN, MEMBER, Furnished, furnished_site, signed_in
from gate_client import GateUnderTest, make_app, make_site
from page_walk import barriers

INSIDE = (
    "/",
    "/-/admin/people",
    "/-/admin/people?q=anna&role=analyst&state=active",
    "/-/admin/people?q=nobody-has-this",
    "/-/admin/people/{member}",
    "/-/admin/people/{member}/delete",
    "/-/admin/people/new",
    "/-/admin/people/import",
    "/-/admin/roles",
    "/-/admin/roles/editor/remove",
    "/-/admin/groups",
    "/-/admin/groups?q=nothing-has-this",
    "/-/admin/groups/field",
    "/-/admin/groups/quarter-end",
    "/-/admin/groups/field/remove",
    "/-/admin/apps",
    "/-/admin/apps/sales",
    "/-/admin/apps/broken",
    "/-/admin/apps/broken/log",
    "/-/admin/sessions",
    "/-/admin/tokens",
    "/-/admin/tokens/new",
    "/-/admin/audit",
    "/-/admin/insight",
    "/-/admin/insight/sales",
    "/-/admin/invitations",
    "/-/admin/invitations/asked",
    "/-/admin/invitations/new",
    "/-/admin/shares",
    "/-/admin/shares/new",
    "/-/profile",
    "/-/profile/address",
    "/-/password",
    "/-/security",
    "/-/security/authenticator",
    "/-/sessions",
    "/-/tokens",
    "/-/tokens/new",
    "/-/sign-in-accounts",
    "/-/my-data",
    "/-/my-data/delete",
    "/-/confirm",
    "/-/sign-out",
    "/-/crashed/broken",
)
OUTSIDE = (
    "/-/sign-in",
    "/-/sign-up",
    "/-/forgot",
    "/-/invitation/{invitation}",
    "/-/reset/{reset}",
    "/-/first-run/none",
    "/-/verify/none",
    "/-/new-address/none",
    "/-/new-account/none",
)
# What is no page, leads away from the gate, or takes what only the tests of its own part have: a mail, a provider, a
# factor that was just made, an https address.
NO_PAGES = re.compile(
    r"^/-/(api|static|check|jwks\.json|health|enter|hand-over|leaked|passkey|sso|share|frame|second-step)\b"
    r"|^/-/security/(passkeys|recovery-codes)|/export$|^/-/(home|portal|mailbox)?$|^/[a-z]*$"
)


@pytest.fixture(scope="module")
def site() -> Iterator[Furnished]:
    """A site with people and everything else in it."""
    with furnished_site() as running:
        yield running


@pytest.fixture(scope="module")
def inside(browser: Browser, site: Furnished) -> Iterator[Page]:
    """A page in which the administrator is signed in."""
    context = browser.new_context(storage_state=signed_in(browser, site))
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def outside(browser: Browser) -> Iterator[Page]:
    """A page of a stranger."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def walk(page: Page, site: Furnished, path: str) -> None:
    """Open the page and look at it in every way."""
    address = path.format(member=site.member, invitation=site.invitation, reset=site.reset)
    complaints: list[str] = []
    page.once("pageerror", lambda error: complaints.append(str(error)))
    answer = page.goto(site.url + address)
    assert answer is not None
    assert answer.status in {200, 404, 503}
    assert page.locator("h1").count() == 1
    assert barriers(page) == []
    assert complaints == []


@pytest.mark.timeout(120)
@pytest.mark.parametrize("path", INSIDE)
def test_a_page_for_people_who_are_signed_in_keeps_nobody_out(
    site: Furnished, inside: Page, path: str
) -> None:
    walk(inside, site, path)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("path", OUTSIDE)
def test_a_page_for_everybody_keeps_nobody_out(site: Furnished, outside: Page, path: str) -> None:
    walk(outside, site, path)


def test_no_page_of_the_gate_is_left_out(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A new page has to be walked here, or to be none."""
    walked = [re.sub(r"{\w+}", "x", path.partition("?")[0]) for path in (*INSIDE, *OUTSIDE)]
    with ThreadPoolExecutor(1) as other:  # Playwright's event loop runs in this thread
        pages = other.submit(pages_of_a_gate, tmp_path_factory.mktemp("gate")).result(60)
    assert [rule for rule in pages if not any(shape_of(rule).fullmatch(path) for path in walked)] == []


def pages_of_a_gate(folder: Path) -> list[str]:
    """The routes of all its pages."""
    gate = GateUnderTest(make_site(folder, make_app("sales")))
    rules = [one.rule for one in gate.app.url_map.iter_rules() if "GET" in (one.methods or ())]
    gate.close()
    return [rule for rule in rules if not NO_PAGES.search(rule)]


def shape_of(rule: str) -> re.Pattern[str]:
    """What addresses of this route look like."""
    return re.compile(re.sub(r"<[^>]+>", "[^/]+", rule))


def test_an_administrator_finds_somebody_and_changes_what_they_may(
    site: Furnished, browser: Browser, inside: Page
) -> None:
    """With the keyboard, as fast as with the mouse."""
    page = inside
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{site.url}/-/admin/people")
    page.get_by_label("Address or name").fill("anna berg")
    page.get_by_label("Address or name").press("Enter")
    page.get_by_role("link", name=MEMBER).click()
    page.get_by_label("editor").check()
    page.get_by_role("button", name="Save the roles").click()
    expect(page.get_by_role("status").first).to_contain_text("has the roles: analyst, editor")
    expect(page.get_by_label("editor")).to_be_checked()


def test_an_administrator_puts_people_into_a_group_and_takes_one_out(site: Furnished, inside: Page) -> None:
    """A button says to those who do not see it whom it is about, also after it was pressed."""
    page = inside
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{site.url}/-/admin/groups/quarter-end")
    page.get_by_label("Mail addresses").fill(f"{MEMBER}, {ADMIN}")
    page.get_by_role("button", name="Put them in").click()
    expect(page.get_by_role("status").first).to_have_text("2 put in.")
    page.get_by_role("button", name=f"Take out {ADMIN}").click()
    expect(page.get_by_role("status").first).to_contain_text("is not in quarter-end any more")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name=MEMBER).click()
    expect(page.get_by_role("link", name="quarter-end")).to_be_visible()


def test_an_administrator_restarts_an_app_and_reads_what_it_wrote(site: Furnished, inside: Page) -> None:
    """The gate asks the real supervisor on its socket."""
    page = inside
    page.goto(f"{site.url}/-/admin/apps/sales")
    page.get_by_role("button", name="Restart").click()
    expect(page.get_by_role("status").first).to_have_text("Sales has new workers.", timeout=30_000)
    page.goto(f"{site.url}/-/admin/apps/broken")
    expect(page.locator(".note.bad")).to_contain_text("the model file is missing")
    page.get_by_role("button", name="Restart").click()
    expect(page.get_by_role("status").first).to_contain_text("the model file is missing", timeout=30_000)
    page.get_by_role("link", name="Log", exact=True).click()
    expect(page.locator("pre")).to_contain_text("RuntimeError: the model file is missing")
    page.goto(f"{site.url}/-/admin/audit?action=app-restarted&person={ADMIN}")
    expect(page.locator("tbody tr")).to_have_count(2)
