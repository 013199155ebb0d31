"""A backup put in a new place is the same site: people, roles, sessions, audit, secrets, on either database."""

from __future__ import annotations

import itertools
import json
import os
import stat
import threading
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from gate_client import GateUnderTest
from portico.errors import UserError
from portico.gate.accounts import actions
from portico.gate.accounts.desk import open_desk
from portico.gate.audit import COMMAND_LINE
from portico.gate.backup import Key, Restored, Seal, opened, restore, save
from portico.site import Site

from .conftest import MakePlace, everything, inhabit

KINDS = ["sqlite", "postgresql"]
NO_SEAL, NO_KEY = Seal(), Key()


def put(file: Path, site: Site, **how: bool) -> Restored:
    """Restore the backup into that place."""
    with opened(file, NO_KEY) as backup:
        return restore(site, backup, **how)


@pytest.mark.parametrize("to", KINDS)
@pytest.mark.parametrize("of", KINDS)
def test_the_new_place_has_everything_and_lets_people_in(make_place: MakePlace, of: str, to: str) -> None:
    """Every row, the secrets, the old password, the session in the browser; and one line more in the audit."""
    source, target = make_place("source", of), make_place("target", to)
    token = inhabit(source)
    saved = save(source, None, NO_SEAL)
    before = everything(source)
    assert saved.rows["person"] == 3
    put(saved.file, target)
    after = everything(target)
    assert after["rows"]["audit"].pop()[2:4] == ["command line", "site-restored"]
    assert after == before
    gate = GateUnderTest(target)
    assert gate.browser().sign_in().status_code == 302
    returning = gate.browser()
    returning.cookie = token
    assert returning.check("sales").status_code == 204
    gate.close()


