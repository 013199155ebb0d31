"""Recognising the app in a Python file from its source: which framework, in which object, at which line."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeGuard

from portico.site import addresses
from portico.site.problems import Wrong
from portico.site.source import (
    Function,
    Source,
    assigned,
    is_main_guard,
    required_arguments,
    statements,
)

# Calls that make an app, by what they stand for after the imports.
FRAMEWORKS = {
    "dash.Dash": "Dash",
    "dash.dash.Dash": "Dash",
    "dash_extensions.enrich.Dash": "Dash",
    "dash_extensions.enrich.DashProxy": "Dash",
    "jupyter_dash.JupyterDash": "Dash",
    "flask.Flask": "Flask",
    "flask.app.Flask": "Flask",
    "apiflask.APIFlask": "Flask",
    "flask_openapi3.OpenAPI": "Flask",
    "connexion.FlaskApp": "Flask",
    "quart.Quart": "Quart",
    "fastapi.FastAPI": "FastAPI",
    "starlette.applications.Starlette": "Starlette",
    "litestar.Litestar": "Litestar",
    "falcon.App": "WSGI",
    "falcon.asgi.App": "ASGI",
    "bottle.Bottle": "WSGI",
    "blacksheep.Application": "ASGI",
    "shiny.App": "ASGI",
    "django.core.wsgi.get_wsgi_application": "WSGI",
    "django.core.asgi.get_asgi_application": "ASGI",
    "werkzeug.middleware.dispatcher.DispatcherMiddleware": "WSGI",
}
_FACTORY_NAMES = (
    "create_app",
    "make_app",
    "create_application",
    "app_factory",
    "build_app",
    "get_app",
    "create_server",
)
_OBJECT_NAMES = ("application", "app", "dash_app", "server", "api")
_PREFIX_ARGUMENTS = ("url_base_pathname", "requests_pathname_prefix", "routes_pathname_prefix")


@dataclass(frozen=True, slots=True)
class Recognised:
    """The app in one file. `attribute` is "app" or "create_app()"; "" for a script that a program serves.

    `why` is what was seen there. `alone`: nothing else in the file could be meant. `path` is where the app
    itself says it is.
    """

    kind: str
    attribute: str
    line: int
    why: str
    alone: bool = True
    path: str | None = None


@dataclass(frozen=True, slots=True)
class _Made:
    """One object that the module makes."""

    name: str
    kind: str
    call: ast.Call


def recognise(source: Source) -> Recognised | None:
    """The app in this file: an object, a bare WSGI or ASGI callable, a factory or a script; or None."""
    return _object(source) or _callable(source) or _factory(source) or _script(source) or _run_as_main(source)


def made_too_late(source: Source) -> Recognised | None:
    """An app that exists only while the file runs as a script, or in a function that does not return it."""
    for call in source.calls:
        kind = FRAMEWORKS.get(source.meaning(call.func) or "")
        if kind:
            return Recognised(kind, "", call.lineno, _text(call))
    return None


def uses_pages(source: Source) -> bool:
    """Whether a Dash app in this file reads its pages from a folder."""
    return any(
        keyword.arg in ("use_pages", "pages_folder")
        and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
        for call in source.calls
        for keyword in call.keywords
    )


def is_page(source: Source) -> bool:
    """Whether the file registers itself, by its `__name__`, as a page of a Dash app."""
    return any(
        (source.meaning(call.func) or "").endswith("register_page")
        and any(
            isinstance(node, ast.Name) and node.id == "__name__"
            for node in [*call.args[:1], *(k.value for k in call.keywords if k.arg == "module")]
        )
        for call in source.calls
    )


def _object(source: Source) -> Recognised | None:
    made = _top_level(source)
    if not made:
        return _server_of_unknown(source)
    carried = {name for one in made for name in _given(one.call)} - {None}
    main = [one for one in made if one.name not in carried] or made
    chosen = min(main, key=lambda one: (_rank(one.name, _OBJECT_NAMES), one.call.lineno))
    on = next((one.kind for one in made if one is not chosen and one.name in _given(chosen.call)), None)
    kind = f"{chosen.kind} on {on}" if chosen.kind == "Dash" and on else chosen.kind
    alone = len({one.name for one in main}) == 1 or len({id(one.call) for one in main}) == 1
    path = _own_path(source, chosen.call) if chosen.kind == "Dash" and not on else None
    return Recognised(kind, chosen.name, chosen.call.lineno, _text(chosen.call), alone, path)


def _top_level(source: Source) -> list[_Made]:
    """The app objects that importing the module makes, without those mounted in another one."""
    made: list[_Made] = []
    for name, value, guarded in source.assignments():
        if not guarded and _makes_app(value, source):
            made.append(_Made(name, FRAMEWORKS[source.meaning(value.func) or ""], value))
    mounted = {
        name
        for statement, _ in statements(source.tree.body)
        if isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Call)
        and isinstance(statement.value.func, ast.Attribute)
        and statement.value.func.attr == "mount"
        for name in _given(statement.value)
    }
    return [one for one in made if one.name not in mounted] or made


def _server_of_unknown(source: Source) -> Recognised | None:
    """`server = app.server`: how every Dash app is offered to a server, whatever made it."""
    for name, value, guarded in source.assignments():
        if (
            not guarded
            and name in ("server", "application")
            and isinstance(value, ast.Attribute)
            and value.attr == "server"
            and source.meaning(value.value) is not None
        ):
            app = ast.unparse(value.value)
            return Recognised("Dash", app, value.lineno, f"{name} = {app}.server")
    return None


def _callable(source: Source) -> Recognised | None:
    """A function with the arguments of WSGI or ASGI, under a name that says it is the app."""
    for name, function in source.functions.items():
        arguments = tuple(argument.arg for argument in function.args.args)
        if name in ("application", "app") and len(arguments) == 2 and isinstance(function, ast.FunctionDef):
            return Recognised("WSGI", name, function.lineno, f"def {name}({', '.join(arguments)})")
        if (
            name in ("application", "app")
            and len(arguments) == 3
            and isinstance(function, ast.AsyncFunctionDef)
        ):
            return Recognised("ASGI", name, function.lineno, f"async def {name}({', '.join(arguments)})")
    return None


def _factory(source: Source) -> Recognised | None:
    """A function without required arguments that makes an app and returns something."""
    found: list[tuple[str, Recognised]] = []
    for name, function in source.functions.items():
        call = _made_inside(source, function)
        if call and not required_arguments(function) and isinstance(function, ast.FunctionDef):
            kind = FRAMEWORKS[source.meaning(call.func) or ""]
            why = f"def {name}() with {_text(call)}"
            found.append((name, Recognised(kind, f"{name}()", function.lineno, why, alone=False)))
    return min(found, key=lambda one: (_rank(one[0], _FACTORY_NAMES), one[1].line))[1] if found else None


def _made_inside(source: Source, function: Function) -> ast.Call | None:
    """The call that makes the app that a function returns, as itself or as a part (`return app.server`)."""
    returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value]
    names = {name for value in returned for name in _names(value)}
    made = [
        value
        for node in ast.walk(function)
        if isinstance(node, ast.stmt)
        for name, value in assigned(node)
        if name in names
    ]
    for value in (*made, *returned):
        if _makes_app(value, source):
            return value
    return None


def _script(source: Source) -> Recognised | None:
    """A script that Streamlit or Panel serves: it draws as it runs, itself or in a function that it calls."""
    drawing = {
        name: call for name, function in source.functions.items() if (call := _drawn(source, function))
    }
    for statement, _ in statements(source.tree.body):
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        called = (call.func.id for call in _calls(statement) if isinstance(call.func, ast.Name))
        drawn = _drawn(source, statement) or next((drawing[name] for name in called if name in drawing), None)
        if drawn:
            kind = "Panel" if ".servable(" in _text(drawn) else "Streamlit"
            return Recognised(kind, "", drawn.lineno, _text(drawn))
    return None


def _run_as_main(source: Source) -> Recognised | None:
    """An app that is made and run only when the file is the script: a runner runs it as that."""
    guarded = any(isinstance(node, ast.If) and is_main_guard(node) for node in source.tree.body)
    runs = any(
        isinstance(call.func, ast.Attribute) and call.func.attr in ("run", "run_server")
        for call in source.calls
    )
    return made_too_late(source) if guarded and runs else None


def _drawn(source: Source, node: ast.AST) -> ast.Call | None:
    """The first call inside `node` that draws with Streamlit or Panel."""
    panel = any(meaning.partition(".")[0] == "panel" for meaning in source.aliases.values())
    for call in _calls(node):
        if (source.meaning(call.func) or "").startswith("streamlit."):
            return call
        if panel and isinstance(call.func, ast.Attribute) and call.func.attr == "servable":
            return call
    return None


def _own_path(source: Source, call: ast.Call) -> str | None:
    for keyword in call.keywords:
        text = source.constant(keyword.value) if keyword.arg in _PREFIX_ARGUMENTS else None
        if text:
            try:
                path = addresses.path(text)
            except Wrong:
                return None
            return None if path == "/" else path
    return None


def _makes_app(value: ast.expr, source: Source) -> TypeGuard[ast.Call]:
    return isinstance(value, ast.Call) and source.meaning(value.func) in FRAMEWORKS


def _given(call: ast.Call) -> set[str]:
    """The names handed to a call: `server` in Dash(__name__, server=server)."""
    return {name for value in [*call.args, *(k.value for k in call.keywords)] for name in _names(value)}


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    return (part for part in ast.walk(node) if isinstance(part, ast.Call))


def _text(call: ast.Call) -> str:
    function = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    name = f".{function}" if function == "servable" else ast.unparse(call.func)
    return f"{name}({'...' if call.args or call.keywords else ''})"


def _rank(name: str, order: tuple[str, ...]) -> int:
    return order.index(name) if name in order else len(order)
