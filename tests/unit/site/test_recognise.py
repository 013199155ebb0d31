"""Which app a Python file holds, told from its text."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from portico.site.recognise import Recognised, made_too_late, recognise
from portico.site.source import Source, Unreadable


def seen(tmp_path: Path, text: str) -> Recognised | None:
    file = tmp_path / "app.py"
    file.write_text(dedent(text), "utf-8")
    return recognise(Source.read(file))


@pytest.mark.parametrize(
    ("text", "kind", "attribute", "why"),
    [
        ("from dash import Dash\napp = Dash(__name__)", "Dash", "app", "Dash(...)"),
        ("from dash import Dash\napp = Dash()", "Dash", "app", "Dash()"),
        ("import dash\nmine = dash.Dash(__name__)", "Dash", "mine", "dash.Dash(...)"),
        ("from dash import Dash as D\napp: D = D(__name__)", "Dash", "app", "D(...)"),
        ("from dash_extensions.enrich import DashProxy\napp = DashProxy()", "Dash", "app", "DashProxy()"),
        ("from flask import Flask\nserver = Flask(__name__)", "Flask", "server", "Flask(...)"),
        ("import flask as f\napplication = f.Flask('x')", "Flask", "application", "f.Flask(...)"),
        ("from fastapi import FastAPI\napi = FastAPI()", "FastAPI", "api", "FastAPI()"),
        ("from quart import Quart\napp = Quart(__name__)", "Quart", "app", "Quart(...)"),
        ("from litestar import Litestar\napp = Litestar([])", "Litestar", "app", "Litestar(...)"),
        (
            "from starlette.applications import Starlette\napp = Starlette()",
            "Starlette",
            "app",
            "Starlette()",
        ),
        (
            "def application(environ, start_response): ...",
            "WSGI",
            "application",
            "def application(environ, start_response)",
        ),
        (
            "async def app(scope, receive, send): ...",
            "ASGI",
            "app",
            "async def app(scope, receive, send)",
        ),
        ("from mine import make\napp = make()\nserver = app.server", "Dash", "app", "server = app.server"),
        (
            "import flask\ndef create_app():\n  app = flask.Flask('x')\n  return app",
            "Flask",
            "create_app()",
            "def create_app() with flask.Flask(...)",
        ),
        (
            "from dash import Dash\ndef make(debug=False):\n  app = Dash()\n  return app.server",
            "Dash",
            "make()",
            "def make() with Dash()",
        ),
        (
            "from flask import Flask\ndef create_app():\n  return Flask('x')",
            "Flask",
            "create_app()",
            "def create_app() with Flask(...)",
        ),
        ("import streamlit as st\nst.title('x')", "Streamlit", "", "st.title(...)"),
        ("import streamlit as st\ndef main():\n  st.title('x')\nmain()", "Streamlit", "", "st.title(...)"),
        ("import panel as pn\npn.Row('x').servable()", "Panel", "", ".servable()"),
        (
            "try:\n  from dash import Dash\nexcept ImportError:\n  raise\nif 1:\n  app = Dash()",
            "Dash",
            "app",
            "Dash()",
        ),
    ],
)
def test_an_app_is_recognised_by_what_makes_it(
    tmp_path: Path, text: str, kind: str, attribute: str, why: str
) -> None:
    found = seen(tmp_path, text)
    assert found is not None
    assert (found.kind, found.attribute, found.why) == (kind, attribute, why)


@pytest.mark.parametrize(
    "text",
    [
        "import dash",
        "from dash import Dash\nDash.run",
        "from models import Flask\nbottle = Flask()",
        "from flask import Flask\nif __name__ == '__main__':\n  app = Flask(__name__)",
        "from flask import Flask\ndef main():\n  Flask('x').run()",
        "from flask import Flask\ndef create_app(config):\n  app = Flask('x')\n  return app",
        "import streamlit as st\ndef show():\n  st.title('x')",
        "import streamlit as st\n@st.cache_data\ndef data(): ...",
        "",
    ],
)
def test_what_only_resembles_an_app_is_none(tmp_path: Path, text: str) -> None:
    assert seen(tmp_path, text) is None


def test_a_flask_server_under_a_dash_app_is_not_a_second_app(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        """
        from flask import Flask
        from dash import Dash
        server = Flask(__name__)
        dash_app = Dash(__name__, server=server, url_base_pathname="/dash/")
        """,
    )
    assert found == Recognised("Dash on Flask", "dash_app", 5, "Dash(...)", alone=True, path=None)


def test_an_app_that_carries_another_is_the_one_to_serve(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        """
        from fastapi import FastAPI
        from fastapi.middleware.wsgi import WSGIMiddleware
        from dash import Dash
        dash_app = Dash(__name__, requests_pathname_prefix="/dash/")
        main = FastAPI()
        main.mount("/dash", WSGIMiddleware(dash_app.server))
        """,
    )
    assert found is not None
    assert (found.kind, found.attribute, found.path) == ("FastAPI", "main", None)


def test_of_several_apps_the_one_called_app_is_named(tmp_path: Path) -> None:
    found = seen(tmp_path, "from flask import Flask\nadmin = Flask('a')\napp = Flask('b')")
    assert found is not None
    assert (found.attribute, found.alone) == ("app", False)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("app = Dash(url_base_pathname='/sales/')", "/sales"),
        ("app = Dash(__name__, requests_pathname_prefix='/a/b/')", "/a/b"),
        ("PREFIX = '/sales/'\napp = Dash(url_base_pathname=PREFIX)", "/sales"),
        ("app = Dash(url_base_pathname='/')", None),
        ("app = Dash(url_base_pathname=prefix())", None),
        ("app = Dash(url_base_pathname='/-/x/')", None),
    ],
)
def test_a_path_that_a_dash_app_names_itself_is_kept(tmp_path: Path, text: str, path: str | None) -> None:
    found = seen(tmp_path, f"from dash import Dash\n{text}\n")
    assert found is not None
    assert found.path == path


def test_an_app_that_only_the_script_sees_is_told_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "from flask import Flask\nif __name__ == '__main__':\n  Flask('x').run()\n"
    )
    late = made_too_late(Source.read(tmp_path / "app.py"))
    assert late is not None
    assert (late.kind, late.line) == ("Flask", 3)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"x = 1\ndef x(:\n", "line 2: invalid syntax"),
        (b"a\0b", "not Python source"),
        (b"\xff\xfe", ""),  # the words differ from one Python to the next
    ],
)
def test_what_is_no_python_is_told_with_its_line(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "app.py").write_bytes(content)
    with pytest.raises(Unreadable) as caught:
        Source.read(tmp_path / "app.py")
    assert reason in str(caught.value)
