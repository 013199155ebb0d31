"""The development layer: one service, the code from the folder, reload, dev tools, this machine only."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from checkout import DEVELOPMENT, Checkout, Visitor, until_healthy
from load import get
from outer_nginx import need_docker
from people import make_first_account
from site_process import eventually

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A fresh clone after the command of the README."""
    need_docker()
    checkout = Checkout(tmp_path_factory.mktemp("development"))
    try:
        checkout.type(f"{DEVELOPMENT} up --build -d dash-auth-flask")
        until_healthy(checkout, "dash-auth-flask")
        yield checkout
    finally:
        checkout.remove()


def test_that_service_alone_runs_and_only_this_machine_reaches_it(site: Checkout) -> None:
    """One container; its port is published on loopback; read-only and without capabilities here, too."""
    assert site.services() == {"dash-auth-flask": "running"}
    [one] = site.containers()
    published = [place for places in one["NetworkSettings"]["Ports"].values() for place in places or []]
    assert published == [{"HostIp": "127.0.0.1", "HostPort": str(site.port)}]
    assert one["HostConfig"]["ReadonlyRootfs"]
    assert get(f"{site.url}/").status == 200


def test_it_starts_without_a_build_as_well(site: Checkout) -> None:
    """The same command without `--build` finds everything as it is."""
    [before] = site.containers()
    site.type(f"{DEVELOPMENT} up -d dash-auth-flask")
    [after] = site.containers()
    assert after["Id"] == before["Id"]


def test_a_change_is_served_without_a_build(site: Checkout) -> None:
    """A file saved in the folder is the program that answers, seconds later."""
    file = site.folder / "apps/sum/app.py"
    file.write_text(file.read_text().replace('status="ok"', 'status="changed"'), encoding="utf-8")
    eventually(lambda: b"changed" in get(f"{site.url}/sum/health").body, 30, "the changed answer")


def test_a_browser_shows_the_change_and_dashs_dev_tools(site: Checkout, page: Page) -> None:
    """The open page reloads by itself; the menu of the dev tools is on it."""
    make_first_account(page, site.first_run_link(), "ada@example.org")
    with page.expect_response("**/_reload-hash"):  # from then on the page knows which code it shows
        page.goto(f"{site.url}/dashboard/about")
    expect(page.locator(".dash-debug-menu, .dash-debug-menu__outer").first).to_be_attached()
    file = site.folder / "apps/dashboard/pages/about.py"
    text = file.read_text()
    assert 'TEXT = f"""' in text
    file.write_text(text.replace('TEXT = f"""', 'TEXT = f"""Seen at once.\n\n', 1), encoding="utf-8")
    expect(page.get_by_text("Seen at once")).to_be_visible(timeout=60_000)


def test_mail_is_caught_in_a_mailbox_and_its_link_works(site: Checkout) -> None:
    """Even where the site's own settings name a mail server; the link in it sets a new password."""
    (site.folder / ".env.site").write_text("PORTICO_MAIL_URL=smtp://mail.example.org\n", encoding="utf-8")
    site.type(f"{DEVELOPMENT} up -d dash-auth-flask")
    until_healthy(site, "dash-auth-flask")
    with Visitor(site.url) as visitor:
        assert "mail" in visitor.fill("/-/forgot", email="ada@example.org").text
        found = eventually(
            lambda: re.search(r"http\S+/-/reset/[\w-]+", visitor.client.get("/-/mailbox").text), 20, "a mail"
        )
        answer = visitor.fill(found.group(), password="other white columns", repeat="other white columns")
        assert answer.status_code in (302, 303), answer.text
