"""Portico's script in the pages of Flask apps that open WebSockets."""

import pytest
from flask import Flask

from portico.serve.runner.flask_page import add_script, with_script


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (
            "<!doctype html><head lang=en><script>x</script></head>",
            "<!doctype html><head lang=en>S<script>x</script></head>",
        ),
        ("<!doctype html><p>x</p><SCRIPT>x</SCRIPT>", "<!doctype html><p>x</p>S<SCRIPT>x</SCRIPT>"),
        ("<p>nothing to run</p>", "<p>nothing to run</p>"),
    ],
)
def test_the_script_stands_before_all_others(html: str, expected: str) -> None:
    """A page without scripts needs none."""
    assert with_script(html, "S") == expected


def test_only_whole_html_pages_get_it() -> None:
    """Neither JSON nor a stream."""
    app = Flask(__name__)
    page = "<head></head>"
    app.add_url_rule("/", "page", lambda: page)
    app.add_url_rule("/data", "data", lambda: {"html": page})
    app.add_url_rule("/stream", "stream", lambda: iter([page]))
    add_script(app, "/sales", "https://apps.example.org")
    client = app.test_client()
    assert 'data-prefix="/sales"' in client.get("/").text
    assert int(client.get("/").headers["Content-Length"]) == len(client.get("/").data)
    assert "data-prefix" not in client.get("/data").text
    assert client.get("/stream").text == page
