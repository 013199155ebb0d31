"""Who changed a file since Portico wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest

from portico.errors import UserError
from portico.kit import RECORD_NAME, Record, State, Units, compare, read_record, recorded
from portico.kit.record import checksum

OLD, NEW, MINE = b"one\ntwo\n", b"one\n2\n", b"one\ntwo\nthree\n"


def state(root: Path, carried: bytes, noted: bytes | None, kept: tuple[str, ...] = ()) -> State:
    """The state of the file `f`, where the record has the checksum of `noted`."""
    files = {} if noted is None else {"f": checksum(noted)}
    return compare(root, {"f": carried}, Record(files=files), kept)[0].state


@pytest.mark.parametrize(
    ("there", "noted", "expected"),
    [
        (None, None, State.NEW),
        (None, OLD, State.NEW),
        (NEW, None, State.SAME),
        (NEW, OLD, State.SAME),
        (OLD, OLD, State.OLDER),
        (MINE, NEW, State.YOURS),
        (MINE, OLD, State.DIFFERS),
        (MINE, None, State.DIFFERS),
        (OLD, None, State.DIFFERS),
    ],
)
def test_a_file_s_state(tmp_path: Path, there: bytes | None, noted: bytes | None, expected: State) -> None:
    """From what is there and what was noted, where Portico's own is NEW."""
    if there is not None:
        (tmp_path / "f").write_bytes(there)
    assert state(tmp_path, NEW, noted) is expected


def test_a_difference_that_somebody_has_seen_is_theirs(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(MINE)
    assert state(tmp_path, NEW, OLD, kept=("f",)) is State.YOURS


def test_a_file_that_portico_no_longer_has_is_told_while_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "gone").write_bytes(OLD)
    record = Record(files={"gone": checksum(OLD), "gone-too": checksum(OLD)})
    assert [(one.path, one.state) for one in compare(tmp_path, {}, record)] == [("gone", State.DROPPED)]


def test_the_difference_is_a_patch_from_what_is_there_to_portico_s(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(MINE)
    (one,) = compare(tmp_path, {"f": NEW}, Record())
    assert one.diff().splitlines() == [
        "--- f (here)",
        "+++ f (Portico)",
        "@@ -1,3 +1,2 @@",
        " one",
        "-two",
        "-three",
        "+2",
    ]


def test_a_file_that_is_left_keeps_its_old_note(tmp_path: Path) -> None:
    """So that it is told again, until somebody has seen it."""
    (tmp_path / "f").write_bytes(MINE)
    record = Record(files={"f": checksum(OLD)})
    assert recorded(compare(tmp_path, {"f": NEW}, record), record) == record.files
    assert recorded(compare(tmp_path, {"f": NEW}, Record()), Record()) == {}


def test_a_folder_in_the_place_of_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    with pytest.raises(UserError, match="f: Is a directory; the kit has a file of this name"):
        compare(tmp_path, {"f": NEW}, Record())


def test_nothing_is_looked_for_through_a_link_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "site/nginx").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="nginx is a link out of this folder"):
        compare(tmp_path / "site", {"nginx/f": NEW}, Record())


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    record = Record("1.0", ("docker", "systemd"), Units("/srv/shop", "shop"), {"f": checksum(OLD)})
    (tmp_path / RECORD_NAME).write_text(record.text())
    assert read_record(tmp_path) == record


@pytest.mark.parametrize(
    "text", ["", "<<<<<<< HEAD\n", "[]", '{"portico": "1"}', '{"files": 1, "places": 2, "units": 3}']
)
def test_a_broken_record_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / RECORD_NAME).write_text(text)
    with pytest.raises(UserError, match="not what Portico wrote"):
        read_record(tmp_path)
