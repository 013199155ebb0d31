"""Names of backups, and which are kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gate_client import make_site
from portico.gate.backup import naming

START = datetime(2030, 1, 1, 23, 59, 59, tzinfo=UTC)


def test_the_newest_of_this_site_are_kept_encrypted_or_not(tmp_path: Path) -> None:
    """Other sites' backups and other files stay."""
    site = make_site(tmp_path, name="Example & Sons: Analytics")
    other = replace(site, name="Example")
    names = [naming.name(site, START + timedelta(days=day), ".age" if day % 2 else "") for day in range(5)]
    strangers = [naming.name(other, START, ""), "notes.txt", f"{names[0]}.partial"]
    assert names[0] == "example-sons-analytics-20300101T235959Z.tar.gz"
    for name in (*names, *strangers):
        (tmp_path / name).touch()
    assert [path.name for path in naming.remove_old(site, tmp_path / names[4], 2)] == names[2::-1]
    assert {path.name for path in tmp_path.iterdir()} == {*names[3:], *strangers}


def test_a_site_whose_name_has_no_letter_still_has_names(tmp_path: Path) -> None:
    """A file's name must not begin with a dash."""
    assert naming.name(make_site(tmp_path, name="雅典"), START, "") == "portico-20300101T235959Z.tar.gz"


def test_the_backup_just_made_is_kept_whatever_the_clock_says(tmp_path: Path) -> None:
    """Others may be from a time when the clock was wrong."""
    site = make_site(tmp_path)
    made, future = (tmp_path / naming.name(site, START + timedelta(days=day), "") for day in (0, 365))
    made.touch()
    future.touch()
    assert naming.remove_old(site, made, 1) == [future]
    assert made.exists()
