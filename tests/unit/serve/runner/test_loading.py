"""Every way in which an app is written down and found, and what is said when it is not."""

from __future__ import annotations

import sys
from typing import Any

import pytest

FLASK = "from flask import Flask\napp = Flask(__name__)\napp.add_url_rule('/', view_func=lambda: {text!r})\n"
DASH = "from dash import Dash, html\napp = Dash(__name__)\napp.layout = html.Div('hello')\n"
HELLO = FLASK.format(text="hello")
WSGI = """
def {name}(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]
"""
ASGI = """
async def {name}(scope, receive, send):
    assert scope["type"] == "http"
    await send({{"type": "http.response.start", "status": 200, "headers": []}})
    await send({{"type": "http.response.body", "body": b"hello"}})
"""

SERVED = {
    "app": (HELLO, "flask"),
    "the only Flask object, whatever its name": (HELLO.replace("app", "shop"), "flask"),
    "a Flask factory": (
        "def create_app():\n    " + HELLO.replace("\n", "\n    ") + "\n    return app\n",
        "flask",
    ),
    "run() without a guard": (HELLO + "app.run(debug=True)\n", "flask"),
    "run() with a guard": (HELLO + "if __name__ == '__main__':\n    app.run()\n", "flask"),
    "run_simple() without a guard": (
        HELLO.replace("app", "shop")
        + "from werkzeug.serving import run_simple\nrun_simple('localhost', 1, shop)\n",
        "flask",
    ),
    "the one of several whose run() is called": (
        HELLO.replace("app", "one") + FLASK.format(text="no").replace("app", "two") + "one.run()\n",
        "flask",
    ),
    "made only under __main__": (
        "from flask import Flask\n\ndef main():\n    "
        + HELLO.replace("\n", "\n    ")
        + "\n    app.run()\n\nif __name__ == '__main__':\n    main()\n",
        "flask",
    ),
    "a plain WSGI function": (WSGI.format(name="application"), "wsgi"),
    "a plain WSGI function of any name": (WSGI.format(name="shop"), "wsgi"),
    "a WSGI object": (
        "class Shop:\n"
        + WSGI.format(name="__call__").replace("(environ", "(self, environ").replace("\n", "\n    ")
        + "\nshop = Shop()\n",
        "wsgi",
    ),
    "a plain ASGI function": (ASGI.format(name="app"), "asgi"),
    "an ASGI object": (
        "class Shop:\n"
        + ASGI.format(name="__call__").replace("(scope", "(self, scope").replace("\n", "\n    ")
        + "\nshop = Shop()\n",
        "asgi",
    ),
    "FastAPI": (
        "from fastapi import FastAPI\napp = FastAPI()\n\n@app.get('/')\ndef index():\n    return 'hello'\n",
        "asgi",
    ),
    "Dash": (DASH, "dash"),
    "Dash and its server": (DASH + "server = app.server\n", "dash"),
    "Dash on a Flask of its own": (
        "import flask\nserver = flask.Flask('x')\n" + DASH.replace("__name__", "server=server"),
        "dash",
    ),
    "Dash without a name": (DASH.replace("__name__", ""), "dash"),
    "Dash without a server": (DASH.replace("__name__", "server=False"), "dash"),
    "Dash joined to its server later": (
        "import flask\nserver = flask.Flask('x')\n"
        + DASH.replace("__name__", "server=False")
        + "app.init_app(server)\n",
        "dash",
    ),
    "Dash of any name": (DASH.replace("app", "sales"), "dash"),
    "Dash whose layout is set under __main__": (
        DASH.replace("app.layout", "if __name__ == '__main__':\n    app.layout") + "    app.run()\n",
        "dash",
    ),
    "Dash with the run_server() of old": (DASH + "app.run_server(debug=True)\n", "dash"),
    "Dash on FastAPI": (DASH.replace("__name__", "__name__, backend='fastapi'"), "dash-fastapi"),
    "Dash on Quart": (DASH.replace("__name__", "__name__, backend='quart'"), "dash-quart"),
    "an app that prints": ("print('x' * 100_000)\n" + HELLO, "flask"),
    "flask.current_app among its names": ("from flask import current_app, request, g\n" + HELLO, "flask"),
    "an app that reads its arguments": (
        "import argparse\nargparse.ArgumentParser().parse_args()\n" + HELLO,
        "flask",
    ),
}


@pytest.mark.parametrize(("source", "kind"), SERVED.values(), ids=SERVED.keys())
def test_a_file_is_served_however_it_is_written(start: Any, write: Any, source: str, kind: str) -> None:
    write("app.py", source)
    worker = start("app.py")
    assert worker.ready()["kind"] == kind
    answer = worker.get("/_dash-layout" if kind.startswith("dash") else "/")
    assert answer.status == 200
    assert "hello" in answer.text, worker.output


@pytest.mark.parametrize(
    "run",
    [
        "shop:app",
        "shop:make()",
        "shop:parts.inner",
        "shop.py",
        "my shop.py",
        "01-shop.py",
        "json.py",
        "flask.py",
        "dash.py",
    ],
)
def test_files_modules_objects_and_factories_can_be_named(start: Any, write: Any, run: str) -> None:
    source = HELLO + "def make():\n    return app\nclass parts:\n    inner = app\n"
    if run == "flask.py":
        source = WSGI.format(name="app")
    write("shop.py", source)
    if run.endswith(".py"):
        write(run, source)
    worker = start(run)
    worker.ready()
    assert worker.get("/").text == "hello"


