"""The systemd units for a site of one's own: the only files of the kit that are not copied as they are.

The units in the repository are those of a site in /srv/portico that runs as the user `portico`. Replaced are

* /srv/portico/.venv/bin/portico   the program
* /srv/portico                     the site's folder
* User=, Group=, and the user in sysusers.conf and tmpfiles.conf
* Documentation= lines that name a file in the site's folder: they are left out, a site has no docs/ of Portico's
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from portico.errors import UserError

FOLDER = "/srv/portico"
USER = "portico"
_PROGRAM = f"{FOLDER}/.venv/bin/portico"
_PLAIN_PATH = re.compile(r"(/[A-Za-z0-9._@+-]+)+")  # what needs no quoting anywhere in a unit
_PLAIN_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
# Where a service cannot live: the units hide people's homes and temporary files from it.
_HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp", "/Users", "/private")  # noqa: S108 - only compared


@dataclass(frozen=True, slots=True)
class Units:
    """What the systemd units of a site name: its folder on the server, the user, the `portico` program."""

    folder: str = FOLDER
    user: str = USER
    program: str = _PROGRAM

    def __post_init__(self) -> None:
        for option, path in (("--at", self.folder), ("portico", self.program)):
            if not _PLAIN_PATH.fullmatch(path) or ".." in Path(path).parts:
                raise UserError(
                    f"{option}: {path!r} cannot stand in a systemd unit; it takes an absolute path of plain letters, "
                    f"such as {FOLDER}"
                )
        if not _PLAIN_USER.fullmatch(self.user):
            raise UserError(f"--user: {self.user!r} is no name of a user; one is {USER!r}")


def units_for(root: Path, folder: str | None, user: str | None) -> Units:
    """What the units name for the site in `root`: what was asked for, else what this machine tells.

    A site in somebody's home goes to /srv/portico: a closed service does not see homes.
    """
    here = str(root)
    hidden = any(root.is_relative_to(place) for place in _HIDDEN) or not _PLAIN_PATH.fullmatch(here)
    folder = os.path.normpath(folder or (FOLDER if hidden else here))
    program = f"{folder}/.venv/bin/portico"
    own = Path(sys.prefix) / "bin/portico"
    if folder == here and not Path(program).exists() and own.exists() and _PLAIN_PATH.fullmatch(str(own)):
        program = str(own)  # the environment is elsewhere
    return Units(folder, user or USER, program)


def rendered(files: Mapping[str, bytes], units: Units) -> dict[str, bytes]:
    """The kit's files with the units rendered; every other file as it is."""
    return {
        path: render(content.decode(), units).encode() if path.startswith("systemd/") else content
        for path, content in files.items()
    }


def render(text: str, units: Units) -> str:
    """One file of systemd/ for the site that `units` describes."""
    text = re.sub(rf"^Documentation=file://{FOLDER}/.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(
        rf"{re.escape(_PROGRAM)}|{FOLDER}(?![\w.-])",
        lambda found: units.program if found[0] == _PROGRAM else units.folder,
        text,
    )
    text = re.sub(rf"^(User|Group)={USER}$", rf"\1={units.user}", text, flags=re.MULTILINE)
    text = re.sub(rf"^u {USER} ", f"u {units.user} ", text, flags=re.MULTILINE)
    return re.sub(rf"^(d \S+ \d+) {USER} {USER}$", rf"\1 {units.user} {units.user}", text, flags=re.MULTILINE)
