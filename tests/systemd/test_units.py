"""The units of systemd/: correct, and closed as far as a site allows. systemd's own programs say so."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import program

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "systemd").glob("portico*.*"))
EXECUTABLE = "/srv/portico/.venv/bin/portico"
MOST_EXPOSURE = 1.5  # 0 is a service that can do nothing, 10 one that can do everything


@pytest.fixture(scope="session")
def systemd_analyze() -> Path:
    """systemd's checker; it needs no running systemd."""
    return program("systemd-analyze")


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """The units, with the executable of this checkout in the place of the one that users have."""
    here = Path(sys.executable).with_name("portico")
    for unit in UNITS:
        (tmp_path / unit.name).write_text(unit.read_text().replace(EXECUTABLE, str(here)))
    return sorted(tmp_path.iterdir())


def test_systemd_finds_nothing_wrong(systemd_analyze: Path, units: list[Path]) -> None:
    """No unknown setting, no missing executable, no unit that names another in vain."""
    done = subprocess.run(
        [systemd_analyze, "verify", "--man=no", *units],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "portico" in line]
    assert (done.returncode, ours) == (0, [])


@pytest.mark.parametrize(
    "unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda unit: unit.name
)
def test_a_service_is_closed(systemd_analyze: Path, unit: Path) -> None:
    """`systemd-analyze security` gives a number for what a service could do if it were taken over."""
    done = subprocess.run(
        [systemd_analyze, "security", "--offline=true", "--no-pager", unit],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={"LC_ALL": "C.UTF-8"},
    )
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert exposure
    assert float(exposure[1]) <= MOST_EXPOSURE


def test_the_timer_s_times_are_times(systemd_analyze: Path) -> None:
    """systemd can say when the next backup is."""
    times = re.findall(
        r"^OnCalendar=(.+)$", (ROOT / "systemd/portico-backup.timer").read_text(), re.MULTILINE
    )
    assert times
    subprocess.run([systemd_analyze, "calendar", *times], check=True, capture_output=True, timeout=60)


def test_what_is_rendered_for_another_site_is_in_known_places() -> None:
    """User, folder and executable are written the same way everywhere, so that `portico init` can put others there."""
    for unit in (ROOT / "systemd").glob("*.service"):
        text = unit.read_text()
        assert "User=portico\nGroup=portico\nWorkingDirectory=/srv/portico\n" in text
        assert set(re.findall(r"^Exec\w+=(\S+)", text, re.MULTILINE)) == {EXECUTABLE}


def test_the_user_and_the_folder_of_the_backups_are_made(tmp_path: Path) -> None:
    """By systemd's own programs, from the two files beside the units."""
    (tmp_path / "etc").mkdir()
    user = ROOT / "systemd/sysusers.conf"
    subprocess.run([program("systemd-sysusers"), f"--root={tmp_path}", user], check=True, timeout=60)
    assert re.search(r"^portico:.*:/var/lib/portico:", (tmp_path / "etc/passwd").read_text(), re.MULTILINE)
    folder = ROOT / "systemd/tmpfiles.conf"
    subprocess.run(
        [program("systemd-tmpfiles"), "--create", f"--root={tmp_path}", folder], check=True, timeout=60
    )
    assert (tmp_path / "var/backups/portico").stat().st_mode & 0o777 == 0o700
