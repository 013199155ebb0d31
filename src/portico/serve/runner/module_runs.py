"""Apps that start their own server: `app.run()` at module level, without `if __name__ == "__main__":`.

In a runner such a call does nothing but tell which object was meant; otherwise the import would never end.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

started: list[object] = []

# Module -> (class or None for a function of the module, name of what runs a server)
RUNNERS: dict[str, tuple[tuple[str | None, str], ...]] = {
    "dash": (("Dash", "run"), ("Dash", "run_server")),
    "flask": (("Flask", "run"),),
    "quart": (("Quart", "run"),),
    "uvicorn": ((None, "run"),),
    "waitress": ((None, "serve"),),
    "werkzeug.serving": ((None, "run_simple"),),
}


def install() -> None:
    """From now on, whatever starts a server in this process only records what it was asked to serve."""
    for name in RUNNERS:
        if name in sys.modules:
            _silence(sys.modules[name])
    sys.meta_path.insert(0, _Finder())


def _silence(module: ModuleType) -> None:
    for owner, name in RUNNERS[module.__name__]:
        target = module if owner is None else getattr(module, owner, None)
        if target is not None:
            setattr(target, name, _record(owner is None))


def _record(is_function: bool) -> Callable[..., None]:
    """What takes the place of a `run`: notes the app, which is the object itself or a function's argument."""

    def run(*args: Any, **kwargs: Any) -> None:
        if is_function:
            candidates = [*args, kwargs.get("app"), kwargs.get("application")]
            started.extend(value for value in candidates if callable(value))
        else:
            started.append(args[0])

    return run


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the modules of RUNNERS as Python would, and changes them right after they were executed."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The real spec with one step more after its loader; None for every other name."""
        if name not in RUNNERS:
            return None
        for finder in sys.meta_path:
            if finder is self:
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                _append(spec)
                return spec
        return None


def _append(spec: importlib.machinery.ModuleSpec) -> None:
    """Make the loader of `spec`, an object of this module's own, silence the module once it is executed."""
    loader = spec.loader
    if loader is None:
        return
    execute = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        execute(module)
        _silence(module)

    loader.exec_module = exec_module  # type: ignore[method-assign]
