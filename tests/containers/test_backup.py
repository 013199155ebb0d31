"""Backups of a site in containers: by the profile, through a pipe, and back into an empty place."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest

from checkout import Checkout, Visitor, until_healthy
from load import get
from outer_nginx import docker, need_docker

pytestmark = pytest.mark.timeout(600)

EMAIL = "ada@example.org"
KEY = pyrage.x25519.Identity.generate()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A site with an administrator, a visitor's session and the profile that makes encrypted backups."""
    need_docker()
    backups = {"COMPOSE_PROFILES": "backup", "PORTICO_BACKUP_RECIPIENTS": str(KEY.to_public())}
    checkout = Checkout(tmp_path_factory.mktemp("backup"), **backups)
    try:
        checkout.type("docker-compose up -d --build")
        until_healthy(checkout, "nginx")
        with Visitor(checkout.url) as visitor:
            visitor.make_first_account(checkout.first_run_link(), EMAIL)
        yield checkout
    finally:
        checkout.remove()


def shell(site: Checkout, line: str) -> str:
    """A line with a pipe or a redirection, typed in the clone."""
    return site.type(shlex.join(["bash", "-euo", "pipefail", "-c", line]))


def test_the_profile_makes_an_encrypted_backup_and_is_healthy_then(site: Checkout, tmp_path: Path) -> None:
    """`docker-compose cp` takes it out; it has the rows of PostgreSQL in it, and only the private key opens it."""
    until_healthy(site, "backup")
    site.type(f"docker-compose cp backup:/var/lib/portico/backups {tmp_path}")
    [made] = (tmp_path / "backups").iterdir()
    assert made.name.endswith(".tar.gz.age")
    assert made.stat().st_mode & 0o777 == 0o600
    [one] = site.containers("backup")
    assert one["HostConfig"]["ReadonlyRootfs"]
    assert one["HostConfig"]["CapDrop"] == ["ALL"]


def test_a_site_comes_back_from_a_pipe_after_everything_was_lost(site: Checkout, tmp_path: Path) -> None:
    """The volumes are removed; the session in the visitor's browser and the password survive it."""
    with Visitor(site.url) as visitor:
        visitor.sign_in(EMAIL)
        shell(site, "docker-compose exec -T dash-auth-flask portico backup - > site.tar.gz")
        site.type("docker-compose down --volumes")
        site.type("docker-compose up -d")
        until_healthy(site, "nginx")
        assert visitor.client.get("/dashboard/").status_code == 302
        site.type("docker-compose --profile backup stop dash-auth-flask backup")
        said = shell(
            site, "docker-compose run --rm -T dash-auth-flask portico restore --force --json - < site.tar.gz"
        )
        told = json.loads(said[said.index("{") : said.rindex("}") + 1])
        assert told["rows"]["person"] == 1
        assert any("before_restore" in line for line in told["kept"])
        site.type("docker-compose start dash-auth-flask")
        until_healthy(site, "dash-auth-flask")
        until_healthy(site, "nginx")
        assert visitor.client.get("/dashboard/").status_code == 200
    with Visitor(site.url) as another:
        another.sign_in(EMAIL)
    assert get(f"{site.url}/sum/", method="POST", body=b'{"data": ["1", "2"]}').body.strip() == b"3"


def test_a_site_that_runs_in_another_container_is_not_replaced(site: Checkout) -> None:
    """Its lock cannot be seen from there, its connections to the database can."""
    shell(site, "docker-compose exec -T dash-auth-flask portico backup - > site.tar.gz")
    said = shell(
        site,
        "if docker-compose run --rm -T dash-auth-flask portico restore --force - < site.tar.gz 2>&1; then exit 1; fi",
    )
    assert "other connections use the database; stop the site everywhere" in said
    with Visitor(site.url) as visitor:
        visitor.sign_in(EMAIL)
    assert docker("ps", "--quiet", "--filter", f"label=com.docker.compose.project={site.project}")
