"""What an object is, told by itself; and which one of several is the app."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType
from typing import Any

import dash
import fastapi
import flask
import pytest
import quart
from werkzeug.local import LocalProxy
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from portico.serve.runner.choice import candidates, choose
from portico.serve.runner.failure import LoadError, NoAppError
from portico.serve.runner.recognition import recognise


def wsgi(environ: Any, start_response: Any) -> list[bytes]:
    return []


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    return None


class Shop(flask.Flask):
    """A subclass, as larger apps have."""


class AsgiObject:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        return None


class Unfriendly:
    """Cannot be asked how it is called."""

    @property
    def __signature__(self) -> Any:
        raise RuntimeError("working outside of request context")

    def __call__(self) -> None:
        return None


def unbound() -> Any:
    raise RuntimeError("working outside of request context")


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda: dash.Dash("x"), "dash"),
        (lambda: dash.Dash("x", server=False), "dash"),
        (lambda: dash.Dash("x", backend="fastapi"), "dash-fastapi"),
        (lambda: dash.Dash("x", server=fastapi.FastAPI()), "dash-fastapi"),
        (lambda: dash.Dash("x", backend="quart"), "dash-quart"),
        (lambda: flask.Flask("x"), "flask"),
        (lambda: Shop("x"), "flask"),
        (lambda: ProxyFix(flask.Flask("x")), "wsgi"),
        (lambda: DispatcherMiddleware(wsgi), "wsgi"),
        (lambda: wsgi, "wsgi"),
        (lambda: lambda *args: None, "wsgi"),
        (fastapi.FastAPI, "asgi"),
        (lambda: quart.Quart("x"), "asgi"),
        (AsgiObject, "asgi"),
        (lambda: asgi, "asgi"),
    ],
)
def test_apps_are_recognised(make: Any, kind: str) -> None:
    app = recognise(make())
    assert app is not None
    assert app.kind == kind
    assert app.is_asgi == (kind in ("asgi", "dash-fastapi", "dash-quart"))


def test_other_things_are_not_apps() -> None:
    """Also things that must not be touched outside of a request."""
    things = (None, 1, "app", {}, flask, flask.Flask, len, lambda: None, lambda one: None)
    for thing in (*things, LocalProxy(unbound), Unfriendly()):
        assert recognise(thing) is None


def module(**names: Any) -> ModuleType:
    made = ModuleType("made")
    vars(made).update(names)
    return made


def test_the_name_app_comes_first() -> None:
    first, second = flask.Flask("first"), flask.Flask("second")
    assert choose(module(server=second, app=first), "x").callable is first


def test_the_one_whose_run_was_called_comes_next() -> None:
    first, second = flask.Flask("first"), flask.Flask("second")
    assert choose(module(one=first, two=second), "x", [second]).callable is second


def test_dash_comes_before_flask_and_flask_before_others() -> None:
    dashboard, shop = dash.Dash("x"), flask.Flask("x")
    assert choose(module(a=asgi, b=shop, c=dashboard), "x").dash is dashboard
    assert choose(module(a=asgi, b=shop, c=wsgi), "x").callable is shop
    assert choose(module(a=wsgi, b=asgi), "x").callable is asgi


def test_the_server_of_a_dash_app_means_the_dash_app() -> None:
    sales = dash.Dash("x")
    assert choose(module(sales=sales, server=sales.server), "x").dash is sales


def test_several_names_of_one_app_are_one_app() -> None:
    shop = flask.Flask("x")
    assert choose(module(one=shop, two=shop), "x").callable is shop


def test_several_apps_of_one_kind_are_asked_about() -> None:
    with pytest.raises(
        LoadError, match=r"^x: several apps \(one, two\); name one of them app, or say which: x:one$"
    ):
        choose(module(one=flask.Flask("x"), two=flask.Flask("x")), "x")


def test_functions_that_merely_take_two_arguments_are_not_apps() -> None:
    with pytest.raises(NoAppError):
        choose(module(add=lambda a, b: a + b, proxy=LocalProxy(unbound), odd=Unfriendly()), "x")
    assert list(candidates(module(wsgi=wsgi, asgi=asgi, add=lambda a, b: a))) == ["wsgi", "asgi"]


def test_a_factory_without_required_arguments_is_called() -> None:
    def create_app(config: str | None = None) -> flask.Flask:
        return flask.Flask("made")

    assert choose(module(create_app=create_app), "x").kind == "flask"

    def needs(config: str) -> flask.Flask:
        return flask.Flask(config)

    with pytest.raises(NoAppError):
        choose(module(create_app=needs), "x")


def test_recognising_imports_no_framework() -> None:
    code = (
        "import sys\nfrom portico.serve.runner import recognition, choice, loading, wsgi\n"
        "recognition.recognise(lambda environ, start_response: None)\n"
        "assert not {'flask', 'dash', 'fastapi', 'quart', 'werkzeug', 'jwt'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