@pytest.mark.parametrize("attribute", ["other", "make()"])
def test_an_object_of_a_file_can_be_named(start: Any, write: Any, attribute: str) -> None:
    source = FLASK.format(text="not this") + HELLO.replace("app", "other") + "def make():\n    return other\n"
    file = write("app.py", source)
    run = {"kind": "file", "text": f"app.py:{attribute}", "target": str(file), "attribute": attribute}
    worker = start("app.py", run=run)
    worker.ready()
    assert worker.get("/").text == "hello"


def test_an_app_finds_the_files_and_modules_beside_it(start: Any, write: Any) -> None:
    write("shop/words.py", "text = open('text.txt').read()\n")
    write("shop/text.txt", "hello")
    write("shop/app.py", "from words import text\n" + HELLO.replace("'hello'", "text"))
    worker = start("shop/app.py")
    worker.ready()
    assert worker.get("/").text == "hello"


def test_an_app_within_a_package_may_import_relatively(start: Any, write: Any) -> None:
    write("project/shop/__init__.py", "")
    write("project/shop/words.py", "text = 'hello'\n")
    write(
        "project/shop/app.py",
        "from . import words\nfrom .words import text\nfrom shop.words import text as same\nimport words as beside\n"
        + HELLO.replace("'hello'", "text"),
    )
    worker = start("project/shop/app.py")
    worker.ready()
    assert worker.get("/").text == "hello"


def test_dash_finds_its_assets_and_pages_beside_the_file(start: Any, write: Any) -> None:
    write("assets/style.css", "body { color: red }")
    write(
        "pages/home.py",
        "import dash\nfrom dash import html\ndash.register_page(__name__, path='/')\nlayout = html.Div('home page')\n",
    )
    write(
        "app.py",
        "import dash\napp = dash.Dash(__name__, use_pages=True)\napp.layout = dash.page_container\n",
    )
    worker = start("app.py")
    worker.ready()
    assert worker.get("/assets/style.css").text == "body { color: red }"
    assert "style.css" in worker.get("/").text


def test_the_module_is_importable_by_its_name(start: Any, write: Any) -> None:
    """Background callbacks pickle functions by the name of their module."""
    write(
        "sales.py",
        HELLO + "def f(): return 'hello'\n@app.get('/f')\ndef g():\n    import pickle, sys, sales\n"
        "    assert sys.modules[__name__] is sales\n    return pickle.loads(pickle.dumps(f))()\n",
    )
    worker = start("sales.py")
    worker.ready()
    assert worker.get("/f").text == "hello"


FAILS = {
    "a missing module": (
        "import numpie\n",
        'app.py needs the module "numpie" (app.py, line 1), which this Python does not have: '
        f"{sys.executable} -m pip install numpie",
    ),
    "a module that breaks": (
        "\ndef read():\n    return {}['url']\nread()\n",
        "app.py broke while it was imported: KeyError: 'url' (app.py, line 3)",
    ),
    "a module that breaks in a library": (
        "import json\n\njson.loads('[')\n",
        "app.py broke while it was imported: JSONDecodeError: "
        "Expecting value: line 1 column 2 (char 1) (app.py, line 3)",
    ),
    "a syntax error": (
        "x = = 1\n",
        "app.py broke while it was imported: SyntaxError: invalid syntax (app.py, line 1) (app.py, line 1)",
    ),
    "an app that exits": (
        "import sys\nsys.exit('no licence')\n",
        "app.py broke while it was imported: SystemExit: no licence (app.py, line 2)",
    ),
    "no app": (
        "x = 1\n",
        "app.py: no app object found; Portico looks for a Dash, Flask or other WSGI or ASGI object at module level, "
        "best called app, and for a function create_app()",
    ),
    "several apps": (
        HELLO.replace("app", "one") + HELLO.replace("app", "two"),
        "app.py: several apps (one, two); name one of them app, or say which: app.py:one",
    ),
}


@pytest.mark.parametrize(("source", "reason"), FAILS.values(), ids=FAILS.keys())
def test_what_is_wrong_is_said_in_one_line_and_the_traceback_is_the_apps_own(
    start: Any, write: Any, source: str, reason: str
) -> None:
    write("app.py", source)
    worker = start("app.py")
    assert worker.event() == {"event": "failed", "reason": reason}
    assert worker.wait() == 1
    assert "portico" not in worker.output
    assert "importlib" not in worker.output
    if "app" not in reason.partition(" ")[2]:
        assert "Traceback" in worker.output


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        ("shopp:app", 'no module "shopp" in '),
        ("shop:apq", 'shop:apq: shop has no "apq"; it has app'),
        ("shop:text", "shop:text: a str, not a web app (Dash, Flask, other WSGI or ASGI callable)"),
        (
            "shop:broken()",
            "shop:broken() broke while it was imported: ZeroDivisionError: division by zero (shop.py, line 6)",
        ),
        ("other:app", 'other needs the module "nowhere" (other.py, line 1), which this Python does not have'),
    ],
)
def test_a_wrong_object_is_told_apart_from_a_wrong_module(
    start: Any, write: Any, run: str, reason: str
) -> None:
    write("shop.py", HELLO + "text = ''\ndef broken():\n    1 / 0\n")
    write("other.py", "import nowhere\n")
    worker = start(run)
    event = worker.event()
    assert event["event"] == "failed"
    assert event["reason"].startswith(reason)
