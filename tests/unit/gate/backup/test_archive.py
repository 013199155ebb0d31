"""A backup's file: whole or not there, and believed only after every sum was checked."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from portico.errors import UserError
from portico.gate.backup import Key, Seal, opened, restore, save
from portico.site import Site

from .conftest import MakePlace, inhabit

Change = Callable[[dict[str, bytes]], None]


@pytest.fixture
def source(make_place: MakePlace) -> Site:
    """A site with people."""
    site = make_place("source")
    inhabit(site)
    return site


def changed(file: Path, change: Change) -> Path:
    """The backup with its files changed by somebody."""
    with tarfile.open(file) as tar:
        files = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    change(files)
    other = file.with_name("changed.tar.gz")
    with tarfile.open(other, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return other


def refusal(file: Path) -> str:
    """Why this file is not restored."""
    with pytest.raises(UserError) as caught, opened(file, Key()):
        pass
    return str(caught.value)


def manifest_with(**values: object) -> Change:
    """Changes the manifest."""

    def change(files: dict[str, bytes]) -> None:
        files["manifest.json"] = json.dumps(json.loads(files["manifest.json"]) | values).encode()

    return change


def test_any_program_can_read_what_is_in_it(source: Site) -> None:
    """tar, gzip, JSON: rows as lines, the columns' names first, and nothing of this machine's user."""
    with tarfile.open(save(source, None, Seal()).file) as tar:
        members = {member.name: member for member in tar}
        lines = tar.extractfile("database/person.jsonl").read().decode().splitlines()  # type: ignore[union-attr]
    assert json.loads(lines[0])[:3] == ["id", "uid", "email"]
    assert json.loads(lines[1])[2] == "root@example.org"
    assert {(member.uid, member.uname, member.mode) for member in members.values()} == {(0, "", 0o600)}
    assert next(iter(members)) == "manifest.json"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda files: files.update({"secrets/session.keys": b'["known"]'}),
            "secrets/session.keys is not what was saved",
        ),
        (lambda files: files.pop("database/person.jsonl"), "database/person.jsonl is missing"),
        (lambda files: files.update({"secrets/more": b""}), "secrets/more is missing or was not there"),
        (lambda files: files.update({"../../evil": b""}), "which is no part of a backup"),
        (lambda files: files.update({"secrets/..": b""}), "which is no part of a backup"),
        (lambda files: files.pop("manifest.json"), "not a backup of Portico"),
        (lambda files: files.update({"manifest.json": b"{}"}), "manifest.json cannot be read"),
        (manifest_with(format=2, portico="9.1"), "format 2, made by Portico 9.1"),
    ],
)
def test_a_backup_that_is_not_as_it_was_made_is_refused(source: Site, change: Change, words: str) -> None:
    """With the part that is wrong."""
    assert words in refusal(changed(save(source, None, Seal()).file, change))


def test_half_a_file_and_another_file_are_refused(source: Site, tmp_path: Path) -> None:
    """One line, no traceback."""
    file = save(source, None, Seal()).file
    half = tmp_path / "half.tar.gz"
    half.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert "not a whole backup" in refusal(half)
    other = tmp_path / "portico.toml"
    other.write_text("[site]\n")
    assert "not a whole backup" in refusal(other)
    assert "No such file" in refusal(tmp_path / "nothing")


def test_a_newer_revision_is_refused_before_anything_changes(source: Site, make_place: MakePlace) -> None:
    """Whoever downgrades Portico reads what to do."""
    target = make_place("target")
    file = changed(save(source, None, Seal()).file, manifest_with(revision="9999"))
    with (
        opened(file, Key()) as backup,
        pytest.raises(UserError, match=r"revision 9999.*install the newer Portico"),
    ):
        restore(target, backup)
    assert list(target.root.iterdir()) == []


def test_what_was_unpacked_is_gone_afterwards(source: Site) -> None:
    """Secrets stay nowhere else."""
    with opened(save(source, None, Seal()).file, Key()) as backup:
        folder = backup.folder
        assert (folder / "secrets").is_dir()
    assert not folder.exists()


def test_a_backup_that_breaks_leaves_no_file(
    source: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither a half one nor a folder for the work; and the older one is still whole."""
    place = tmp_path / "backups"
    place.mkdir()
    kept = save(source, place / "latest.tar.gz", Seal()).file
    before = kept.read_bytes()
    monkeypatch.setattr("portico.gate.backup.archive.pack", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        save(source, kept, Seal())
    assert [path.name for path in place.iterdir()] == ["latest.tar.gz"]
    assert kept.read_bytes() == before


def test_a_place_that_cannot_be_written_is_one_line(source: Site, tmp_path: Path) -> None:
    """A folder that is not there."""
    with pytest.raises(UserError, match="no such folder"):
        save(source, tmp_path / "nowhere" / "backup.tar.gz", Seal())
