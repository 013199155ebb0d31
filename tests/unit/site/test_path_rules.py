"""Path rules: read from the file, the longest first, and found for a path as the front finds them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portico.site import Access, App, PathRule, Site, from_json, to_json
from portico.site.path_rules import access_of, plain_path, rule_of
from portico.site.problems import Wrong

TOML = """
[roles]
manager = ""
[apps.sales]
run = "apps/sales/app.py"
access = "public-with-identity"
frame_ancestors = ["https://Portal.example.org", "https://portal.example.org:443", "http://localhost:3000"]
[apps.sales.paths]
"/admin/help" = "public"
"/admin/" = ["manager", "Ann@example.org"]
"""


@pytest.fixture
def site(read) -> Site:
    found: Site = read(TOML)
    return found


def test_rules_are_read_with_the_words_of_access(site: Site) -> None:
    app = site.app("sales")
    managers = Access(roles=frozenset({"manager"}), people=frozenset({"ann@example.org"}))
    assert app.access == Access(known=True)
    assert app.paths == (PathRule("/admin", managers), PathRule("/admin/help", Access(public=True)))
    assert from_json(to_json(site)) == site


def test_origins_are_kept_in_one_spelling_once(site: Site) -> None:
    assert site.app("sales").frame_ancestors == ("https://portal.example.org", "http://localhost:3000")


def test_an_app_that_is_public_as_a_whole_asks_nobody(site: Site) -> None:
    app: App = site.app("sales")
    public = replace(app, access=Access(public=True))
    assert [app.asks_nobody, public.asks_nobody, replace(public, paths=()).asks_nobody] == [
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("/", ""),
        ("/admin", "/admin"),
        ("/admin/", "/admin"),
        ("/admin/x", "/admin"),
        ("/administrators", ""),
        ("/admin/help", "/admin/help"),
        ("/admin/help/x", "/admin/help"),
        ("/admin/helpers", "/admin"),
        ("/x/admin", ""),
        ("/Admin", ""),
    ],
)
def test_the_longest_rule_covers_a_path(site: Site, path: str, rule: str) -> None:
    assert rule_of(site.app("sales"), path) == rule


def test_a_rule_that_is_not_there_has_no_access(site: Site) -> None:
    """Not the app's own: front and gate would mean different sites."""
    app = site.app("sales")
    assert access_of(app, "") == app.access
    assert access_of(app, "/admin/help") == Access(public=True)
    assert access_of(app, "/gone") is None


@pytest.mark.parametrize(
    ("text", "path"),
    [("/", "/"), ("/a/b?x=//", "/a/b"), ("/a%20b/", "/a b/"), ("/%61dmin", "/admin"), ("/a#b", "/a")],
)
def test_a_plain_path_is_decoded_once(text: str, path: str) -> None:
    assert plain_path(text) == path


@pytest.mark.parametrize(
    "text", ["", "admin", "//x", "/a//b", "/..", "/%2e%2e/x", "/a%2fb", "/a\\b", "/a%00", "/a\nb"]
)
def test_a_path_that_can_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(Wrong):
        plain_path(text)


@pytest.mark.parametrize(
    ("rules", "line"),
    [
        ('"/" = "admin"', 'apps.sales.paths."/": "/" is the whole app; write that as its access'),
        ('"admin" = "admin"', 'apps.sales.paths.admin: a path starts with "/": write "/admin"'),
        ('"/a/../b" = "admin"', 'apps.sales.paths."/a/../b": "/a/../b" has an empty, "." or ".." part'),
        (
            '"/a" = "nobody"',
            'apps.sales.paths."/a": unknown role "nobody"; declare it: [roles] nobody = "what it is for"',
        ),
        (
            '"/a" = []',
            'apps.sales.paths."/a": an empty list lets nobody in; write "admin" for administrators only',
        ),
        (
            '"/a" = "admin"\n"/A/" = "admin"',
            'apps.sales.paths."/A/": "/a" is there already; keep one of them',
        ),
    ],
)
def test_a_wrong_rule_is_one_line(lines, rules: str, line: str) -> None:
    assert lines(f'[apps.sales]\nrun = "app.py"\n[apps.sales.paths]\n{rules}\n') == [line]


def test_rules_are_a_table_and_origins_are_origins(lines) -> None:
    text = '[apps.sales]\nrun = "app.py"\npaths = "/admin"\nframe_ancestors = ["portal", "https://x.org/p"]\n'
    assert lines(text) == [
        'apps.sales.frame_ancestors: not an origin: "portal"; write it like "https://portal.example.org"',
        'apps.sales.paths: expected a table like { "/admin" = "admin" }, not "/admin"',
    ]


def test_a_role_is_not_called_like_a_word_of_access(lines) -> None:
    found = lines('[roles]\npublic-with-identity = ""\n[apps.sales]\nrun = "app.py"\n')
    assert found == [
        'roles.public-with-identity: "public-with-identity" is not a role; it is a word of its own in access'
    ]


def test_tokens_have_bounds(lines, read) -> None:
    found = lines('[tokens]\nrate = 0\nlongest = "1s"\n[apps.sales]\nrun = "app.py"\n')
    assert [line.partition(":")[0] for line in found] == ["tokens.rate", "tokens.longest"]
    assert (
        read('[tokens]\nrate = 60\nlongest = "90d"\n[apps.a]\nrun = "app.py"\n').tokens.longest == 90 * 86400
    )