@pytest.mark.parametrize(("of", "to"), [("sqlite", "postgresql"), ("postgresql", "sqlite")])
def test_an_id_that_was_given_out_is_never_given_again(make_place: MakePlace, of: str, to: str) -> None:
    """Also when its row had gone before the backup: a ticket for a session that ended must not mean another."""
    source, target = make_place("source", of), make_place("target", to)
    inhabit(source)
    engine = create_engine(source.database_url)
    with engine.begin() as connection:
        last = connection.execute(text("SELECT max(id) FROM session")).scalar()
        connection.execute(text("DELETE FROM session"))
    engine.dispose()
    put(save(source, None, NO_SEAL).file, target)
    gate = GateUnderTest(target)
    gate.browser().sign_in()
    gate.close()
    engine = create_engine(target.database_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT min(id) FROM session")).scalar() > last
    engine.dispose()


@pytest.mark.parametrize("to", KINDS)
def test_a_site_that_is_there_stays_unless_forced_and_is_kept_beside(make_place: MakePlace, to: str) -> None:
    """The refusal changes nothing; --force keeps secrets and database of before."""
    source, target = make_place("source"), make_place("target", to)
    inhabit(source)
    GateUnderTest(target).close()
    file, before = save(source, None, NO_SEAL).file, everything(target)
    with pytest.raises(UserError, match="there is a site here already; --force"):
        put(file, target)
    assert everything(target) == before
    done = put(file, target, force=True)
    assert everything(target)["secrets"] == everything(source)["secrets"]
    old_secrets = next(Path(line) for line in done.kept if "secrets" in line)
    assert {path.name: path.read_text() for path in old_secrets.iterdir() if path.name[0] != "."} == before[
        "secrets"
    ]
    assert any(
        "before-restore" in line or "before_restore" in line for line in done.kept if line != str(old_secrets)
    )
    assert len(set(done.kept + put(file, target, force=True).kept)) == 4


def test_what_force_kept_on_sqlite_is_a_whole_database(make_place: MakePlace) -> None:
    """Renaming it back undoes the restore."""
    source, target = make_place("source"), make_place("target")
    inhabit(source)
    inhabit(target)
    count = len(everything(target)["rows"]["audit"])
    done = put(save(source, None, NO_SEAL).file, target, force=True)
    kept = next(line for line in done.kept if "portico.db" in line)
    engine = create_engine(f"sqlite:///{kept}")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM audit")).scalar() == count
    engine.dispose()


@pytest.mark.parametrize("to", KINDS)
def test_a_database_that_somebody_has_open_is_not_replaced(make_place: MakePlace, to: str) -> None:
    """The site may run where the lock cannot be seen: in another container."""
    source, target = make_place("source"), make_place("target", to)
    inhabit(source)
    inhabit(target)
    file, before = save(source, None, NO_SEAL).file, everything(target)
    engine = create_engine(target.database_url)
    with engine.connect() as elsewhere:
        elsewhere.execute(text("SELECT count(*) FROM person")).scalar()
        with pytest.raises(UserError, match="stop the site"):
            put(file, target, force=True)
    engine.dispose()
    assert everything(target) == before


def test_a_restore_that_breaks_leaves_what_was(
    make_place: MakePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows first into a database that nobody uses yet."""
    from portico.gate.backup import tables

    source, target = make_place("source"), make_place("target")
    inhabit(source)
    inhabit(target)
    file, before = save(source, None, NO_SEAL).file, everything(target)
    monkeypatch.setattr(tables, "_move_on", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        put(file, target, force=True)
    assert everything(target) == before
    assert sorted(path.name for path in target.state.iterdir()) == ["portico.db", "secrets", "secrets.lock"]


def test_ending_sessions_lets_nobody_in_who_does_not_sign_in(make_place: MakePlace) -> None:
    """For a place where somebody's session may have been ended since the backup."""
    source, target = make_place("source"), make_place("target")
    token = inhabit(source)
    put(save(source, None, NO_SEAL).file, target, end_sessions=True)
    gate = GateUnderTest(target)
    returning = gate.browser()
    returning.cookie = token
    assert returning.check("home").status_code == 401
    assert gate.browser().sign_in().status_code == 302
    gate.close()


def test_restored_files_are_closed_to_others(make_place: MakePlace) -> None:
    """The backup, the database, the secrets and their folders."""
    source, target = make_place("source"), make_place("target")
    inhabit(source)
    file = save(source, None, NO_SEAL).file
    put(file, target)
    secrets = target.state / "secrets"
    for path in (file, target.state / "portico.db", *secrets.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    for path in (file.parent, target.state, secrets):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700, path


def test_the_site_file_goes_along_and_never_replaces_one_that_differs(make_place: MakePlace) -> None:
    """An empty place gets it; a place with its own keeps that and finds the other in its state folder."""
    from dataclasses import replace

    source, empty, other = make_place("source"), make_place("empty"), make_place("other")
    (source.root / "portico.toml").write_text('[site]\nname = "Example"\n')
    (other.root / "portico.toml").write_text('[site]\nname = "Other"\n')
    source = replace(source, file=source.root / "portico.toml")
    inhabit(source)
    file = save(source, None, NO_SEAL).file
    assert put(file, empty).notes == [f"{empty.root}/portico.toml is the backup's"]
    assert (empty.root / "portico.toml").read_text() == '[site]\nname = "Example"\n'
    assert "yours stays" in put(file, other).notes[0]
    assert (other.root / "portico.toml").read_text() == '[site]\nname = "Other"\n'
    assert (other.state / "portico.toml.from-backup").read_text() == '[site]\nname = "Example"\n'
    assert put(file, empty, force=True).notes == []


def test_what_was_never_served_has_nothing_to_save(make_place: MakePlace) -> None:
    """One line, and no file."""
    site = make_place("source")
    with pytest.raises(UserError, match="never served"):
        save(site, site.root, NO_SEAL)
    assert list(site.root.iterdir()) == []


def test_a_place_of_another_user_is_not_touched(
    make_place: MakePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The site's own user could not read what root restored."""
    source, target = make_place("source"), make_place("target")
    inhabit(source)
    inhabit(target)
    file, before = save(source, None, NO_SEAL).file, everything(target)
    monkeypatch.setattr(os, "geteuid", lambda: target.state.stat().st_uid + 1)
    with pytest.raises(UserError, match="restore as that user"):
        put(file, target, force=True)
    assert everything(target) == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_is_one_moment(make_place: MakePlace, kind: str) -> None:
    """While somebody adds people, each of them is in a backup with a line in its audit, or not at all."""
    site = make_place("source", kind)
    GateUnderTest(site).close()
    stop, began = threading.Event(), threading.Event()

    def keep_adding() -> None:
        with open_desk(site) as db:
            for number in itertools.count():
                actions.create_person(db, COMMAND_LINE, f"person{number}@example.org")
                began.set()
                if stop.is_set():
                    return

    writer = threading.Thread(target=keep_adding)
    writer.start()
    try:
        assert began.wait(30)
        files = [save(site, site.root / f"{number}.tar.gz", NO_SEAL).file for number in range(4)]
    finally:
        stop.set()
        writer.join(30)
    counts = []
    for file in files:
        with opened(file, NO_KEY) as backup:
            people = lines(backup.folder / "database/person.jsonl", "email")
            created = lines(backup.folder / "database/audit.jsonl", "subject")
            assert set(people) <= set(created)
            assert len(people) == len([subject for subject in created if subject.startswith("person")])
            counts.append(len(people))
    assert counts[0] < counts[-1]


def lines(file: Path, column: str) -> list[str]:
    """One column of a table in a backup."""
    names, *rows = [json.loads(line) for line in file.read_text().splitlines()]
    return [row[names.index(column)] for row in rows]
