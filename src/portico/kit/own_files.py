"""The files that `portico init` begins and that are the site's own from then on: requirements.txt and .gitignore."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from portico.kit.packages import Imported

REQUIREMENTS = "requirements.txt"
IGNORED = ".gitignore"

_HEAD = """\
# What the site runs on: what its files import, in the versions of the environment in which `portico init` ran.
# Add what nothing imports by name: database drivers, openpyxl for pandas' Excel files. It is yours: edit it.
"""
_PORTICO = re.compile(r"^portico(?:\[[^\]]*\])?(?:\s*==\s*([^\s;#\\]+))?(?=[\s;#\\<>=!~@]|$)", re.MULTILINE)


def requirements(found: Imported, portico: str, postgres: bool) -> str:
    """A first requirements.txt: Portico in this version, then the packages with a file that imports each.

    `postgres`: with the driver of the database in docker-compose.yml.
    """
    own = f"portico[postgres]=={portico}" if postgres else f"portico=={portico}"
    lines = [own]
    for package in found.packages:
        # A name that came from a folder or a file may be somebody else's on an index
        strange = f"# from {package.origin}, not from an index: " if package.origin else ""
        lines.append(f"{strange}{package.pin:<36} # {package.file}")
    lines += [
        f"# {module:<34} # {file}: not installed where `portico init` ran; write its package here"
        for module, file in found.unknown
    ]
    return _HEAD + "\n".join(lines) + "\n"


def requirement_problem(text: str, portico: str, postgres: bool) -> str | None:
    """What is wrong with Portico's line in a requirements.txt that is there; None when nothing is."""
    found = _PORTICO.search(text)
    if found is None:
        extra = "[postgres]" if postgres else ""
        return f"{REQUIREMENTS} does not name portico; it needs a line portico{extra}=={portico}"
    if found[1] and found[1] != portico:
        return f"{REQUIREMENTS} has portico=={found[1]}, and this is portico {portico}"
    if postgres and "[" not in found[0] and not re.search(r"^psycopg", text, re.MULTILINE):
        return f"{REQUIREMENTS} needs portico[postgres]: docker-compose.yml keeps the accounts in PostgreSQL"
    return None


def ignore_lines(root: Path, places: Collection[str]) -> list[str]:
    """The lines that .gitignore lacks so that no secret of the site is committed; none outside version control."""
    file = root / IGNORED
    if not file.is_file() and not any((folder / ".git").exists() for folder in (root, *root.parents)):
        return []
    there = file.read_text("utf-8", "replace").splitlines() if file.is_file() else []
    known = {line.strip().removeprefix("**").strip("/") for line in there}
    wanted = [
        ".portico/",
        *([".env", ".env.site"] if "docker" in places else []),
        *([".vagrant/"] if "vagrant" in places else []),
    ]
    return [line for line in wanted if line.strip("/") not in known]
