"""A fresh clone of this repository, and the commands that people type in it, against a real Docker engine."""

from __future__ import annotations

import json
import os
import re
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx

from outer_nginx import docker
from people import PASSWORD
from site_process import eventually, free_port

ROOT = Path(__file__).parents[1]
DEVELOPMENT = "docker-compose -f docker-compose.yml -f docker-compose-development.yml"


def port_or_another(wanted: int) -> int:
    """The port that the documentation names where it is free on this machine, else one that is."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", wanted))
        except OSError:
            return free_port()
    return wanted


class Checkout:
    """A clone in `folder` and what `docker-compose` makes of it, under names and ports of its own.

    `url` is where nginx, or the development layer, publishes the site: with `as_documented` at the ports that the
    documentation names, where they are free. `variables` are those of a place, as in a file .env.
    """

    def __init__(self, folder: Path, *, as_documented: bool = False, **variables: str) -> None:
        published = port_or_another if as_documented else (lambda _: free_port())
        self.folder = folder / "clone"
        self.project = f"portico-test-{secrets.token_hex(4)}"
        self.image = f"{self.project}:latest"
        self.port = published(8000)
        self.url = f"http://localhost:{self.port}"
        names = _output(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], ROOT)
        for name in filter(None, names.split("\0")):
            if (ROOT / name).is_file():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, self.folder / name)
        self.environment = {
            **{
                key: value
                for key, value in os.environ.items()
                if not key.startswith(("PORTICO_", "COMPOSE_"))
            },
            "PATH": f"{_hyphen(folder)}{os.pathsep}{os.environ['PATH']}",
            "BUILDKIT_PROGRESS": "plain",
            "COMPOSE_ANSI": "never",
            "COMPOSE_PROJECT_NAME": self.project,
            "PORTICO_IMAGE": self.project,
            "PORTICO_PORT": str(self.port),
            "PORTICO_HTTP_PORT": str(published(80)),
            "PORTICO_HTTPS_PORT": str(published(443)),
            **variables,
        }

    def type(self, command: str, *, check: bool = True, timeout: float = 600) -> str:
        """Run a command line in the clone; what it printed. AssertionError with it when it failed."""
        done = subprocess.run(
            shlex.split(command),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert not check or done.returncode == 0, f"{command}\n{done.stdout}"
        return done.stdout

    @contextmanager
    def running(self, command: str) -> Iterator[Path]:
        """A command that goes on until the block ends, as if by Ctrl-C; the file with what it prints."""
        output = self.folder.parent / "output"
        with output.open("w") as file:
            process = subprocess.Popen(
                shlex.split(command),
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        try:
            yield output
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)

    def containers(self, service: str = "", *, running: bool = False) -> list[dict[str, Any]]:
        """What `docker inspect` says about the project's containers, of one service or of all."""
        words = ["ps", "--quiet", "--filter", f"label=com.docker.compose.project={self.project}"]
        words += ["--filter", f"label=com.docker.compose.service={service}"] if service else []
        words += [] if running else ["--all"]
        ids = docker(*words).split()
        return list(json.loads(docker("inspect", *ids))) if ids else []

    def services(self) -> dict[str, str]:
        """Every service that has a container, and that container's state."""
        return {
            one["Config"]["Labels"]["com.docker.compose.service"]: one["State"]["Status"]
            for one in self.containers()
        }

    def logs(self, service: str) -> str:
        """What the containers of a service have printed."""
        return self.type(f"docker-compose logs --no-color --no-log-prefix {service}")

    def first_run_link(self) -> str:
        """The link with which the first administrator makes an account. Of several copies each prints one; one is good."""
        log = self.type("docker-compose logs --no-color --no-log-prefix --timestamps dash-auth-flask")
        lines = sorted(line for line in log.splitlines() if "/-/first-run/" in line)
        found = [re.findall(r"http\S+/-/first-run/[\w-]+", line)[0] for line in reversed(lines)]
        with httpx.Client(verify=False) as client:  # noqa: S501 - a certificate of its own, on this machine
            return found[0] if len(found) == 1 else next(one for one in found if client.get(one).is_success)

    def remove(self) -> None:
        """Take away every container, network, volume and image of this clone."""
        for files in (
            DEVELOPMENT,
            "docker-compose",
        ):  # either has a network and a volume that the other does not know
            self.type(f'{files} --profile "*" down --volumes --remove-orphans', check=False)
        images = docker(
            "images", "--format", "{{.Repository}}:{{.Tag}}", f"--filter=reference={self.project}*"
        )
        docker("rmi", "--force", *images.split(), check=False)


class Visitor:
    """Somebody with cookies who fills in the gate's forms, at the site's public address."""

    def __init__(self, url: str) -> None:
        self.client = httpx.Client(base_url=url, timeout=30, headers={"Origin": url, "Accept": "text/html"})

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def fill(self, address: str, **fields: str) -> httpx.Response:
        """Open the page, fill in its form, send it."""
        form = _Form()
        form.feed(self.client.get(address).text)
        return self.client.post(address, data=form.hidden | fields)

    def make_first_account(self, link: str, email: str) -> None:
        """Follow the first-run link; afterwards this visitor is signed in as the administrator."""
        answer = self.fill(link, email=email, name="", password=PASSWORD, repeat=PASSWORD)
        assert answer.status_code in (302, 303), answer.text

    def sign_in(self, email: str) -> None:
        """Sign in."""
        answer = self.fill("/-/sign-in", email=email, password=PASSWORD)
        assert answer.status_code in (302, 303), answer.text


def until_healthy(checkout: Checkout, service: str, count: int = 1) -> None:
    """Wait until that many containers of the service run and are healthy."""

    def healthy() -> bool:
        states = [
            one["State"].get("Health", {}).get("Status") for one in checkout.containers(service, running=True)
        ]
        return states.count("healthy") == count

    try:
        eventually(healthy, 90, f"{count} healthy of {service}")
    except AssertionError as error:
        raise AssertionError(f"{error}\n{checkout.logs(service)[-4000:]}") from None


class _Form(HTMLParser):
    """The hidden fields of a page's forms."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        found: Mapping[str, str | None] = dict(attrs)
        if tag == "input" and found.get("type") == "hidden":
            self.hidden[found["name"] or ""] = found.get("value") or ""


def _hyphen(folder: Path) -> Path:
    """A folder with `docker-compose`, which is `docker compose` where there is no such program."""
    place = folder / "bin"
    place.mkdir()
    if shutil.which("docker-compose") is None:
        program = place / "docker-compose"
        program.write_text('#!/bin/sh\nexec docker compose "$@"\n', encoding="utf-8")
        program.chmod(0o755)
    return place


def _output(command: Sequence[str], folder: Path) -> str:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=60).stdout
