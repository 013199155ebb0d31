"""Dash objects, made in every way, know the prefix. Each case is a process of its own, as in the runner."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

START = """
import sys
from portico.serve.runner import dash_app
place = dash_app.install({prefix!r}, "http://localhost:8000", {dev!r})
assert "dash" not in sys.modules
"""
END = """
place.finish()
import json
client = server.test_client()
def ask(path):
    answer = client.get(path, base_url="http://localhost/sales")
    return [answer.status_code, answer.headers.get("Location") or answer.text]
print(json.dumps([ask(path) for path in {paths!r}]))
"""


def ask(
    code: str, *paths: str, prefix: str = "/sales", dev: bool = False, folder: Path
) -> list[list[object]]:
    """Status, and location or text, of each path below the prefix, of the `server` that `code` makes."""
    program = START.format(prefix=prefix, dev=dev) + code + END.format(paths=paths)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    answers: list[list[object]] = json.loads(done.stdout.splitlines()[-1])
    return answers


WAYS = {
    "a name": "import dash; app = dash.Dash(__name__); server = app.server",
    "no name": "from dash import Dash; app = Dash(); server = app.server",
    "a Flask app": "import flask, dash; server = flask.Flask('x'); app = dash.Dash(server=server)",
    "a late server": "import flask, dash; app = dash.Dash(server=False); server = flask.Flask('x')\n"
    "app.init_app(server)",
    "a subclass": "import dash\nclass Own(dash.Dash): pass\napp = Own(); server = app.server",
    "dash.dash": "from dash.dash import Dash; app = Dash(); server = app.server",
}
LAYOUT = """
from dash import html, get_asset_url
app.layout = html.P(get_asset_url('x.css') + app.get_relative_path('/y'))
"""


@pytest.mark.parametrize("way", WAYS)
def test_a_dash_app_knows_where_it_is(way: str, tmp_path: Path) -> None:
    """Its page asks below the prefix, its routes are at the root, and its path functions are right."""
    (index, layout) = ask(WAYS[way] + LAYOUT, "/", "/_dash-layout", folder=tmp_path)
    assert index[0] == 200
    assert '"requests_pathname_prefix":"\\u002fsales\\u002f"' in str(index[1])
    assert 'src="/sales/_dash-component-suites/' in str(index[1])
    assert "/sales/assets/x.css/sales/y" in str(layout[1]).replace("\\u002f", "/")


def test_an_app_that_knows_its_prefix_keeps_its_routes_there(tmp_path: Path) -> None:
    """Its own guards compare paths with its base path: the runner hands it whole paths where it has such routes."""
    code = "import dash; app = dash.Dash(url_base_pathname='/sales/'); server = app.server" + LAYOUT
    (index, layout) = ask(code, "/sales/", "/sales/_dash-layout", folder=tmp_path)
    assert index[0] == 200
    assert '"requests_pathname_prefix":"\\u002fsales\\u002f"' in str(index[1])
    assert "/sales/assets/x.css/sales/y" in str(layout[1]).replace("\\u002f", "/")


def test_prefixes_given_to_init_app_come_below_the_sites(tmp_path: Path) -> None:
    """As they do when they are given to Dash itself; the root leads there."""
    code = "import flask, dash; app = dash.Dash(server=False); server = flask.Flask('x')\n" + LAYOUT
    code += "app.init_app(server, routes_pathname_prefix='/board/', requests_pathname_prefix='/board/')\n"
    (root, index) = ask(code, "/", "/board/", folder=tmp_path)
    assert root == [302, "/sales/board/"]
    assert '"requests_pathname_prefix":"\\u002fsales\\u002fboard\\u002f"' in str(index[1])


def test_a_prefix_in_the_environment_is_treated_as_one_in_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes below the site's."""
    monkeypatch.setenv("DASH_URL_BASE_PATHNAME", "/board/")
    (root, index) = ask(WAYS["a name"] + LAYOUT, "/", "/board/", folder=tmp_path)
    assert root == [302, "/sales/board/"]
    assert index[0] == 200


def test_in_development_dash_shows_its_tools(tmp_path: Path) -> None:
    """And asks nobody on the internet for newer versions."""
    (index,) = ask(WAYS["a name"] + LAYOUT, "/", dev=True, folder=tmp_path)
    assert '"ui":true' in str(index[1])
    assert '"disable_version_check":true' in str(index[1])
    assert '"hot_reload":{' in str(index[1])


def test_a_process_that_does_not_import_dash_never_loads_it() -> None:
    """Flask apps pay nothing."""
    program = (
        START.format(prefix="/x", dev=False)
        + "import flask; place.finish(); assert 'dash' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
