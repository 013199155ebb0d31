"""Files and folders named in a site file. Asking for one never fails: what cannot be reached is not there."""

from __future__ import annotations

import os
from pathlib import Path


def absolute(text: str, root: Path) -> Path:
    """The path that `text` names, seen from `root`. Links stay links: a venv's Python is one."""
    return Path(os.path.abspath(root / os.path.expanduser(text)))  # noqa: PTH100, PTH111 - resolve() follows links


def is_file(path: Path) -> bool:
    """Whether a file is there and may be seen. Path.is_file() raises for a name that is too long, and the like."""
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: Path) -> bool:
    """Whether a folder is there and may be seen."""
    return os.path.isdir(path)  # noqa: PTH112
