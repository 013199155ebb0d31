"""Every action that changes something writes a line of the audit, in its own transaction."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

GATE = Path(__file__).parents[2] / "src" / "portico" / "gate"
DECORATOR = "one_transaction"

# Actions that write no line. A new one needs a reason here.
SILENT = {
    "throttle.passed": "a count",
    "throttle.succeeded": "a count",
    "accounts/actions.issue_ticket": "half a minute on the way of a session that is signed in already",
    "accounts/actions.redeem_ticket": "the same session, on another host",
    "accounts/freshness.date_back": "what a sign-in that is a line says of itself: how old the proof behind it is",
    "factors/actions.use_step": "part of a proof; its outcome is a line",
    "factors/challenges.spend": "part of a proof; its outcome is a line",
    "factors/devices.is_remembered": "when a device was used last; the sign-in with it is a line",
    "factors/holding.strengthen": "follows a proof, which is a line",
    "factors/pending.drop": "a sign-in that was begun and not finished",
    "factors/tries.forgive": "a count; the sign-in that follows is a line",
    "factors/vault.reseal": "the same secrets under another key; that the keys were renewed is told where it is done",
    "guests/actions.open_frame": "once for each view of another site's page; that its token was made is a line",
    "sso/flow._keep": "what a browser on its way to a provider brings back",
    "sso/flow._take": "the same",
    "sso/linked.use_join_link": "part of joining accounts, which is a line",
    "sso/origin.keep": "belongs to a sign-in, which is a line",
}


def trees() -> Iterator[tuple[str, ast.Module]]:
    """The gate's modules by their path without ending."""
    for file in sorted(GATE.rglob("*.py")):
        yield file.relative_to(GATE).with_suffix("").as_posix(), _tree(file)


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def functions() -> dict[str, ast.FunctionDef]:
    """Every function of the gate, as "module.function"."""
    return {
        f"{module}.{node.name}": node
        for module, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    }


@cache
def called(node: ast.AST) -> tuple[tuple[str, str], ...]:
    """What is called in it: the name, and the name before the dot ("" for none)."""
    return tuple(_called(node))


def _called(node: ast.AST) -> Iterator[tuple[str, str]]:
    for call in ast.walk(node):
        if not isinstance(call, ast.Call):
            continue
        if isinstance(call.func, ast.Name):
            yield call.func.id, ""
        elif isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
            yield call.func.attr, call.func.value.id


def is_action(node: ast.FunctionDef) -> bool:
    """Whether it is one transaction."""
    return any(
        (isinstance(mark, ast.Name) and mark.id == DECORATOR)
        or (isinstance(mark, ast.Attribute) and mark.attr == DECORATOR)
        for mark in node.decorator_list
    )


def writes(node: ast.FunctionDef) -> bool:
    """Whether it adds a line by itself."""
    return any(function == "note" and owner in ("", "audit") for function, owner in called(node))


@cache
def _by_name() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in functions():
        found.setdefault(name.rpartition(".")[2], []).append(name)
    return found


def reached_from(name: str) -> frozenset[str]:
    """The functions of the gate that it calls, and those that they call: of their own module, imported, or of a module
    that is named."""
    seen, todo = {name}, [name]
    while todo:
        one = todo.pop()
        module = one.rpartition(".")[0]
        for function, owner in called(functions()[one]):
            for other in _by_name().get(function, ()):
                where = other.rpartition(".")[0]
                last = where.rpartition("/")[2]
                near = (
                    where == module or last in _imported_from(module, function)
                    if not owner
                    else last == owner
                )
                if near and other not in seen:
                    seen.add(other)
                    todo.append(other)
    return frozenset(seen)


@cache
def _imported_from(module: str, name: str) -> frozenset[str]:
    """The last parts of the modules from which a module imports this name."""
    tree = dict(trees())[module]
    return frozenset(
        (node.module or "").rpartition(".")[2]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and any(alias.asname is None and alias.name == name for alias in node.names)
    )


def actions() -> list[str]:
    """Every action."""
    return [name for name, node in functions().items() if is_action(node)]


def test_every_action_writes_a_line_of_the_audit() -> None:
    """Or is in the table above, with the reason."""
    assert len(actions()) > 20
    silent = [name for name in actions() if not any(writes(functions()[one]) for one in reached_from(name))]
    assert sorted(silent) == sorted(SILENT)


def test_a_line_is_written_only_inside_of_a_transaction() -> None:
    """Whoever calls `note` is an action, is called by one, or is in this table."""
    alone = {
        "audit/doors.write": "about a request that changes nothing; commits by itself",
        "accounts/proofs.send_reset_link": "an errand; the delivery commits it with its being done",
        "backup/restoring._fill": "the whole database is one transaction then",
    }
    reached = frozenset().union(*(reached_from(name) for name in actions()))
    noting = {name for name, node in functions().items() if writes(node)}
    assert sorted(noting - reached) == sorted(alone)
