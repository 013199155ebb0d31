"""Starts a worker in an app's own Python: `python bootstrap.py SUFFIX FOLDER...`.

That Python need not have Portico installed. It is lent Portico's modules, after all its own: `portico`
always, the binary ones only when it loads the same kind (SUFFIX, as in ".cpython-311-x86_64-linux-gnu.so").
The file runs in any Python from 3.7 on, to say what is missing; so it uses nothing new, and nothing of
Portico before it is sure.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import sys
from collections.abc import Sequence
from types import ModuleType

OLDEST = (3, 11)
PURE = ("portico",)
BINARY = ("granian", "jwt", "cryptography", "cffi", "_cffi_backend", "pycparser")
NEEDED = (("granian", "granian"), ("cryptography", "cryptography"), ("jwt", "pyjwt"))


class Lender:
    """Finds the named modules in the given folders; asked only when nobody else knows them."""

    def __init__(self, names: Sequence[str], folders: Sequence[str]) -> None:
        self.names = names
        self.folders = folders

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module's spec, for the lent names alone."""
        if path is None and name in self.names:
            return importlib.machinery.PathFinder.find_spec(name, self.folders)
        return None


def main() -> None:
    """Lend what is missing, say what cannot be lent, or be the worker."""
    suffix, folders = sys.argv[1], sys.argv[2:]
    del sys.path[0]  # this file's folder: its modules are not top-level ones
    if sys.version_info < OLDEST:
        fail("is Python {}.{}; Portico's runner needs 3.11 or newer".format(*sys.version_info))
    same_kind = suffix in importlib.machinery.EXTENSION_SUFFIXES
    lent = PURE + BINARY if same_kind else PURE
    sys.meta_path.append(Lender(lent, folders))
    missing = [package for module, package in NEEDED if importlib.util.find_spec(module) is None]
    if missing:
        fail(f"has no {missing[0]}; run: {sys.executable} -m pip install {' '.join(missing)}")
    from portico.serve.runner.__main__ import main as run

    run()


def fail(problem: str) -> None:
    """Tell the supervisor, in the words of the site file, why this Python cannot be used."""
    spec = json.loads(os.environ["PORTICO_RUNNER"])
    reason = f"apps.{spec['name']}.python: {sys.executable} {problem}"
    os.write(spec["status_fd"], (json.dumps({"event": "failed", "reason": reason}) + "\n").encode())
    sys.exit(1)


if __name__ == "__main__":
    main()
