"""What kind of web app an object is, told without importing any framework that the app did not import."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

DASH, DASH_FASTAPI, DASH_QUART = "dash", "dash-fastapi", "dash-quart"
FLASK, WSGI, ASGI = "flask", "wsgi", "asgi"


@dataclass(frozen=True, slots=True)
class WebApp:
    """An app to serve: the callable the server calls, its kind, and the Dash object it belongs to, if any."""

    kind: str
    callable: Callable[..., Any]
    dash: Any = None

    @property
    def is_asgi(self) -> bool:
        """Whether the callable speaks ASGI; else it speaks WSGI."""
        return self.kind in (DASH_FASTAPI, DASH_QUART, ASGI)


def recognise(value: object) -> WebApp | None:
    """The web app that `value` is; None when it is something else."""
    if _is_a(value, "dash", "Dash"):
        return _dash(value)
    if is_flask(value):
        return WebApp(FLASK, _callable(value))
    if type(value).__name__ == "LocalProxy" or inspect.isclass(value) or not callable(value):
        return None  # a LocalProxy (flask.current_app) must not be touched outside of a request
    kind = by_signature(value)
    return None if kind is None else WebApp(kind, value)


def _callable(value: object) -> Callable[..., Any]:
    if not callable(value):
        raise TypeError(f"{type(value).__name__} object is not callable")
    return value


def _dash(dash: Any) -> WebApp:
    """Dash with the server it stands on; one made with `server=False` is joined to its server now."""
    if not dash.routes:
        if getattr(dash, "server", None):
            dash.init_app()
        else:
            import flask

            dash.init_app(flask.Flask(dash.config.name))
    backend = getattr(getattr(dash, "backend", None), "server_type", "flask")
    kinds = {"fastapi": DASH_FASTAPI, "quart": DASH_QUART}
    return WebApp(kinds.get(backend, DASH), dash.server, dash)


def is_dash(value: object) -> bool:
    """Whether `value` is a Dash object (also of a subclass)."""
    return _is_a(value, "dash", "Dash")


def is_flask(value: object) -> bool:
    """Whether `value` is a Flask object (also of a subclass)."""
    return _is_a(value, "flask", "Flask")


def names_its_arguments(value: Callable[..., Any]) -> bool:
    """Whether `value` calls its arguments what WSGI and ASGI apps call them: then it is meant to be one."""
    signature = _signature(value)
    names = list(signature.parameters) if signature else []
    return names[1:2] == ["start_response"] or names[1:3] == ["receive", "send"]


def _is_a(value: object, module: str, name: str) -> bool:
    """Whether `value` is an instance of the class `name` of the package `module`, or of a subclass."""
    return any(
        cls.__name__ == name and (cls.__module__ == module or cls.__module__.startswith(module + "."))
        for cls in type(value).__mro__
    )


def by_signature(value: Callable[..., Any]) -> str | None:
    """`"asgi"` for (scope, receive, send), `"wsgi"` for (environ, start_response), None for anything else."""
    function = value if inspect.isroutine(value) else type(value).__call__
    signature = _signature(value)
    if signature is None:
        return None
    parameters = list(signature.parameters.values())
    if any(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in parameters):
        return None
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = sum(p.default is p.empty for p in positional)
    most = 99 if any(p.kind is p.VAR_POSITIONAL for p in parameters) else len(positional)
    if inspect.iscoroutinefunction(function) or (positional and positional[0].name == "scope"):
        return ASGI if required <= 3 <= most else None
    return WSGI if required <= 2 <= most else None


def _signature(value: Callable[..., Any]) -> inspect.Signature | None:
    """How `value` is called. None when it cannot be told: proxies among a module's names may raise anything."""
    try:
        return inspect.signature(value)
    except Exception:
        return None
