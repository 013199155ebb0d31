"""The outer nginx under test: its real image, as locked up as docker-compose.yml runs it, before stand-in sites."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from conftest import missing

ROOT = Path(__file__).parents[1]
STUB = ROOT / "tests/containers/stub_site.py"
LOCKED_UP = (
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--tmpfs=/run/nginx",
    "--memory=256m",
)


def docker(*words: str, check: bool = True, timeout: float = 120) -> str:
    """What a docker command printed, both streams; AssertionError with it when the command failed."""
    done = subprocess.run(["docker", *words], capture_output=True, text=True, timeout=timeout, check=False)
    assert not check or done.returncode == 0, f"docker {' '.join(words)}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def need_docker() -> None:
    """Skip (or fail, in CI) where no Docker engine answers."""
    if shutil.which("docker") is None or "Server Version" not in docker("info", check=False):
        missing("a Docker engine")


@contextlib.contextmanager
def image(folder: str) -> Iterator[str]:
    """The image of that folder of the repository, under a name of its own."""
    need_docker()
    name = f"portico-test-{folder.replace('/', '-')}:{secrets.token_hex(4)}"
    docker("build", "--quiet", "--tag", name, str(ROOT / folder), timeout=300)
    try:
        yield name
    finally:
        docker("rmi", "--force", name, check=False)


@dataclass
class Container:
    """One running container."""

    name: str

    def address(self) -> str:
        """Its address on its network."""
        return docker(
            "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", self.name
        ).strip()

    def published(self, inside: int, kind: str = "tcp") -> int:
        """The port on 127.0.0.1 that leads to this port of the container."""
        return int(docker("port", self.name, f"{inside}/{kind}").split("\n")[0].rsplit(":", 1)[1])

    def logs(self) -> str:
        """All it has printed."""
        return docker("logs", self.name)

    def run(self, *words: str) -> str:
        """What a command inside prints."""
        return docker("exec", self.name, *words)

    def remove(self) -> None:
        """Kill it."""
        docker("rm", "--force", "--volumes", self.name, check=False)


class Nginx(Container):
    """An outer nginx."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.url = f"http://127.0.0.1:{self.published(8080)}"
        self.tls_port = self.published(8443)

    def requests(self) -> list[dict[str, Any]]:
        """Its access log."""
        return [json.loads(line) for line in self.logs().splitlines() if line.startswith("{")]

    def workers(self) -> set[str]:
        """The ids of the worker processes that take new connections."""
        lines = self.run("sh", "-c", "grep -H '' /proc/[0-9]*/cmdline | tr '\\0' ' '").splitlines()
        titles = {line.split("/")[2]: line.partition(":")[2] for line in lines if line.startswith("/proc/")}
        return {process for process, title in titles.items() if title.strip() == "nginx: worker process"}


@dataclass
class Place:
    """A network of its own with what runs on it; all of it goes at the end."""

    nginx_image: str
    name: str = field(default_factory=lambda: f"portico-test-{secrets.token_hex(4)}")
    containers: list[Container] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)

    def start(self, image: str, *command: str, options: Sequence[str] = ()) -> str:
        """Starts a container on this network; its name."""
        name = f"{self.name}-{len(self.containers)}"
        self.containers.append(Container(name))
        docker("run", "--detach", "--name", name, "--network", self.name, *options, image, *command)
        return name

    def site(self, alias: str = "site", port: int = 8000) -> Container:
        """One copy of the stand-in site."""
        mount = f"--volume={STUB}:/stub_site.py:ro"
        name = self.start(
            "python:3.13-slim",
            "python",
            "-u",
            "/stub_site.py",
            str(port),
            options=[f"--network-alias={alias}", mount],
        )
        return Container(name)

    def volume(self, name: str) -> str:
        """A volume that lives as long as this place."""
        full = f"{self.name}-{name}"
        if full not in self.volumes:
            docker("volume", "create", full)
            self.volumes.append(full)
        return full

    def nginx(self, options: Sequence[str] = (), **settings: str) -> Nginx:
        """The outer nginx with these settings (tls="files" is PORTICO_TLS=files), healthy, on a port of 127.0.0.1."""
        values = {"upstream": "site:8000"} | settings
        environment = [f"--env=PORTICO_{name.upper()}={value}" for name, value in values.items()]
        ports = ["--publish=127.0.0.1::8080", "--publish=127.0.0.1::8443", "--publish=127.0.0.1::8443/udp"]
        nginx = Nginx(self.start(self.nginx_image, options=[*LOCKED_UP, *environment, *ports, *options]))
        wait_until(lambda: "healthy" in docker("inspect", "-f", "{{.State.Health.Status}}", nginx.name))
        return nginx

    def refused(self, **settings: str) -> str:
        """What the outer nginx says when it does not start with these settings."""
        environment = [f"--env=PORTICO_{name.upper()}={value}" for name, value in settings.items()]
        done = subprocess.run(
            ["docker", "run", "--rm", *LOCKED_UP, *environment, self.nginx_image],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode != 0
        return done.stdout + done.stderr


@contextlib.contextmanager
def place(nginx_image: str) -> Iterator[Place]:
    """An empty place."""
    here = Place(nginx_image)
    docker("network", "create", here.name)
    try:
        yield here
    finally:
        for container in here.containers:
            container.remove()
        docker("network", "rm", here.name, check=False)
        if here.volumes:
            docker("volume", "rm", "--force", *here.volumes, check=False)


def wait_until(holds: Any, seconds: float = 90) -> None:
    """Return as soon as it holds; AssertionError when it has not in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s")


def answers(url: str, **options: Any) -> bool:
    """Whether a GET succeeds."""
    try:
        return httpx.get(url, timeout=2, **options).status_code == 200
    except httpx.TransportError:
        return False


def echo(
    client: httpx.Client, path: str = "/echo", headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What the stand-in site saw of this request."""
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
