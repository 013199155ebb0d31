"""docker-compose.yml as people type it: what starts, in which order, how it is locked up, what survives."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from checkout import Checkout, Visitor, until_healthy
from load import get
from outer_nginx import docker, need_docker
from site_process import eventually

pytestmark = pytest.mark.timeout(600)

EMAIL = "ada@example.org"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A fresh clone after the two commands of the README; the administrator's account is made."""
    need_docker()
    checkout = Checkout(tmp_path_factory.mktemp("compose"), as_documented=True)
    try:
        checkout.type("docker-compose build")
        checkout.type("docker-compose up -d")
        until_healthy(checkout, "nginx")
        with Visitor(checkout.url) as visitor:
            visitor.make_first_account(checkout.first_run_link(), EMAIL)
        yield checkout
    finally:
        checkout.remove()


def test_two_commands_serve_the_site_through_nginx(site: Checkout) -> None:
    """http://localhost:8000 answers as soon as `up -d` is done; the old paths lead on; nginx is what answers."""
    assert get(f"{site.url}/").status == 200
    assert get(f"{site.url}/login").headers["location"].endswith("/-/sign-in")
    assert get(f"{site.url}/sum/", method="POST", body=b'{"data": ["1", "2"]}').body.strip() == b"3"
    assert get(f"{site.url}/dashboard/_dash-layout").status == 401
    assert site.services() == {
        "dash-auth-flask": "running",
        "nginx": "running",
        "postgres": "running",
        "secrets": "exited",
    }
    assert '"uri":"/login"' in site.logs("nginx")


def test_typing_it_again_changes_nothing(site: Checkout) -> None:
    """Nothing is replaced, no password is made anew."""
    before = {one["Id"] for one in site.containers()}
    site.type("docker-compose -f docker-compose.yml up -d")
    assert {one["Id"] for one in site.containers()} == before
    assert site.logs("secrets").count("made the password of: database") == 1


def test_only_nginx_can_be_reached_from_outside(site: Checkout) -> None:
    """No other container publishes a port; the database's network leads nowhere else."""
    published = {
        one["Config"]["Labels"]["com.docker.compose.service"]
        for one in site.containers()
        if any(one["NetworkSettings"]["Ports"].values())
    }
    assert published == {"nginx"}
    networks = json.loads(docker("network", "inspect", f"{site.project}_data", f"{site.project}_jobs"))
    assert all(network["Internal"] for network in networks)


@pytest.mark.parametrize("service", ["dash-auth-flask", "nginx", "postgres", "secrets"])
def test_every_container_is_locked_up(site: Checkout, service: str) -> None:
    """Read-only, no capability, no new privilege, no root, bounds on memory, cpu, processes and logs."""
    [one] = site.containers(service)
    host = one["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    added = [name.removeprefix("CAP_") for name in host["CapAdd"] or []]
    assert added == (["CHOWN"] if service == "secrets" else [])
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert host["Memory"] > 0
    assert host["NanoCpus"] > 0
    assert host["PidsLimit"] > 0
    assert host["LogConfig"]["Config"] == {"max-size": "10m", "max-file": "5"}
    assert host["RestartPolicy"]["Name"] == ("no" if service == "secrets" else "unless-stopped")
    assert (one["Config"]["User"] in ("", "0:0", "root")) == (service == "secrets")


def test_passwords_are_in_files_that_only_their_user_reads(site: Checkout) -> None:
    """Mode 0400, one owner each; no variable and no command line holds one."""
    inside = ("docker-compose", "exec", "-T")
    listing = site.type(
        " ".join([*inside, "dash-auth-flask", "find /run/secrets -type f -printf '%U:%m:%f\\n'"])
    )
    assert set(listing.split()) >= {"999:400:password", "10001:400:url"}
    assert "Permission denied" in site.type(
        " ".join([*inside, "dash-auth-flask", "cat /run/secrets/database/password"]), check=False
    )
    url = site.type(" ".join([*inside, "dash-auth-flask", "cat /run/secrets/database/url"]))
    password = url.partition("portico:")[2].partition("@")[0]
    assert len(password) == 64
    assert password not in json.dumps(site.containers())
    assert password not in site.type("docker-compose logs")


def test_accounts_are_in_postgresql_and_outlive_the_containers(site: Checkout) -> None:
    """`docker-compose rm -fs`, then `up -d`: who had an account has it still, and so has who was signed in."""
    query = "psql -U portico -tAc 'select email from person'"
    assert site.type(f"docker-compose exec -T postgres {query}").strip() == EMAIL
    with Visitor(site.url) as visitor:
        visitor.sign_in(EMAIL)
        site.type("docker-compose rm -fs")
        assert site.services() == {}
        site.type("docker-compose up -d")
        until_healthy(site, "nginx")
        assert visitor.client.get("/dashboard/").status_code == 200


def test_nginx_finds_the_site_at_a_new_address(site: Checkout) -> None:
    """Another container has taken the old address meanwhile. Until then people get a page that says to wait."""
    [one] = site.containers("dash-auth-flask")
    network = f"{site.project}_front"
    before = one["NetworkSettings"]["Networks"][network]["IPAddress"]
    site.type("docker-compose stop dash-auth-flask")
    away = get(f"{site.url}/", {"Accept": "text/html"})
    assert away.status in (502, 503, 504)
    assert away.headers["retry-after"] == "2"
    squatters = []
    try:
        while before not in _addresses(network):  # Docker gives away the lowest address that is free
            squatters.append(
                docker("run", "--detach", "--network", network, "postgres:17", "sleep", "60").strip()
            )
            assert len(squatters) < 5
        site.type("docker-compose start dash-auth-flask")
        until_healthy(site, "dash-auth-flask")
        [one] = site.containers("dash-auth-flask")
        assert one["NetworkSettings"]["Networks"][network]["IPAddress"] != before
        eventually(lambda: get(f"{site.url}/").status == 200, 10, "an answer from the new address")
    finally:
        docker("rm", "--force", "--volumes", *squatters)


def test_a_site_that_dies_is_started_again(site: Checkout) -> None:
    """The supervisor is killed as the kernel would when memory runs out."""
    [one] = site.containers("dash-auth-flask")
    # The container may take the shell that gave the order with it
    docker("exec", one["Id"], "sh", "-c", "kill -9 $(cat /tmp/portico/lock)", check=False)
    eventually(lambda: site.containers("dash-auth-flask")[0]["RestartCount"] == 1, 20, "a restart")
    until_healthy(site, "dash-auth-flask")
    eventually(lambda: get(f"{site.url}/").status == 200, 10, "an answer")


def test_watch_builds_and_replaces_the_site_after_a_change(site: Checkout) -> None:
    """`docker-compose watch`: what is saved in the folder is, soon, in the image that answers."""
    file = site.folder / "apps/sum/app.py"

    def watched() -> bool:
        try:
            return b"watched" in get(f"{site.url}/sum/health").body
        except OSError:  # this is development: whoever asks while nginx is replaced as well is cut off
            return False

    with site.running("docker-compose watch") as output:
        eventually(lambda: "atch" in output.read_text(), 120, "it watches")
        file.write_text(file.read_text().replace('status="ok"', 'status="watched"'), encoding="utf-8")
        eventually(watched, 120, "the changed answer")


def _addresses(network: str) -> set[str]:
    """The addresses that are taken on a network."""
    [found] = json.loads(docker("network", "inspect", network))
    return {one["IPv4Address"].partition("/")[0] for one in found["Containers"].values()}
