"""What Werkzeug compiles for the rules of an app, kept for the next app with the same rules.

For each rule it writes two small functions as a syntax tree and compiles them, which is most of the time that setting
up a gate takes: half of a short test. They depend on the rule alone, so that a process needs them once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

Builder = Callable[..., tuple[str, str]]
compile_builder: Callable[[Rule, bool], Builder] = Rule._compile_builder
_kept: dict[tuple[Any, ...], Builder] = {}


def kept_builder(rule: Rule, append_unknown: bool = True) -> Builder:
    """The function that builds addresses of this rule: the one of an equal rule, when there was one."""
    if rule.defaults:
        return compile_builder(rule, append_unknown)
    key = (rule.rule, append_unknown, *rule._trace)
    if key not in _kept:
        _kept[key] = compile_builder(rule, append_unknown)
    return _kept[key]


def keep() -> None:
    """From here on, in this process."""
    Rule._compile_builder = kept_builder  # type: ignore[assignment, method-assign]
