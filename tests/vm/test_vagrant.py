"""The Vagrantfile: valid for both providers, and, where PORTICO_TEST_VM=1 gives it the minutes, a real machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import missing, program

from .conftest import BOXES, NEEDS_TIME

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BASE_IMAGE = re.compile(r"^(?:ARG PYTHON=|FROM )([a-z][\w./-]*:[\w.-]+)", re.MULTILINE)


@pytest.fixture
def project() -> Iterator[Path]:
    """The project as a fresh clone has it."""
    with tempfile.TemporaryDirectory(prefix="p-vm-", dir="/var/tmp") as folder:
        names = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout.decode()
        for name in filter(None, names.split("\0")):
            target = Path(folder) / "project" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_file():
                shutil.copy(ROOT / name, target)
        yield Path(folder) / "project"


@pytest.mark.parametrize("provider", ["libvirt", "virtualbox"])
def test_vagrant_accepts_the_file_for_each_provider(provider: str, tmp_path: Path) -> None:
    """`vagrant validate` looks at the chosen provider only; VBoxManage here only tells its version."""
    vagrant = program("vagrant")
    shutil.copy(ROOT / "Vagrantfile", tmp_path)
    environ = os.environ | {
        "VAGRANT_HOME": str(tmp_path / "home"),
        "VAGRANT_CHECKPOINT_DISABLE": "1",
        "VAGRANT_DEFAULT_PROVIDER": provider,
        "PATH": f"{HERE}:{os.environ['PATH']}",
    }
    done = subprocess.run(
        [vagrant, "validate"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_port_is_forwarded_from_this_machine_alone() -> None:
    """Nothing listens on the host's other addresses."""
    text = (ROOT / "Vagrantfile").read_text()
    assert 'HERE = "127.0.0.1"' in text
    forwards = re.findall(r"config\.vm\.network (.*)", text)
    assert len(forwards) == 2
    assert all(
        forward.startswith('"forwarded_port"') and forward.endswith("host_ip: HERE") for forward in forwards
    )


def box(name: str, suite: str, packages: str) -> Path:
    """A box of Debian's packages, made when it is not there yet."""
    file = BOXES / f"{name}.box"
    if not file.exists():
        BOXES.mkdir(parents=True, exist_ok=True)
        subprocess.run([HERE / "build-box.sh", suite, packages, file], check=True, timeout=600)
    return file


def in_isolation(script: Path, project: Path, **environ: str) -> None:
    """Run the script in namespaces with a libvirt of their own; it must end with [done]. With -s one can watch it."""
    for part in ("vagrant", "slirp4netns", "mmdebstrap", "virsh", "qemu-system-x86_64"):
        if shutil.which(part) is None:
            missing(part)
    process = subprocess.Popen(
        [HERE / "isolated.sh", script],
        cwd=project,
        env=os.environ | environ | {"NET": "1", "S": str(project.parent / "state")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    end = threading.Timer(2700, process.terminate)
    end.start()
    assert process.stdout is not None
    line = ""
    for line in process.stdout:
        if "Progress: " not in line:
            print(line, end="", flush=True)
    process.wait(60)
    end.cancel()
    assert line == "[done]\n"


def save_images(folder: Path) -> None:
    """The base image, and the layers of ours as a cache: pip under emulation would take a quarter of an hour."""
    folder.mkdir()
    docker = program("docker")
    names = [BASE_IMAGE.findall((ROOT / "Dockerfile").read_text())[0]]
    for stage in ("base", "packages"):
        names.append(f"portico-stage:{stage}")
        inline = ["--build-arg", "BUILDKIT_INLINE_CACHE=1", "--target", stage, "--tag", names[-1]]
        subprocess.run([docker, "build", "--quiet", *inline, ROOT], check=True, timeout=900)
    subprocess.run([docker, "save", "-o", folder / "images.tar", *names], check=True, timeout=300)
    (folder / "images.tar").chmod(0o644)


@NEEDS_TIME
@pytest.mark.timeout(3600)
def test_a_machine_serves_the_site_and_again_after_a_reboot(project: Path) -> None:
    """`vagrant up`, the curl of the README, `vagrant reload`, the curl again, `vagrant destroy`."""
    save_images(project.parent / "images")
    in_isolation(
        HERE / "vagrant-up.sh",
        project,
        BOX=str(box("trixie-docker", "trixie", "docker.io,docker-cli,docker-buildx,iptables")),
        TEST_IMAGES=str(project.parent / "images"),
        HOME_VAGRANTFILE=str(HERE / "home-Vagrantfile"),
    )


@NEEDS_TIME
@pytest.mark.timeout(3600)
def test_the_systemd_units_serve_save_and_survive_in_a_real_systemd(project: Path) -> None:
    """The unit's sandbox with everything in it: start, reload, a backup by the timer's service, kill -9, reboot."""
    if sys.version_info[:2] != (3, 11):
        pytest.skip("the packages of this checkout's .venv are for another Python than the box has (3.11)")
    packages = ROOT / ".venv" / "lib" / "python3.11" / "site-packages"
    in_isolation(
        HERE / "systemd-up.sh",
        project,
        BOX=str(box("bookworm-python", "bookworm", "python3-venv,nginx-light")),
        PACKAGES=str(packages),
        HOME_VAGRANTFILE=str(HERE / "home-Vagrantfile"),
    )
