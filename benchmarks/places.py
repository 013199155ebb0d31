"""In containers: build and rebuild, size, start to first answer, and what the outer nginx costs. Needs Docker."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.life import Fact, times
from benchmarks.load import Request
from benchmarks.throughput import Contender, Row, interleaved, post
from checkout import Checkout, Visitor, until_healthy
from outer_nginx import docker
from site_process import eventually

EMAIL = "someone@example.org"
NUMBERS = json.dumps({"data": ["1", "2"]})
NO_LIMIT = {"PORTICO_REQUEST_RATE": "1000000", "PORTICO_REQUEST_BURST": "1000000"}


def seconds_of(checkout: Checkout, command: str) -> float:
    """How long a command takes."""
    begin = time.perf_counter()
    checkout.type(command)
    return time.perf_counter() - begin


def build(checkout: Checkout, rounds: int) -> list[Fact]:
    """From nothing, after a change of an app, after a change of Portico; and what comes out."""
    command = f"docker build . -t {checkout.image}"
    from_nothing = seconds_of(checkout, f"{command} --no-cache")

    def changed(name: str) -> float:
        with (checkout.folder / name).open("a", encoding="utf-8") as file:
            file.write(f"# {time.time()}\n")
        return seconds_of(checkout, command)

    checkout.type("docker-compose build nginx")
    sizes = {
        what: json.loads(docker("image", "inspect", name))[0]["Size"] / 1e6
        for what, name in (
            ("image of the site", checkout.image),
            ("image of nginx", f"{checkout.project}-nginx"),
        )
    }
    return [
        Fact(
            "`docker build --no-cache`", f"{from_nothing:.1f} s", "once; what pip downloads was in its cache"
        ),
        Fact("build after a change of an app", *times(rounds, lambda: changed("apps/sum/app.py"))),
        Fact("build after a change of Portico", *times(rounds, lambda: changed("src/portico/__init__.py"))),
        *(Fact(what, f"{size:.0f} MB", "unpacked") for what, size in sizes.items()),
    ]


def until_answer(url: str) -> None:
    """Wait for the sum of 1 and 2."""

    def answers() -> bool:
        try:
            return httpx.post(url, content=NUMBERS, timeout=30).text.strip() == "3"
        except httpx.HTTPError:
            return False

    eventually(answers, 120, f"an answer from {url}")


def start(checkout: Checkout, rounds: int) -> list[Fact]:
    """From the command to the first answer of an app: one container, and everything in docker-compose.yml."""

    def alone() -> float:
        begin = time.perf_counter()
        name = docker("run", "--detach", "--publish", "127.0.0.1::5000", checkout.image).strip()
        try:
            until_answer(f"http://{docker('port', name, '5000/tcp').strip()}")
            return time.perf_counter() - begin
        finally:
            docker("rm", "--force", "--volumes", name)

    def everything() -> float:
        begin = time.perf_counter()
        checkout.type("docker-compose up -d")
        until_answer(f"{checkout.url}/sum/")
        return time.perf_counter() - begin

    def again() -> float:
        checkout.type("docker-compose rm -fs")
        return everything()

    return [
        Fact("`docker run` to the first answer", *times(rounds, alone)),
        Fact("`docker-compose up -d` on empty volumes to the first answer", f"{everything():.2f} s", "once"),
        Fact("`docker-compose up -d` to the first answer", *times(rounds, again)),
    ]


@contextmanager
def with_tls(checkout: Checkout) -> Iterator[str]:
    """A second outer nginx before the same site, by TLS; its address."""
    settings = {"PORTICO_TLS": "self-signed", "PORTICO_URL": "https://localhost"} | NO_LIMIT
    environment = [f"--env={name}={value}" for name, value in settings.items()]
    limits = ("--read-only", "--cap-drop=ALL", "--tmpfs=/run/nginx", "--memory=256m", "--cpus=1")
    network = f"--network={checkout.project}_front"
    name = docker("run", "--detach", network, *limits, *environment, f"{checkout.project}-nginx").strip()
    try:
        url = f"https://{address(name)}:8443"
        eventually(lambda: "healthy" in docker("inspect", "-f", "{{.State.Health.Status}}", name), 60)
        yield url
    finally:
        docker("rm", "--force", "--volumes", name)


def address(name: str) -> str:
    """A container's address on the network where nginx and the site meet."""
    [found] = json.loads(docker("inspect", name))
    networks: dict[str, dict[str, str]] = found["NetworkSettings"]["Networks"]
    return next(one["IPAddress"] for name, one in networks.items() if name.endswith("_front"))


def throughput(checkout: Checkout, rounds: int, seconds: float) -> list[Row]:
    """The same requests to the site by itself and through the outer nginx, past Docker's own port forwarding."""
    until_healthy(checkout, "nginx")
    with Visitor(checkout.url) as visitor:
        visitor.make_first_account(checkout.first_run_link(), EMAIL)
        cookie = "; ".join(f"{name}={value}" for name, value in visitor.client.cookies.items())
    host = ("Host", checkout.url.removeprefix("http://"))
    [site], [nginx] = checkout.containers("dash-auth-flask"), checkout.containers("nginx")
    with with_tls(checkout) as tls:
        ways = {
            "the site alone": f"http://{address(site['Id'])}:8000",
            "through nginx": f"http://{address(nginx['Id'])}:8080",
            "through nginx, TLS": tls,
        }
        rows = []
        for what, request in (
            ("sum", lambda url: post(f"{url}/sum/", NUMBERS, host)),
            (
                "Dash layout, signed in",
                lambda url: Request(f"{url}/dashboard/_dash-layout", headers=(host, ("Cookie", cookie))),
            ),
        ):
            first = f"{what}, {next(iter(ways))}"
            for way, url in ways.items():
                name = f"{what}, {way}"
                rows.append(Contender(name, request(url), None if name == first else first))
        return interleaved(rows, rounds=rounds, seconds=seconds)


def run(folder: Path, *, rounds: int, seconds: float) -> tuple[list[Fact], list[Row]]:
    """Everything of this file, in a clone of its own."""
    checkout = Checkout(folder, **NO_LIMIT)
    few = min(rounds, 5)
    try:
        facts = [*build(checkout, few), *start(checkout, few)]
        return facts, throughput(checkout, rounds, seconds)
    finally:
        checkout.remove()
