"""Paths of an app that begin like its prefix on the site."""

import re

from flask import Flask

from portico.serve.runner.own_paths import page_patterns, whole_paths, written_patterns


def test_a_route_that_begins_with_the_prefix_takes_whole_paths() -> None:
    """Every other path loses the prefix, the root too."""
    app = Flask(__name__)
    for rule in ("/", "/sales/", "/sales/<name>", "/sales/north/", "/other"):
        app.add_url_rule(rule, rule, lambda **_: "")
    whole = whole_paths(app, "/sales")
    assert whole is not None
    assert [
        path for path in ("/sales/", "/sales/x", "/sales/north", "/sales/other/y", "/salesman") if whole(path)
    ] == [
        "/sales/x",
        "/sales/north",
    ]


def test_an_app_without_such_a_route_is_not_asked() -> None:
    """Nor is one that stands at a root, or that is no Flask app."""
    app = Flask(__name__)
    app.add_url_rule("/salesman", "salesman", lambda: "")
    assert whole_paths(app, "/sales") is None
    assert whole_paths(app, "") is None
    assert whole_paths(lambda environ, start_response: [], "/sales") is None


def test_pages_below_the_prefix_are_told_from_paths_that_have_it_already() -> None:
    """A part in angle brackets is any one part."""
    patterns = page_patterns(["/", "/sales", "/sales/<year>", "/salesman", "/about"], "/sales")
    assert patterns == ("/sales", "/sales/[^/]+")


def test_written_paths_below_the_prefix_make_all_of_them_the_apps_own() -> None:
    """Except what Dash itself asks for."""
    (pattern,) = written_patterns('if pathname == "/sales/north":', "/sales", "assets")
    own = re.compile(pattern)
    assert own.fullmatch("/sales/south")
    assert own.fullmatch("/sales")
    assert not own.fullmatch("/sales/_dash-layout")
    assert not own.fullmatch("/sales/assets/logo.png")
    assert written_patterns('if pathname == "/salesman":', "/sales", "assets") == ()
