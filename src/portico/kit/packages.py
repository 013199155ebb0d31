"""What a folder's Python files import, as distributions of the environment that runs: a first requirements.txt."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from portico.site.discovery import python_files
from portico.site.source import Source, Unreadable

# Parts of Dash that import a package of an extra only when they are used.
_EXTRAS = {"DiskcacheManager": "diskcache", "CeleryManager": "celery"}
_BACKENDS = frozenset(("fastapi", "quart"))
_CATCHES_ALL = frozenset(("ImportError", "ModuleNotFoundError", "Exception", "BaseException"))


@dataclass(frozen=True, slots=True)
class Package:
    """A distribution that the files import: `Flask` is "flask". `origin` is its URL when it came from no index."""

    name: str
    version: str
    file: str
    origin: str | None = None
    extras: tuple[str, ...] = ()

    @property
    def pin(self) -> str:
        """As a line of requirements.txt: "dash[diskcache]==4.4.0"."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.name}{extras}=={self.version}"


@dataclass(frozen=True, slots=True)
class Imported:
    """What the files of a folder import: packages, and modules that this environment does not have (with a file)."""

    packages: tuple[Package, ...]
    unknown: tuple[tuple[str, str], ...]


def imported(root: Path) -> Imported:
    """The packages that the Python files in `root` and below import, sorted by name. Nothing is run."""
    providers = metadata.packages_distributions()
    packages: dict[str, Package] = {}
    unknown: dict[str, str] = {}
    extras: set[str] = set()
    for file in python_files(root):
        try:
            source = Source.read(file)
        except Unreadable:
            continue
        shown = file.relative_to(root).as_posix()
        extras |= _extras(source.tree)
        for module, optional in _modules(source.tree):
            top = module.partition(".")[0]
            if top in sys.stdlib_module_names or top == "portico" or _is_own(top, file, root, providers):
                continue
            for name in _distributions(module, providers.get(top, ())):
                packages.setdefault(name, _package(name, shown))
            if top not in providers and not optional:
                unknown.setdefault(top, shown)
    if extras and "dash" in packages:
        dash = packages["dash"]
        packages["dash"] = Package(dash.name, dash.version, dash.file, dash.origin, tuple(sorted(extras)))
    return Imported(tuple(packages[name] for name in sorted(packages)), tuple(sorted(unknown.items())))


def origin(name: str) -> str | None:
    """The URL that a distribution was installed from; None when that was an index, or it is not there."""
    try:
        told = metadata.distribution(name).read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return None
    return str(json.loads(told)["url"]) if told else None


def _package(name: str, file: str) -> Package:
    return Package(_canonical(name), metadata.version(name), file, origin(name))


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _distributions(module: str, candidates: Sequence[str]) -> list[str]:
    """Which distributions hold the module; of several that share a namespace (google), those with its files."""
    names = sorted({_canonical(name) for name in candidates})
    if len(names) < 2:
        return names
    parts = module.split(".")
    for length in range(len(parts), 1, -1):
        stem = "/".join(parts[:length])
        holding = [name for name in names if _holds(name, stem)]
        if holding:
            return holding
    return names


def _holds(name: str, stem: str) -> bool:
    files = metadata.files(name) or ()
    return any(file.as_posix().startswith((f"{stem}/", f"{stem}.")) for file in files)


def _is_own(top: str, file: Path, root: Path, providers: Mapping[str, Sequence[str]]) -> bool:
    """Whether the module is one of the project's: beside the file, in a folder above up to `root`, or in src."""
    for base in (*(folder for folder in file.parents if folder.is_relative_to(root)), root / "src"):
        if (base / f"{top}.py").is_file() or (base / top / "__init__.py").is_file():
            return True
        if (
            top not in providers and (base / top).is_dir()
        ):  # a package without __init__.py comes last in Python
            return True
    return False


def _modules(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """Every absolute module that is imported, and whether the file can do without it."""
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    while waiting:
        node, optional = waiting.pop()
        if isinstance(node, ast.Import):
            yield from ((alias.name, optional) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from ((f"{node.module}.{alias.name}", optional) for alias in node.names)
        else:
            below = optional or _is_optional(node)
            waiting.extend((child, below) for child in ast.iter_child_nodes(node))


def _is_optional(node: ast.AST) -> bool:
    """Whether imports in a statement may fail (`try: ... except ImportError:`) or are for type checkers only."""
    if isinstance(node, ast.Try):
        caught = {
            name.id if isinstance(name, ast.Name) else ""
            for handler in node.handlers
            for name in (ast.walk(handler.type) if handler.type else [ast.Name("Exception")])
        }
        return bool(caught & _CATCHES_ALL)
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def _extras(tree: ast.Module) -> set[str]:
    """The extras of Dash that a file needs, by what it uses: a background manager, another backend than Flask."""
    found = set()
    for node in ast.walk(tree):
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        found.add(_EXTRAS.get(name, ""))
        if isinstance(node, ast.keyword) and node.arg == "backend" and isinstance(node.value, ast.Constant):
            found |= _BACKENDS & {node.value.value}
    return found - {""}
