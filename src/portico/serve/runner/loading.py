"""Importing an app and finding the object to serve."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from portico.serve.runner import choice, module_runs
from portico.serve.runner.failure import LoadError, place, print_own_traceback
from portico.serve.runner.recognition import WebApp, recognise
from portico.serve.runner.spec import Spec

T = TypeVar("T")
MAIN = "__main__"


def load(spec: Spec, *, as_main: bool = False) -> WebApp:
    """The web app that `spec` names. LoadError, the app's own traceback on stderr, when there is none.

    `as_main` runs a file as `python app.py` would, for an app that is only made under `if __name__ ==
    "__main__":`.
    """
    if spec.kind == "object":
        _first_on_path(Path(spec.folder))
        module_name, _, path = spec.target.partition(":")
        return _object(_guard(lambda: importlib.import_module(module_name), module_name), path, spec.text)
    file = Path(spec.target)
    sys.argv = [str(file)]
    module = _guard(lambda: _import_file(file, as_main=as_main), file.name)
    if spec.attribute:
        return _object(module, spec.attribute, spec.text)
    return _guard(lambda: choice.choose(module, spec.text, module_runs.started), spec.text)


def is_made_under_main(spec: Spec, app: WebApp | None) -> bool:
    """Whether a file without an app, or with a Dash app without layout, has more to do as `__main__`."""
    if spec.kind != "file" or spec.attribute:
        return False
    if app is not None and not (app.dash is not None and app.dash.layout is None and not app.dash.use_pages):
        return False
    return MAIN in Path(spec.target).read_text(encoding="utf-8", errors="replace")


def _import_file(file: Path, *, as_main: bool) -> ModuleType:
    """Import `file` under its own name: as a member of its package when it lies in one, else by itself.

    It stays importable under that name: background callbacks pickle functions by it. A file whose name is
    not an identifier works too, because it is loaded by its path.
    """
    package = _package_of(file)
    folder = file.parents[len(package)]
    _first_on_path(folder)
    if package:
        _first_on_path(file.parent)
        importlib.import_module(".".join(package))
    name = MAIN if as_main else ".".join([*package, _free_name(file.stem, bool(package))])
    if name in sys.modules and not as_main:
        return sys.modules[name]  # the package's __init__ imports it
    module_spec = importlib.util.spec_from_file_location(name, file)
    if module_spec is None or module_spec.loader is None:
        raise LoadError(f"{file.name} is not a Python file")
    module = importlib.util.module_from_spec(module_spec)
    sys.modules[name] = module
    module_spec.loader.exec_module(module)
    return module


def _package_of(file: Path) -> list[str]:
    """The names of the packages that `file` lies in, outermost first; empty when its folder is none."""
    names: list[str] = []
    folder = file.parent
    while (folder / "__init__.py").is_file() and folder.name.isidentifier():
        names.insert(0, folder.name)
        folder = folder.parent
    return names


def _free_name(stem: str, in_package: bool) -> str:
    """The module name for a file; another one when a module has that name: a file may be called dash.py."""
    taken = not in_package and (stem in sys.modules or stem in sys.stdlib_module_names)
    return f"{stem}_app" if taken else stem


def _first_on_path(folder: Path) -> None:
    text = str(folder)
    if text in sys.path:
        sys.path.remove(text)
    sys.path.insert(0, text)


def _object(module: ModuleType, path: str, text: str) -> WebApp:
    """The app that `path`, "name" or "factory()", stands for in `module`."""
    value = _attribute(module, path.removesuffix("()"), text)
    if path.endswith("()"):
        value = _guard(value, text)
    app = _guard(lambda: recognise(value), text)
    if app is None:
        kind = type(value).__name__
        raise LoadError(f"{text}: a {kind}, not a web app (Dash, Flask, other WSGI or ASGI callable)")
    return choice.with_dash(app, choice.candidates(module))


def _attribute(module: ModuleType, path: str, text: str) -> Any:
    value: Any = module
    for name in path.split("."):
        try:
            value = getattr(value, name)
        except AttributeError:
            found = choice.candidates(module)
            hint = f"; it has {', '.join(found)}" if found else ""
            raise LoadError(f'{text}: {module.__name__} has no "{path}"{hint}') from None
    return value


def _guard(action: Callable[[], T], what: str) -> T:
    """Run the app's own code; turn whatever it raises into a LoadError that tells what happened where."""
    try:
        return action()
    except LoadError:
        raise
    except ModuleNotFoundError as error:
        raise _missing(error, what) from error
    except (Exception, SystemExit) as error:
        print_own_traceback(error)
        told = str(error).strip().splitlines()
        where = place(error)
        reason = f"{type(error).__name__}: {told[0]}" if told else type(error).__name__
        raise LoadError(
            f"{what} broke while it was imported: {reason}{f' ({where})' if where else ''}"
        ) from error


def _missing(error: ModuleNotFoundError, what: str) -> LoadError:
    where = place(error)
    name = error.name or ""
    if not where and (what == name or what.startswith(name + ".")):
        return LoadError(f'no module "{name}" in {Path.cwd()} or in this Python ({sys.executable})')
    print_own_traceback(error)
    package = name.partition(".")[0]
    return LoadError(
        f'{what} needs the module "{name}"{f" ({where})" if where else ""}, which this Python does not have: '
        f"{sys.executable} -m pip install {package}"
    )
