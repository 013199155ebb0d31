"""Three copies of the site behind nginx: one site, and none of them is missed."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from checkout import Checkout, Visitor, until_healthy
from load import Load, get
from outer_nginx import docker, need_docker
from people import make_first_account

pytestmark = pytest.mark.timeout(600)

SERVICE = "dash-auth-flask"
PATIENCE = 4  # seconds: longer than nginx keeps an address


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """Three copies that start at once on empty volumes, with workers for background callbacks."""
    need_docker()
    jobs = {"COMPOSE_PROFILES": "jobs", "PORTICO_JOBS": "celery", "PORTICO_REQUEST_RATE": "100000"}
    checkout = Checkout(tmp_path_factory.mktemp("copies"), **jobs)
    try:
        checkout.type(f"docker-compose up -d --build --scale {SERVICE}=3")
        until_healthy(checkout, "nginx")
        yield checkout
    finally:
        checkout.remove()


def asked(site: Checkout) -> Counter[str]:
    """How many requests nginx has passed on to each address."""
    lines = [
        json.loads(line[line.index("{") :])
        for line in site.logs("nginx").splitlines()
        if '"upstream"' in line
    ]
    return Counter(line["upstream"] for line in lines if line["upstream"])


def test_three_copies_share_accounts_sessions_and_jobs(site: Checkout, page: Page) -> None:
    """One sign-in holds at each; a job that one copy began is followed through the others, in a browser."""
    make_first_account(page, site.first_run_link(), "ada@example.org")
    page.goto(f"{site.url}/dashboard/certainty")
    page.get_by_role("button", name="Compute").click()
    expect(page.locator("#state")).to_have_text("Done: 1,000,000 resamples.", timeout=120_000)
    expect(page.locator("#verdict h2")).to_be_visible()
    counts = asked(site)
    assert len(counts) == 3
    assert min(counts.values()) > 5
    assert "succeeded in" in site.logs("worker")


def test_a_job_can_be_stopped(site: Checkout, page: Page) -> None:
    """The Stop button reaches the worker."""
    with Visitor(site.url) as visitor:
        visitor.sign_in("ada@example.org")
        cookie = {
            "name": "portico_session",
            "value": visitor.client.cookies["portico_session"],
            "url": site.url,
        }
        page.context.add_cookies([cookie])  # type: ignore[list-item]
    page.goto(f"{site.url}/dashboard/certainty")
    page.get_by_text("2 million").click()
    page.get_by_role("button", name="Compute").click()
    expect(page.locator("#progress")).not_to_have_attribute("value", "0", timeout=30_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Compute")).to_be_enabled()


def test_a_copy_that_is_killed_is_not_missed(site: Checkout) -> None:
    """No reading request fails while one copy dies and another is restarted."""
    first, second, _ = [one["Id"] for one in site.containers(SERVICE)]
    with Load(f"{site.url}/sum/health", threads=2) as load:
        time.sleep(1)
        docker("kill", first)
        time.sleep(PATIENCE)
        docker("restart", "--time", "30", second)
        docker("start", first)
        until_healthy(site, SERVICE, 3)
        time.sleep(PATIENCE)
    assert load.failures == []
    assert load.count > 100


def test_a_new_release_replaces_every_copy_and_no_reading_request_is_lost(site: Checkout) -> None:
    """The steps of docs/how-to/containers.md: build it, more copies, health, then the old ones go one by one.

    Who is signed in stays so, and `portico-site:1` is still there to go back to.
    """
    file = site.folder / "apps/sum/app.py"
    file.write_text(file.read_text().replace('status="ok"', 'status="second release"'), encoding="utf-8")
    old = [one["Id"] for one in site.containers(SERVICE)]
    with Visitor(site.url) as visitor, Load(f"{site.url}/sum/health", threads=2) as load:
        visitor.sign_in("ada@example.org")
        site.environment["PORTICO_RELEASE"] = "2"
        site.type(f"docker-compose build {SERVICE}")
        site.type(f"docker-compose up -d --wait --no-deps --no-recreate --scale {SERVICE}=6 {SERVICE}")
        time.sleep(PATIENCE)
        for name in old:
            docker("stop", "--time", "40", name)
            docker("rm", name)
            time.sleep(PATIENCE)
        site.type(f"docker-compose up -d --no-deps --no-recreate --scale {SERVICE}=3 {SERVICE}")
        time.sleep(PATIENCE)
        assert visitor.client.get("/dashboard/").status_code == 200
    assert load.failures == []
    assert load.count > 100
    now = site.containers(SERVICE)
    assert {one["Config"]["Labels"]["org.opencontainers.image.version"] for one in now} == {"2"}
    assert len(now) == 3
    assert not {one["Id"] for one in now} & set(old)
    assert b"second release" in get(f"{site.url}/sum/health").body
    assert len(docker("images", "--quiet", site.project).split()) == 2
