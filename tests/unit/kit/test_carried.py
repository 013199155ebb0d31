"""The kit's files are the repository's own: one copy, complete, in the wheel byte for byte."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from portico.kit import CARRIED, PLACES, carried

ROOT = Path(__file__).parents[3]
# What a file at the repository's top is called that is about a place. deploy's kubernetes/ is not the kit's.
OF_PLACES = (
    "Dockerfile*",
    ".dockerignore",
    "docker-compose*.yml",
    "Vagrantfile*",
    "nginx",
    "cloud-init",
    "systemd",
)


def known_to_git(*names: str) -> set[str]:
    """The files that git tracks, or would if they were added, among these names."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *names]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    return {name for name in listing.split("\0") if name and (ROOT / name).is_file()}


def test_every_place_file_at_the_top_of_the_repository_is_in_the_kit() -> None:
    assert sorted({path.name for pattern in OF_PLACES for path in ROOT.glob(pattern)}) == sorted(CARRIED)


def test_the_kit_is_what_the_repository_has_and_nothing_beside_it() -> None:
    assert set(carried(PLACES)) == known_to_git(*CARRIED)


def test_a_checkout_reads_its_own_files() -> None:
    assert all((ROOT / path).read_bytes() == content for path, content in carried(PLACES).items())


def test_no_file_needs_to_be_executable() -> None:
    """A wheel and a copy may lose that bit."""
    assert [path for path in carried(PLACES) if (ROOT / path).stat().st_mode & 0o111] == []


def test_the_hook_that_fills_the_wheel_is_inside_what_an_image_is_built_from() -> None:
    hook = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"][
        "hooks"
    ]
    assert hook["custom"]["path"].startswith("src/")
    assert (ROOT / hook["custom"]["path"]).is_file()


# -- The wheel ----------------------------------------------------------------------------------------------------


def pip(*words: str | Path) -> None:
    """pip of this environment, without an index."""
    command = [sys.executable, "-m", "pip", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    return next(folder.glob("portico-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `portico` of a fresh environment with that wheel, and the libraries of this one."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, symlinks=True)
    python = folder / "bin/python"
    pip("--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel)
    own = next(folder.glob("lib/python*/site-packages"))
    libraries = next(Path(path) for path in sys.path if path.endswith("site-packages"))
    (own / "libraries.pth").write_text(f"{libraries}\n")
    return folder / "bin/portico"


def test_the_wheel_has_every_file_byte_for_byte(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        prefix = "portico/kit/files/"
        packed = {
            name.removeprefix(prefix): archive.read(name)
            for name in archive.namelist()
            if name.startswith(prefix)
        }
        assert packed == carried(PLACES)
        assert "carry_kit.py" not in archive.namelist()


def test_an_installed_portico_writes_the_files_of_its_wheel(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("from flask import Flask\n\napp = Flask(__name__)\n")

    def init(*words: str) -> tuple[int, str]:
        command = [installed, "init", *words]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    code, told = init("--docker")
    assert (code, "Wrote " in told) == (0, True), told
    assert all((tmp_path / path).read_bytes() == content for path, content in carried(["docker"]).items())
    code, told = init("--check")
    assert (code, told.splitlines()[-1]) == (0, "Up to date."), told


def test_a_build_without_the_files_makes_a_wheel_without_them(tmp_path: Path) -> None:
    """An image is built from pyproject.toml and src alone; its `portico init` says so."""
    for name in known_to_git("pyproject.toml", "README.md", "LICENSE", "src"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    words = (
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        "--no-compile",
        "--target",
    )
    pip(*words, tmp_path / "installed", tmp_path)
    site = tmp_path / "site"
    site.mkdir()
    (site / "app.py").write_text("from flask import Flask\n\napp = Flask(__name__)\n")
    done = subprocess.run(
        [sys.executable, "-m", "portico", "init", "--docker"],
        cwd=site,
        env={"PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "this installation of Portico carries no files" in done.stderr
    assert sorted(path.name for path in site.iterdir()) == ["app.py"]
