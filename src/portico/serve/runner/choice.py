"""Which object of a module is the app to serve, when only the file was named.

The rule, in this order: the object called app, application, server, api or dash_app; else the only one
there is; else the only one of the first kind present among Dash, Flask, other ASGI, other WSGI; else what
create_app() or make_app() returns.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

from portico.serve.runner.failure import LoadError, NoAppError
from portico.serve.runner.recognition import (
    ASGI,
    DASH,
    DASH_FASTAPI,
    DASH_QUART,
    FLASK,
    WSGI,
    WebApp,
    is_dash,
    is_flask,
    names_its_arguments,
    recognise,
)

NAMES = ("app", "application", "server", "api", "dash_app")
FACTORIES = ("create_app", "make_app", "create_server", "get_app", "build_app")
KINDS = (
    frozenset({DASH, DASH_FASTAPI, DASH_QUART}),
    frozenset({FLASK}),
    frozenset({ASGI}),
    frozenset({WSGI}),
)


def choose(module: ModuleType, text: str, ran: Sequence[object] = ()) -> WebApp:
    """The app in `module` by the rule above; LoadError when there is none or when several are equally likely.

    `ran` holds the objects whose `run()` was called while the module was imported.
    """
    found = candidates(module)
    for name in NAMES:
        if name in found:
            return with_dash(found[name], found)
    for started in reversed(ran):
        if (app := recognise(started)) is not None:
            return with_dash(app, found)
    for kinds in KINDS:
        likely = {name: app for name, app in _distinct(found).items() if app.kind in kinds}
        if len(likely) == 1:
            return next(iter(likely.values()))
        if likely:
            raise LoadError(
                f"{text}: several apps ({', '.join(likely)}); name one of them app, or say which: "
                f"{text}:{next(iter(likely))}"
            )
    return _from_factory(module, text)


def with_dash(app: WebApp, found: Mapping[str, WebApp]) -> WebApp:
    """`app`, or the Dash app among `found` whose server it is: `server = sales.server` means the Dash app."""
    owners = (other for other in found.values() if other.dash is not None and other.callable is app.callable)
    return next(owners, app)


def candidates(module: ModuleType) -> dict[str, WebApp]:
    """The web apps among the names of `module`, in the order in which they were defined."""
    found: dict[str, WebApp] = {}
    for name, value in vars(module).items():
        if name.startswith("_") or inspect.isclass(value) or inspect.ismodule(value):
            continue
        app = recognise(value) if name in NAMES or _is_plainly_an_app(value) else None
        if app is not None and not (name in FACTORIES or (inspect.isroutine(value) and _is_factory(value))):
            found[name] = app
    return found


def _is_plainly_an_app(value: object) -> bool:
    """Whether `value` is an app and not merely something that takes as many arguments as one."""
    if is_dash(value) or is_flask(value):
        return True
    if type(value).__name__ == "LocalProxy" or not callable(value):
        return False
    return names_its_arguments(value)


def _distinct(found: dict[str, WebApp]) -> dict[str, WebApp]:
    """`found` without second names of the same app, and without servers that a Dash app stands on."""
    seen: set[int] = {id(app.callable) for app in found.values() if app.dash is not None}
    distinct: dict[str, WebApp] = {}
    for name, app in found.items():
        if app.dash is not None:
            if all(app.dash is not other.dash for other in distinct.values()):
                distinct[name] = app
        elif id(app.callable) not in seen:
            seen.add(id(app.callable))
            distinct[name] = app
    return distinct


def _from_factory(module: ModuleType, text: str) -> WebApp:
    for name in FACTORIES:
        factory = getattr(module, name, None)
        if inspect.isfunction(factory) and _is_factory(factory):
            app = recognise(factory())
            if app is not None:
                return app
    raise NoAppError(
        f"{text}: no app object found; Portico looks for a Dash, Flask or other WSGI or ASGI object at "
        f"module level, best called app, and for a function {FACTORIES[0]}()"
    )


def _is_factory(function: Callable[..., Any]) -> bool:
    """Whether `function` can be called without arguments."""
    try:
        inspect.signature(function).bind()
    except (TypeError, ValueError):
        return False
    return True
