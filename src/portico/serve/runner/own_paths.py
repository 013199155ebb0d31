"""Paths of an app that begin like the prefix under which the site has it.

An app called "sales" may have a page "/sales/north", written for a site of its own or for a front that takes
nothing off. On the outside that is "/sales/sales/north", or "/sales/north" itself where the app's code says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any


def whole_paths(app: Any, prefix: str) -> Callable[[str], bool] | None:
    """What tells whether a whole path, prefix included, is a route of this Flask app; None when it has no such.

    The app's root stays its root, even when it has a route for the bare prefix.
    """
    rules: Iterable[Any] = getattr(getattr(app, "url_map", None), "iter_rules", tuple)()
    if not prefix or not any(_starts(rule.rule, prefix) for rule in rules):
        return None
    from werkzeug.exceptions import HTTPException, MethodNotAllowed
    from werkzeug.routing import RequestRedirect

    adapter = app.url_map.bind("localhost")

    def found(path: str) -> bool:
        try:
            rule, _ = adapter.match(path, return_rule=True)
        except (RequestRedirect, MethodNotAllowed):
            return True
        except HTTPException:
            return False
        return _starts(rule.rule, prefix)

    root = any(rule.rule == "/" for rule in app.url_map.iter_rules())

    def whole(path: str) -> bool:
        return not (root and path.rstrip("/") == prefix) and found(path)

    return whole


def page_patterns(paths: Iterable[str], prefix: str) -> tuple[str, ...]:
    """The pages among `paths` that lie under the prefix, as regular expressions; "<name>" is any one part."""
    own = {path.rstrip("/") for path in paths if _starts(path, prefix)}
    return tuple(sorted("/".join(_part(part) for part in path.split("/")) for path in own))


def written_patterns(source: str, prefix: str, assets: str) -> tuple[str, ...]:
    """The prefix and all below, when the code has a path under the prefix written out; else nothing.

    But Dash's own requests, and those for what lies in `assets`, do come with the prefix put before them.
    """
    literal = rf"[\"']{re.escape(prefix)}(?:/[^\"'\s]*)?[\"']"
    if not prefix or not re.search(literal, source):
        return ()
    return (rf"{_part(prefix)}(?!/(?:_dash|_reload|_favicon|{_part(assets)}/))(?:/.*)?",)


def _starts(path: str, prefix: str) -> bool:
    return bool(prefix) and (path == prefix or path.startswith(prefix + "/"))


def _part(text: str) -> str:
    return "[^/]+" if text.startswith("<") else re.sub(r"([.*+?^${}()|[\]\\])", r"\\\1", text)
