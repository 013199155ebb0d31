"""What a Python file says about itself without being imported: its names and what they stand for."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

_TELLING = (ast.Import, ast.ImportFrom, ast.Call, ast.Global)
_NO_SOURCE = "not Python source"
_DYNAMIC = frozenset({"globals", "exec", "setattr", "vars"})
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Unreadable(Exception):  # noqa: N818 - a statement about the file
    """Why a file is no Python source: "line 3: invalid syntax"."""


@dataclass(frozen=True)
class Source:
    """One parsed Python file.

    `names` maps what importing the module binds to its line; `guarded` the same for names bound only when the
    file is run as a script. `dynamic`: it may bind more than can be seen (a star import, globals()).
    `aliases` maps a local name to what it was imported as: {"st": "streamlit", "Dash": "dash.Dash"}.
    `imports` and `calls` are those of the whole file, also inside functions.
    """

    file: Path
    tree: ast.Module
    names: dict[str, int] = field(default_factory=dict)
    guarded: dict[str, int] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    dynamic: bool = False
    imports: tuple[ast.Import | ast.ImportFrom, ...] = ()
    calls: tuple[ast.Call, ...] = ()

    @classmethod
    def read(cls, file: Path) -> Source:
        """Parse a file; Unreadable when it is not Python that this interpreter understands."""
        try:
            with warnings.catch_warnings(
                action="ignore"
            ):  # an odd escape in an app's text is not our concern
                tree = ast.parse(file.read_bytes(), filename=str(file))
        except SyntaxError as error:
            raise Unreadable(f"line {error.lineno}: {error.msg}" if error.lineno else _NO_SOURCE) from None
        except (ValueError, RecursionError, MemoryError):
            raise Unreadable(_NO_SOURCE) from None
        except OSError as error:
            raise Unreadable(error.strerror or "cannot be read") from None
        nodes = [node for node in ast.walk(tree) if isinstance(node, _TELLING)]
        imports = tuple(node for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom)))
        calls = tuple(node for node in nodes if isinstance(node, ast.Call))
        names, guarded, functions = _bindings(tree, nodes)
        dynamic = "*" in names or "__getattr__" in names or any(_is_dynamic(call) for call in calls)
        return cls(file, tree, names, guarded, _aliases(imports), functions, dynamic, imports, calls)

    def meaning(self, node: ast.expr) -> str | None:
        """What a name or attribute stands for, as a dotted path: `Dash` may be "dash.Dash"."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        return ".".join([self.aliases.get(node.id, node.id), *reversed(parts)])

    def constant(self, node: ast.expr | None) -> str | None:
        """The text a node stands for: a literal, or a name that the module sets to a literal once."""
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        if not isinstance(node, ast.Name):
            return None
        values = [value for name, value, _ in self.assignments() if name == node.id]
        return self.constant(values[0]) if len(values) == 1 and isinstance(values[0], ast.Constant) else None

    def assignments(self) -> Iterator[tuple[str, ast.expr, bool]]:
        """Every `name = value` of the module: the name, the value, whether only when run as a script."""
        for statement, guarded in statements(self.tree.body):
            for name, value in assigned(statement):
                yield name, value, guarded


def statements(body: list[ast.stmt], guarded: bool = False) -> Iterator[tuple[ast.stmt, bool]]:
    """Every statement of the module, with whether it runs only as a script (`if __name__ == "__main__"`)."""
    for statement in body:
        yield statement, guarded
        if isinstance(statement, ast.If):
            yield from statements(statement.body, guarded or is_main_guard(statement))
            yield from statements(statement.orelse, guarded)
        elif isinstance(statement, (ast.For, ast.While, ast.With)):
            yield from statements(statement.body, guarded)
            yield from statements(getattr(statement, "orelse", []), guarded)
        elif isinstance(statement, (ast.Try, ast.TryStar)):
            parts = [statement.body, *(handler.body for handler in statement.handlers)]
            for part in [*parts, statement.orelse, statement.finalbody]:
                yield from statements(part, guarded)
        elif isinstance(statement, ast.Match):
            for case in statement.cases:
                yield from statements(case.body, guarded)


def is_main_guard(statement: ast.If) -> bool:
    """Whether the statement is `if __name__ == "__main__"`."""
    inside = list(ast.walk(statement.test))
    named = any(isinstance(node, ast.Name) and node.id == "__name__" for node in inside)
    return named and any(isinstance(node, ast.Constant) and node.value == "__main__" for node in inside)


def assigned(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """The names that one statement sets to one value: `app = server = Dash()` gives two."""
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            if isinstance(target, ast.Name):
                yield target.id, statement.value
    elif isinstance(statement, ast.AnnAssign) and statement.value and isinstance(statement.target, ast.Name):
        yield statement.target.id, statement.value


def required_arguments(function: Function) -> list[str]:
    """The arguments that a call of the function cannot leave out."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    needed = positional[: len(positional) - len(arguments.defaults)]
    keywords = [
        argument
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is None
    ]
    return [argument.arg for argument in [*needed, *keywords]]


def _bindings(
    tree: ast.Module, nodes: Iterable[ast.AST]
) -> tuple[dict[str, int], dict[str, int], dict[str, Function]]:
    names: dict[str, int] = {}
    guarded_names: dict[str, int] = {}
    functions: dict[str, Function] = {}
    for statement, guarded in statements(tree.body):
        if isinstance(statement, Function) and not guarded:
            functions[statement.name] = statement
        for name in _bound(statement):
            (guarded_names if guarded else names).setdefault(name, statement.lineno)
    for node in nodes:
        if isinstance(node, ast.Global):
            names.update({name: node.lineno for name in node.names if name not in names})
    return names, guarded_names, functions


def _bound(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement itself binds, without the statements inside it."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement.name
    elif isinstance(statement, (ast.Import, ast.ImportFrom)):
        for alias in statement.names:
            yield alias.asname or alias.name.partition(".")[0]
    elif isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr)):
        yield from _stored(statement)
    elif isinstance(statement, ast.For):
        yield from _stored(statement.target)
    elif isinstance(statement, ast.With):
        for item in statement.items:
            yield from _stored(item)


def _stored(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id


def _aliases(imports: Iterable[ast.Import | ast.ImportFrom]) -> dict[str, str]:
    """What every imported name stands for; names imported relatively keep their dots: ".views"."""
    aliases: dict[str, str] = {}
    for node in imports:
        if isinstance(node, ast.Import):
            for alias in node.names:
                local = alias.asname or alias.name.partition(".")[0]
                aliases[local] = alias.name if alias.asname else local
        else:
            module = "." * node.level + (node.module or "")
            for alias in node.names:
                separator = "" if module.endswith(".") else "."
                aliases[alias.asname or alias.name] = f"{module}{separator}{alias.name}"
    return aliases


def _is_dynamic(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in _DYNAMIC
