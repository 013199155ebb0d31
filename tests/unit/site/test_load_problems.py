"""What is wrong with a portico.toml: one line each, all at once, with what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from portico.errors import UserError
from portico.site import SiteError, from_apps, load, schema


def test_every_problem_is_told_at_once(lines) -> None:
    assert lines(
        """
        [site]
        sing_up = "open"
        [roles]
        analyst = "Reads"
        [apps.sales]
        run = "apps/sales/app.py"
        access = "analist"
        workers = "two"
        [apps.stock]
        run = "apps/stok/app.py"
        """
    ) == [
        'site.sing_up: unknown key; did you mean "sign_up"?',
        'apps.sales.workers: expected a whole number, not "two"',
        'apps.sales.access: unknown role "analist"; did you mean "analyst"?',
        'apps.stock.run: no such file: "apps/stok/app.py"',
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[site]\nurl = 5", 'site.url: expected text, not 5; write it in quotes: "5"'),
        (
            "[site]\nname = ''",
            "site.name: is empty; write something between the quotes, or leave the line out",
        ),
        ("[site]\nname = 'a\\nb'\n".replace("'", '"'), "site.name: expected text on one line"),
        ("[site]\ngate_workers = 0", "site.gate_workers: 0 is out of range; from 1 to 64"),
        ("[site]\ngate_workers = true", "site.gate_workers: expected a whole number, not true"),
        (
            '[site]\ngate_workers = "2"',
            'site.gate_workers: expected a whole number, not "2"; write 2 without quotes',
        ),
        ('[site]\ncheck_cache = "1h"', 'site.check_cache: "1h" is out of range; from 0s to 30s'),
        ('[site]\nsign_up = "opne"', 'site.sign_up: unknown value "opne"; did you mean "open"?'),
        ("[site]\nsign_up = 1", "site.sign_up: unknown value 1; one of open, domain, ask, invite, closed"),
        (
            '[site]\ncolour = "red"',
            "site.colour: unknown key; there are name, url, listen, sign_up, sign_up_domains, state, run_folder, "
            "database, gate_workers, trusted_proxies, check_cache",
        ),
        ("site = 5", "site: expected a table like [site], not 5"),
        ("apps = []", "apps: expected tables like [apps.sales], not a list"),
        ("roles = 1", "roles: expected a table like [roles], not 1"),
        ("sessions = 1", "sessions: expected a table like [sessions], not 1"),
        ('[app.sales]\nrun = "app.py"', 'app: unknown table; did you mean "apps"?'),
        (
            "[metrics]",
            "metrics: unknown table; there are " + ", ".join(f"[{name}]" for name in schema.TABLES),
        ),
        ('url = "x"', "url: unknown key; did it mean to stand under [site]?"),
        ('[sessions]\nidle = "8d"', "sessions.idle: 8d is longer than sessions.absolute, 7d"),
        ('[sessions]\nidle = "1s"', 'sessions.idle: "1s" is out of range; from 1m to 365d'),
        (
            '[roles]\nAnalyst = "x"',
            'roles.Analyst: a name has up to 40 small letters, digits, "-" and "_", and starts with a letter',
        ),
        ('[roles]\npublic = "x"', 'roles.public: "public" is not a role; it is a word of its own in access'),
        (
            '[site]\n"a\\nb" = 1',
            'site."a\\nb": unknown key; there are ' + ", ".join(setting.key for setting in schema.SITE),
        ),
        ("[roles]\nanalyst = 1", "roles.analyst: expected a description, not 1"),
    ],
)
def test_a_problem_of_the_site(lines, text: str, line: str) -> None:
    assert lines(text) == [line]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('acess = "public"', 'apps.sales.acess: unknown key; did you mean "access"?'),
        ('access = "analist"', 'apps.sales.access: unknown role "analist"; did you mean "analyst"?'),
        ('access = "signed_in"', 'apps.sales.access: unknown role "signed_in"; did you mean "signed-in"?'),
        (
            'access = "nurse"',
            'apps.sales.access: unknown role "nurse"; declare it: [roles] nurse = "what it is for"',
        ),
        (
            "access = []",
            'apps.sales.access: an empty list lets nobody in; write "admin" for administrators only',
        ),
        (
            'access = ["public", "analyst"]',
            'apps.sales.access: "public" stands alone: it already covers the others in the list',
        ),
        ('access = ["ann@"]', 'apps.sales.access: not a mail address: "ann@"'),
        ("access = true", "apps.sales.access: expected a list of texts, not true"),
        ('path = "sales"', 'apps.sales.path: a path starts with "/": write "/sales"'),
        (
            'path = "/-/sign-in"',
            'apps.sales.path: "/-/sign-in" is reserved: everything under "/-/" is Portico\'s own '
            "(sign-in, profile, ...)",
        ),
        ('path = ""', "apps.sales.path: is empty; write something between the quotes, or leave the line out"),
        (
            'host = "localhost"',
            'apps.sales.host: "localhost" is the site\'s own host; give the app a path there, or a '
            "host of its own",
        ),
        ("port = 8000", "apps.sales.port: 8000 is the site's own port; choose another"),
        (
            'port = "5000"',
            'apps.sales.port: expected a port like 5000, not "5000"; write 5000 without quotes',
        ),
        ("port = 70000", "apps.sales.port: not a port: 70000; ports go from 1 to 65535"),
        (
            "sleep_after = 15",
            'apps.sales.sleep_after: 15 has no unit; write a duration like "30s", "15m" or "12h"',
        ),
        ('max_body = "0B"', 'apps.sales.max_body: "0B" is out of range; from 1KB to 1TB'),
        ('portal = "no"', 'apps.sales.portal: expected true or false, not "no"'),
        ('folder = "nowhere"', 'apps.sales.folder: no such folder: "nowhere"'),
        ('folder = "app.py"', 'apps.sales.folder: "app.py" is a file, not a folder'),
        ('python = ".venv/bin/python"', 'apps.sales.python: no such interpreter: ".venv/bin/python"'),
        ('python = "app.py"', 'apps.sales.python: "app.py" is not a program that may be run'),
        ('python = "apps"', 'apps.sales.python: "apps" is a folder'),
        ('python = "python9.9"', 'apps.sales.python: no program "python9.9" on PATH'),
        ('env = "A=1"', 'apps.sales.env: expected a table like { MODE = "production" }, not "A=1"'),
        ("env = { A = 1 }", 'apps.sales.env: A: a variable holds text; write A = "1"'),
        ('env = { "A B" = "1" }', 'apps.sales.env: not a name for a variable: "A B"'),
        (
            'env = { PORTICO_URL = "x" }',
            "apps.sales.env: PORTICO_URL: names that start with PORTICO_ are Portico's own",
        ),
    ],
)
def test_a_problem_of_an_app(lines, text: str, line: str) -> None:
    assert lines(f'[roles]\nanalyst = "x"\n[apps.sales]\nrun = "app.py"\n{text}\n') == [line]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[apps.sales]", 'apps.sales.run: is missing; write run = "apps/sales/app.py"'),
        ("[apps]\nsales = 5", "apps.sales: expected a table like [apps.sales], not 5"),
        ('[apps.gate]\nrun = "app.py"', 'apps.gate: the name "gate" is reserved; choose another'),
        (
            '[apps.Sales]\nrun = "app.py"',
            'apps.Sales: a name has up to 40 small letters, digits, "-" and "_", and starts with a letter',
        ),
        (
            "[apps]\nworkers = 2",
            "apps.workers: an app's settings stand in its own table, like [apps.sales] workers = 2",
        ),
    ],
)
def test_a_problem_of_an_apps_table(lines, text: str, line: str) -> None:
    assert lines(text)[0] == line


@pytest.mark.parametrize(
    ("one", "two", "line"),
    [
        ('path = "/x"', 'path = "/x/"', 'apps.two.path: "/x" is taken by apps.one'),
        ('path = "/x"', 'path = "/X"', 'apps.two.path: "/X" is taken by apps.one (they differ only in case)'),
        ('path = "/two"', "", 'apps.two.path: "/two" is taken by apps.one'),
        (
            'host = "a.example.com"',
            'host = "A.example.com"',
            'apps.two.host: "a.example.com" is taken by apps.one',
        ),
        ("port = 5000", "port = 5000", "apps.two.port: 5000 is taken by apps.one"),
    ],
)
def test_two_apps_cannot_be_in_one_place(lines, one: str, two: str, line: str) -> None:
    assert lines(f'[apps.one]\nrun = "app.py"\n{one}\n[apps.two]\nrun = "app.py"\n{two}\n') == [line]


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        (
            {"PORTICO_URL": "apps.example.com"},
            'PORTICO_URL: not a URL: "apps.example.com"; write it like "https://apps.example.com"',
        ),
        ({"PORTICO_GATE_WORKERS": "many"}, 'PORTICO_GATE_WORKERS: expected a whole number, not "many"'),
        ({"PORTICO_SIGN_UP": "opened"}, 'PORTICO_SIGN_UP: unknown value "opened"; did you mean "open"?'),
        (
            {"PORTICO_URL": "http://a.example", "PORTICO_URL_FILE": "/x"},
            "PORTICO_URL: PORTICO_URL_FILE is set too; keep one of them",
        ),
        (
            {"PORTICO_URL_FILE": "/nowhere/url"},
            "PORTICO_URL_FILE: cannot read /nowhere/url: No such file or directory",
        ),
    ],
)
def test_a_problem_of_a_variable_names_the_variable(lines, environ: dict[str, str], line: str) -> None:
    assert lines("", **environ) == [line]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "[apps.sales]\nrun = apps/sales/app.py\n",
            'portico.toml:2:7: invalid value; text stands in quotes: run = "apps/sales/app.py"',
        ),
        ("[apps.sales]\nportal = True\n", "portico.toml:2:10: invalid value; write portal = true"),
        (
            "[site]\nname: x\n",
            "portico.toml:2:5: expected '=' after a key in a key/value pair; write name = x",
        ),
        (
            "[site]\nname = 'a'\nname = 'b'\n",
            'portico.toml:3:11: cannot overwrite a value; "name" is there twice',
        ),
        ("[apps.a]\n[apps.a]\n", "portico.toml:2:8: [apps.a] is there twice; write it once"),
        (
            "[apps.my sales]\n",
            "portico.toml:1:10: expected ']' at the end of a table declaration; "
            'a name has no blanks: write "-" or "_" in their place',
        ),
        ("[site", "portico.toml:1:6: expected ']' at the end of a table declaration"),
    ],
)
def test_a_slip_in_the_syntax_is_told_with_file_line_and_column(lines, text: str, line: str) -> None:
    assert lines(text) == [line]


def test_a_missing_site_file_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as caught:
        load(Path("portico.toml"), {})
    assert (
        str(caught.value) == 'portico.toml: no such file; "portico init" writes one for the apps in a folder'
    )


def test_a_site_file_that_is_not_text_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("portico.toml").write_bytes(b"[site]\nname = '\xff'")
    with pytest.raises(UserError) as caught:
        load(Path("portico.toml"), {})
    assert str(caught.value) == "portico.toml: not UTF-8 text (byte 16)"


def test_wrong_apps_on_the_command_line_are_all_told(write) -> None:
    root = write({"app.py": ""})
    with pytest.raises(SiteError) as caught:
        from_apps(["ap.py", "nothing", "app.py"], root, {})
    assert caught.value.problems == (
        'no such file: "ap.py"; did you mean "app.py"?',
        '"nothing" names no object; write "nothing:app", or a file like "nothing.py"',
    )
