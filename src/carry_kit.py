"""Puts the kit's files into the wheel when it is built: the repository's own, so that there is one copy.

hatchling runs this (pyproject.toml, tool.hatch.build). It stands beside the package because it is no part of it, and in
src/ because that is what an image of this repository is built from: there the files are missing and stay out.
"""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CarryKit(BuildHookInterface[Any]):
    """Adds each file of portico/kit/places.py as portico/kit/files/...; a checkout reads them where they are."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files to hatchling. FileNotFoundError: some of them are there and some are not."""
        if version == "editable":
            return
        root = Path(self.root)
        names = runpy.run_path(str(root / "src/portico/kit/places.py"))["CARRIED"]
        missing = [name for name in names if not (root / name).exists()]
        if len(missing) == len(names):
            return
        if missing:
            raise FileNotFoundError(f"the kit lacks {', '.join(missing)}")
        for name in names:
            build_data["force_include"][str(root / name)] = f"portico/kit/files/{name}"
