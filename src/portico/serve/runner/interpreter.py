"""Which Python runs a worker, and how one that is not Portico's own gets Portico's modules."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
from pathlib import Path

BOOTSTRAP = Path(__file__).with_name("bootstrap.py")

# What a runner imports beyond the standard library and the app: name of the module, name of the package to
# install.
MODULES = {
    "granian": "granian",
    "jwt": "pyjwt",
    "cryptography": "cryptography",
    "cffi": "cffi",
    "_cffi_backend": "cffi",
    "pycparser": "pycparser",
}


def command_line(python: Path | None) -> tuple[str, ...]:
    """The command that starts a worker: with Portico's own Python, or with `python`, the app's.

    An app's own Python starts a small file that lends it Portico's modules, as a last resort and only if it
    could load them: `bootstrap.py`. It is told where they lie and which binary modules they contain.
    """
    if python is None:
        # -P: a file in the app's folder must not stand in for a module that the runner itself needs.
        return (sys.executable, "-P", "-m", "portico.serve.runner")
    folders = sorted({str(folder) for name in ("portico", *MODULES) if (folder := _home(name))})
    suffix = importlib.machinery.EXTENSION_SUFFIXES[0]
    return (str(python), str(BOOTSTRAP), suffix, *folders)


def _home(name: str) -> Path | None:
    """The folder on sys.path that the module `name` comes from."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        return None
    origin = Path(spec.origin)
    return origin.parent.parent if spec.submodule_search_locations else origin.parent
