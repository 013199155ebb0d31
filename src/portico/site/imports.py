"""Which files of a project import which: to tell the app that is served from the modules it is made of."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from portico.site.recognise import Recognised
from portico.site.source import Source, statements

Graph = dict[Path, frozenset[Path]]
_START_NAMES = frozenset(("wsgi.py", "asgi.py"))


def graph(sources: Mapping[Path, Source], root: Path) -> Graph:
    """For every file the files of the project that it imports or names as a script."""
    return {file: frozenset(_imported(source, sources, root)) - {file} for file, source in sources.items()}


def reachable(edges: Graph, start: Iterable[Path]) -> set[Path]:
    """Every file that the files in `start` bring along, directly or through others."""
    seen: set[Path] = set()
    waiting = [target for file in start for target in edges.get(file, ())]
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen.add(file)
            waiting.extend(edges.get(file, ()))
    return seen


def importers(
    sources: Mapping[Path, Source], edges: Graph, found: Mapping[Path, Recognised]
) -> dict[Path, Recognised]:
    """The files that start an app which they import: `from app import app`, then `app.run()`."""
    starting: dict[Path, Recognised] = {}
    for file, source in sources.items():
        if file in found:
            continue
        brought = sorted(reachable(edges, [file]) & set(found))
        started = next((way for origin in brought if (way := _started(source, found[origin]))), None)
        if started:
            starting[file] = started
    return starting


def needs_package(source: Source) -> bool:
    """Whether the file needs its dotted name: it is a package, or part of one without __init__.py."""
    if (source.file.parent / "__init__.py").is_file():
        return source.file.name == "__init__.py"
    return any(isinstance(node, ast.ImportFrom) and node.level for node in source.imports)


def module_name(file: Path) -> tuple[str, Path]:
    """The dotted name of a file's module, and the folder from which that name is imported."""
    parts = [] if file.name == "__init__.py" else [file.stem]
    folder = file.parent
    while (folder / "__init__.py").is_file() or (parts == [file.stem] and file.name != "__init__.py"):
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts), folder


def _started(source: Source, origin: Recognised) -> Recognised | None:
    """How the file starts an app that it imports: `app.run()`, `app.layout = ...` or `app = create_app()`."""
    made = origin.attribute.removesuffix("()")
    local = {name for name, meaning in source.aliases.items() if meaning.rpartition(".")[2] == made}
    for statement, guarded in statements(source.tree.body):
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in local:
                name = _target(statement)
                if name and not guarded:
                    why = f"{name} = {node.func.id}({'...' if node.args or node.keywords else ''})"
                    return Recognised(origin.kind, name, node.lineno, why)
            if isinstance(node, ast.Attribute) and _base(node) in local and _starts(node):
                return Recognised(origin.kind, _base(node), node.lineno, ast.unparse(node), path=origin.path)
    if source.file.name in _START_NAMES and local:
        name = sorted(local)[0]
        return Recognised(origin.kind, name, 1, f"{name} imported", path=origin.path)
    return None


def _starts(node: ast.Attribute) -> bool:
    if isinstance(node.ctx, ast.Store):
        return node.attr == "layout"
    return node.attr in ("run", "run_server")


def _base(node: ast.Attribute) -> str:
    return node.value.id if isinstance(node.value, ast.Name) else ""


def _target(statement: ast.stmt) -> str | None:
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id
    return None


def _imported(source: Source, sources: Mapping[Path, Source], root: Path) -> Iterator[Path]:
    for node in source.imports:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files(alias.name.split("."), _bases(source.file, root), sources)
        else:
            yield from _files_of_from(node, source, sources, root)
    for call in source.calls:  # st.Page("page.py")
        for argument in call.args:
            if isinstance(argument, ast.Constant) and str(argument.value).endswith(".py"):
                script = source.file.parent / str(argument.value)
                yield from [script] if script in sources else []


def _files_of_from(
    node: ast.ImportFrom, source: Source, sources: Mapping[Path, Source], root: Path
) -> Iterator[Path]:
    module = node.module.split(".") if node.module else []
    bases = [source.file.parents[node.level - 1]] if node.level else _bases(source.file, root)
    yield from _files(module, bases, sources)
    for alias in node.names:
        yield from _files([*module, alias.name], bases, sources)


def _bases(file: Path, root: Path) -> list[Path]:
    """The folders from which a file may import: its own, those above up to the root, a src folder."""
    above = [folder for folder in file.parents if folder.is_relative_to(root)]
    return [*above, root / "src"]


def _files(parts: list[str], bases: list[Path], sources: Mapping[Path, Source]) -> Iterator[Path]:
    """The file of the module a.b.c, from the first folder that has it."""
    for base in bases:
        stem = base.joinpath(*parts)
        for file in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py"):
            if file in sources:
                yield file
                return
