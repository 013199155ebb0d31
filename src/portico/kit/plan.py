"""What `portico init` would write into a folder, and the writing of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from portico.errors import UserError
from portico.kit.carried import carried
from portico.kit.comparison import OUT_OF_DATE, WRITTEN, Compared, State, compare, recorded
from portico.kit.own_files import IGNORED, REQUIREMENTS, ignore_lines, requirement_problem, requirements
from portico.kit.packages import imported, origin
from portico.kit.record import RECORD_NAME, Record, own_version
from portico.kit.units import Units, rendered
from portico.site import FILE_NAME


@dataclass(frozen=True, slots=True)
class Own:
    """A file that becomes the site's own: what is done to it ("new", "1 line added") and its whole new text."""

    path: str
    what: str
    text: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that `portico init` would do in `root`.

    `own` are files that it begins or adds to, `files` those of the kit with their states, `record` what it notes down
    about them (None: nothing new). `notes` are sentences for a person; those in `outdated` also make a check fail.
    """

    root: Path
    places: tuple[str, ...]
    own: tuple[Own, ...]
    files: tuple[Compared, ...]
    record: Record | None
    notes: tuple[str, ...]
    outdated: tuple[str, ...]

    def writes(self) -> dict[str, bytes]:
        """The content of each file that will be written, by its path; the record comes last."""
        texts = {own.path: own.text.encode() for own in self.own}
        kit = {
            one.path: one.carried for one in self.files if one.state in WRITTEN and one.carried is not None
        }
        record = {RECORD_NAME: self.record.text().encode()} if self.record else {}
        return texts | kit | record

    @property
    def differing(self) -> tuple[Compared, ...]:
        """The files that stay as they are although Portico's are others by now."""
        return tuple(one for one in self.files if one.state is State.DIFFERS)

    @property
    def out_of_date(self) -> bool:
        """Whether something is not as this version of Portico would have it."""
        return bool(self.outdated) or any(one.state in OUT_OF_DATE for one in self.files)


def plan(
    root: Path,
    record: Record,
    *,
    site_text: str | None,
    places: tuple[str, ...],
    units: Units | None,
    kept: Collection[str] = (),
) -> Plan:
    """The plan for a site in `root` that runs at `places`; `site_text` is a portico.toml that is to be written.

    UserError: `kept` names no file of the kit, a folder stands where a file should be, or this installation
    carries no files.
    """
    content = rendered(carried(places), units or Units()) if places else {}
    strangers = sorted(set(kept) - set(content))
    if strangers:
        raise UserError(f"--keep {strangers[0]}: the kit has no such file at these places")
    files = compare(root, content, record, kept)
    after = Record(own_version(), places, units, recorded(files, record)) if places else record
    own, notes, outdated = _own_files(root, places)
    if site_text is not None:
        own.insert(0, Own(FILE_NAME, "new", site_text))
    return Plan(
        root, places, tuple(own), files, None if after == record else after, tuple(notes), tuple(outdated)
    )


def write(writes: Mapping[str, bytes], root: Path) -> None:
    """Write the files, each by its path in `root`. UserError: one cannot be written; those before it are."""
    for path, content in writes.items():
        file = root / path
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        except OSError as error:
            raise UserError(f"cannot write {path}: {error.strerror}") from None


def _own_files(root: Path, places: tuple[str, ...]) -> tuple[list[Own], list[str], list[str]]:
    """The site's own files with what is added to them, the notes, and what is out of date in them."""
    own, notes, outdated = _requirements(root, "docker" in places) if places else ([], [], [])
    lines = ignore_lines(root, places)
    if lines:
        file = root / IGNORED
        there = file.read_text("utf-8") if file.is_file() else ""
        joint = "" if not there or there.endswith("\n") else "\n"
        what = f"{len(lines)} line{'' if len(lines) == 1 else 's'} added" if file.is_file() else "new"
        own.append(Own(IGNORED, f"{what}: {' '.join(lines)}", there + joint + "\n".join(lines) + "\n"))
    return own, notes, outdated


def _requirements(root: Path, postgres: bool) -> tuple[list[Own], list[str], list[str]]:
    file, version = root / REQUIREMENTS, own_version()
    source = origin("portico")
    notes = []
    if source and not (root / "wheels").is_dir():
        path = source.removeprefix("file://")
        notes.append(
            f"this portico {version} comes from {path}, not from a package index; for the image and the server put "
            f"its wheel beside the site: pip wheel --no-deps --wheel-dir wheels {path}"
        )
    if file.is_file():
        problem = requirement_problem(file.read_text("utf-8", "replace"), version, postgres)
        return [], notes + ([problem] if problem else []), [problem] if problem else []
    found = imported(root)
    number = len(found.packages) + 1
    what = f"new: portico and {number - 1} package{'' if number == 2 else 's'} that your files import"
    for package in found.packages:
        if package.origin:
            notes.append(f"{package.name} was not installed from an index; {REQUIREMENTS} leaves it to you")
    for module, where in found.unknown:
        notes.append(
            f"{where} imports {module}, which is not installed here; {REQUIREMENTS} leaves it to you"
        )
    return [Own(REQUIREMENTS, what, requirements(found, version, postgres))], notes, []
