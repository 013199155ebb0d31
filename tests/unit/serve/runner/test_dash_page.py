"""What the page of a Dash app is told about the app, and where the script stands in it."""

import pytest

from portico.serve.runner.dash_page import Page, aware, routes_itself, with_script


@pytest.mark.parametrize(
    "source",
    [
        "href=dash.get_relative_path('/a')",
        "page = app.strip_relative_path(path)",
        'dcc.Link(href=page["relative_path"])',
        "app.config.requests_pathname_prefix",
        'dcc.Link(href=page["relative_path"], active=pathname == page["relative_path"] or pathname == "/")',
        "path = app.strip_relative_path(pathname)\nif path == '/x':",
    ],
)
def test_code_that_asks_dash_for_its_prefix_is_recognised(source: str) -> None:
    """Such an app gets whole paths, as Dash documents."""
    assert aware(source)


@pytest.mark.parametrize(
    "source",
    [
        'if pathname == "/page-1":',
        "Dash(requests_pathname_prefix='/x/')",
        "url_base_pathname='/x/'",
        "relative_path = 1",
        "routes = {app.config.routes_pathname_prefix + name: page}",
        "request.path.startswith(app.config.url_base_pathname)",
        'dcc.Link(href=page["relative_path"])\nif pathname == "/login":',
        "dcc.Link(href=app.get_relative_path('/a'))\nif pathname in ('/a', '/b'):",
    ],
)
def test_code_that_sets_or_compares_paths_or_only_links_by_dash_is_not(source: str) -> None:
    """Such an app gets paths as if it stood at the root."""
    assert not aware(source)


@pytest.mark.parametrize(
    "source",
    ['if path == "/stock":', "if '/stock/' == path", 'case "/stock":', 'pages = {"/stock": stock}'],
)
def test_a_page_of_its_own_is_told_from_a_link_to_another_app(source: str) -> None:
    """Only code that compares with the path has such a page."""
    assert routes_itself(source, "/stock")
    assert not routes_itself('html.A("Stock", href="/stock")', "/stock")


def test_the_script_stands_before_the_renderer_and_is_not_inline() -> None:
    """A strict content security policy allows it, and React is there when it runs."""
    page = Page("https://apps.example.org", "/sales", "/sales", ("/stock",))
    html = '<body><script src="react.js"></script><script id="_dash-renderer">var r</script></body>'
    whole = with_script(html, page)
    before, _, after = whole.partition("<script src=")[2].partition("</script>")[2].partition("</script>")
    assert after.startswith('<script id="_dash-renderer">')
    assert 'src="/-/static/dash-session.js' in before
    assert 'data-prefix="/sales"' in before
    assert 'data-others="/stock"' in before
    assert before.endswith(">")


def test_a_page_without_a_renderer_is_left_as_it_is() -> None:
    """There is nothing to stand before."""
    assert with_script("<p>Hello</p>", Page("", "/sales", "", ())) == "<p>Hello</p>"
