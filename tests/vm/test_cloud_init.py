"""cloud-init/user-data.yaml: what cloud-init itself says of it, and the script in it, run beside a Docker that writes
down what it is told."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from conftest import program

ROOT = Path(__file__).parents[2]
USER_DATA = ROOT / "cloud-init" / "user-data.yaml"


def test_cloud_init_accepts_it() -> None:
    """Its own schema."""
    done = subprocess.run(
        [program("cloud-init"), "schema", "--config-file", USER_DATA],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, "Valid" in done.stdout) == (0, True), done.stdout + done.stderr


class Machine:
    """A folder in the place of a machine's root, with a `docker` that writes down what it is told."""

    def __init__(self, root: Path) -> None:
        self.site, self.place, self.log = root / "site", root / "place", root / "log"
        script = re.search(
            r"path: /usr/local/sbin/portico-up\n.*?content: \|\n(.*?)\n\n", USER_DATA.read_text(), re.DOTALL
        )
        assert script
        text = "\n".join(line[6:] for line in script[1].splitlines())
        self.script = root / "portico-up"
        self.script.write_text(
            text.replace("/srv/site", str(self.site)).replace("/etc/portico/place", str(self.place))
        )
        programs = root / "bin"
        programs.mkdir()
        for name in ("docker", "git"):
            (programs / name).write_text(f'#!/bin/sh\necho "{name} $*" >> {self.log}\n')
            (programs / name).chmod(0o755)
        self.path = f"{programs}:/usr/bin:/bin"

    def up(self, place: str) -> str:
        """Run portico-up; returns what it says."""
        self.place.write_text(place)
        done = subprocess.run(
            ["sh", self.script],
            env={"PATH": self.path},
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        return done.stdout

    def told(self) -> list[str]:
        """What docker and git were told."""
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine that has not started yet."""
    return Machine(tmp_path)


def test_a_site_that_is_there_is_built_and_run_as_vagrant_does(machine: Machine) -> None:
    """The same image, name, ports, volume, restrictions."""
    machine.site.mkdir()
    (machine.site / "Dockerfile").touch()
    machine.up("REPOSITORY=\nPORTICO_URL=https://apps.example.com\n")
    build, _remove, run = machine.told()
    assert build == f"docker build --tag flask_app:latest {machine.site}"
    vagrant = (ROOT / "Vagrantfile").read_text()
    arguments = " ".join(re.findall(r'"(--.*?)"', vagrant))
    for option in re.findall(r"--\w[\w-]*(?: [^-\s]\S*)?", arguments):
        assert option in build + run, option
    assert "--restart always" in run
    assert "--env PORTICO_URL=https://apps.example.com" in run


def test_a_repository_is_fetched_when_nothing_is_there(machine: Machine) -> None:
    """And without either, it says what to do and does nothing."""
    assert "put a site into" in machine.up("REPOSITORY=\nPORTICO_URL=http://localhost:8000\n")
    assert machine.told() == []
    machine.up("REPOSITORY=https://git.example.org/site.git\nPORTICO_URL=http://localhost:8000\n")
    assert machine.told()[0] == f"git clone --depth 1 https://git.example.org/site.git {machine.site}"
