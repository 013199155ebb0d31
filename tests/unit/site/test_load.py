"""A portico.toml as a Site: what the file says, what holds without it, what a place overrides."""

# ruff: noqa: S104 - the addresses are only read; nothing listens there

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from portico.site import Access, RunKind, SignUp, find_site, from_apps, load


def test_the_smallest_file_gets_every_default(read, tmp_path: Path) -> None:
    site = read('[apps]\nsales = "apps/sales/app.py"\n')
    app = site.app("sales")
    assert (site.name, site.url, site.listen_host, site.listen_port) == (
        "Portico",
        "http://localhost:8000",
        "127.0.0.1",
        8000,
    )
    assert (site.sign_up, site.gate_workers, site.check_cache, site.trusted_proxies) == (
        SignUp.INVITE,
        1,
        3,
        (),
    )
    assert (site.root, site.file, site.state) == (tmp_path, tmp_path / "portico.toml", tmp_path / ".portico")
    assert site.database_url == f"sqlite:///{tmp_path}/.portico/portico.db"
    assert (site.sessions.idle, site.sessions.absolute, site.sessions.remember) == (43200, 604800, 2592000)
    assert list(site.roles) == ["admin"]
    assert (app.path, app.host, app.port, app.prefix) == ("/sales", None, None, "/sales")
    assert (app.title, app.description, app.in_portal) == ("Sales", "", True)
    assert (app.workers, app.threads, app.sleep_after, app.max_body) == (1, 8, None, 100_000_000)
    assert (app.start_timeout, app.request_timeout) == (120, 300)
    assert app.access == Access(signed_in=True)
    assert (app.python, app.environment, app.folder) == (None, (), tmp_path / "apps/sales")


def test_a_file_says_everything(read, tmp_path: Path) -> None:
    site = read(
        f"""
        [site]
        name = "Example Analytics"
        url = "https://Apps.Example.com/"
        listen = "0.0.0.0:80"
        sign_up = "open"
        state = "/var/lib/portico"
        database = "postgres://portico@db.example.com/portico"
        gate_workers = 2
        trusted_proxies = ["10.0.0.0/8"]
        check_cache = "10s"
        [sessions]
        idle = "1h"
        absolute = "1d"
        remember = "90d"
        [roles]
        analyst = "Reads every report"
        [apps.sales]
        run = "apps/sales/app.py"
        access = ["analyst", "Ann@Example.org"]
        path = "/figures/sales/"
        host = "Sales.Example.com"
        port = 5000
        title = "Sales figures"
        description = "By region"
        portal = false
        workers = 2
        threads = 4
        sleep_after = "15m"
        start_timeout = "5m"
        request_timeout = "30s"
        max_body = "2GB"
        python = "{sys.executable}"
        folder = "."
        env = {{ MODE = "production" }}
        """
    )
    app = site.app("sales")
    assert (site.url, site.secure, site.session_cookie) == (
        "https://apps.example.com",
        True,
        "__Host-portico_session",
    )
    assert (site.listen_host, site.listen_port, site.sign_up) == ("0.0.0.0", 80, SignUp.OPEN)
    assert (site.state, site.database_url) == (
        Path("/var/lib/portico"),
        "postgresql://portico@db.example.com/portico",
    )
    assert (site.gate_workers, site.trusted_proxies, site.check_cache) == (2, ("10.0.0.0/8",), 10)
    assert (site.sessions.idle, site.sessions.absolute, site.sessions.remember) == (3600, 86400, 7776000)
    assert site.roles["analyst"] == "Reads every report"
    assert app.access == Access(roles=frozenset({"analyst"}), people=frozenset({"ann@example.org"}))
    assert (app.path, app.host, app.port) == ("/figures/sales", "sales.example.com", 5000)
    assert (app.title, app.description, app.in_portal) == ("Sales figures", "By region", False)
    assert (app.workers, app.threads, app.sleep_after, app.max_body) == (2, 4, 900, 2_000_000_000)
    assert (app.start_timeout, app.request_timeout) == (300, 30)
    assert (app.python, app.folder) == (Path(sys.executable), tmp_path)
    assert app.environment == (("MODE", "production"),)


@pytest.mark.parametrize(
    ("access", "expected"),
    [
        ('"public"', Access(public=True)),
        ('"signed-in"', Access(signed_in=True)),
        ('["public"]', Access(public=True)),
        ('"admin"', Access(roles=frozenset({"admin"}))),
        ('"ann@example.org"', Access(people=frozenset({"ann@example.org"}))),
    ],
)
def test_access_is_a_word_a_role_or_a_person(read, access: str, expected: Access) -> None:
    assert read(f'[apps.sales]\nrun = "app.py"\naccess = {access}\n').app("sales").access == expected


@pytest.mark.parametrize("place", ['host = "sales.example.com"', "port = 5000"])
def test_an_app_with_a_host_or_port_has_no_path_unless_it_asks_for_one(read, place: str) -> None:
    app = read(f'[apps.sales]\nrun = "app.py"\n{place}\n').app("sales")
    assert (app.path, app.prefix) == (None, "")


def test_a_path_may_lie_under_another_apps_path(read) -> None:
    site = read(
        '[apps.a]\nrun="app.py"\npath="/x"\n[apps.b]\nrun="app.py"\npath="/x/y"\n[apps.c]\nrun="app.py"\npath="/"\n'
    )
    assert [app.prefix for app in site.apps] == ["/x", "/x/y", ""]


def test_never_is_how_an_app_that_does_not_sleep_is_written(read) -> None:
    assert read('[apps.sales]\nrun = "app.py"\nsleep_after = "never"\n').app("sales").sleep_after is None


@pytest.mark.parametrize(
    ("settings", "url", "host", "port"),
    [
        ('url = "http://localhost:9000"', "http://localhost:9000", "127.0.0.1", 9000),
        ('url = "http://[::1]:9000"', "http://[::1]:9000", "::1", 9000),
        ('url = "http://localhost"', "http://localhost", "127.0.0.1", 80),
        ('url = "https://apps.example.com"', "https://apps.example.com", "127.0.0.1", 8000),
        ('url = "https://localhost:9000"', "https://localhost:9000", "127.0.0.1", 8000),
        ('listen = ":9000"', "http://localhost:9000", "0.0.0.0", 9000),
        (
            'url = "http://localhost:9000"\nlisten = "127.0.0.1:8001"',
            "http://localhost:9000",
            "127.0.0.1",
            8001,
        ),
    ],
)
def test_url_and_listen_follow_from_each_other(read, settings: str, url: str, host: str, port: int) -> None:
    site = read(f"[site]\n{settings}\n")
    assert (site.url, site.listen_host, site.listen_port) == (url, host, port)


def test_variables_win_over_the_file(read, tmp_path: Path) -> None:
    site = read(
        '[site]\nurl = "http://localhost:1"\nsign_up = "closed"\ngate_workers = 1\n',
        PORTICO_URL="https://apps.example.com",
        PORTICO_LISTEN=":8080",
        PORTICO_SIGN_UP="open",
        PORTICO_STATE="var",
        PORTICO_RUN="/run/portico",
        PORTICO_DATABASE_URL="sqlite:///data/people.db?timeout=5",
        PORTICO_GATE_WORKERS="3",
        PORTICO_TRUSTED_PROXIES="10.0.0.1, 192.168.0.0/16",
    )
    assert (site.url, site.listen_host, site.listen_port) == ("https://apps.example.com", "0.0.0.0", 8080)
    assert (site.sign_up, site.state, site.gate_workers) == (SignUp.OPEN, tmp_path / "var", 3)
    assert site.run_folder == Path("/run/portico")
    assert site.database_url == f"sqlite:///{tmp_path}/data/people.db?timeout=5"
    assert site.trusted_proxies == ("10.0.0.1", "192.168.0.0/16")


def test_a_variable_may_name_a_file_with_the_value(read, tmp_path: Path) -> None:
    secret = tmp_path / "database"
    secret.write_text("postgresql://u:p@db/site\n")
    assert read("", PORTICO_DATABASE_URL_FILE=str(secret)).database_url == "postgresql://u:p@db/site"


def test_an_empty_variable_counts_as_none(read) -> None:
    assert read('[site]\nurl = "http://localhost:9000"\n', PORTICO_URL="").url == "http://localhost:9000"


def test_neither_password_nor_app_secrets_are_in_a_sites_repr(read) -> None:
    site = read(
        '[apps.a]\nrun="app.py"\nenv={KEY="hunter2"}\n', PORTICO_DATABASE_URL="postgresql://u:hunter3@db/x"
    )
    assert "hunter" not in repr(site)


def test_a_linked_site_file_keeps_the_folder_of_the_link(write, tmp_path: Path) -> None:
    write({"mounted/real.toml": '[apps]\nsales = "app.py"\n', "site/app.py": ""})
    (tmp_path / "site/portico.toml").symlink_to("../mounted/real.toml")
    assert load(tmp_path / "site", {}).root == tmp_path / "site"


def test_an_interpreter_that_is_a_link_stays_that_link(read, tmp_path: Path) -> None:
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(sys.executable)
    app = read('[apps.sales]\nrun = "app.py"\npython = ".venv/bin/python"\n').app("sales")
    assert app.python == tmp_path / ".venv/bin/python"


def test_an_interpreter_may_be_a_program_on_path(read) -> None:
    name = Path(sys.executable).name
    python = read(f'[apps.sales]\nrun = "app.py"\npython = "{name}"\n').app("sales").python
    assert python is not None
    assert os.access(python, os.X_OK)


def test_a_file_saved_by_a_windows_editor_is_read(tmp_path: Path) -> None:
    (tmp_path / "portico.toml").write_bytes(b'\xef\xbb\xbf[site]\r\nname = "Windows"\r\n')
    assert load(tmp_path, {}).name == "Windows"


def test_apps_can_be_served_without_a_file(write, tmp_path: Path) -> None:
    root = write({"apps/sales/app.py": "", "apps/stock/app.py": "", "report.py": "", "other/report.py": ""})
    site = from_apps(
        ["apps/sales/app.py", "apps/stock/app.py", "report.py", "other/report.py", "shop.main:app"], root, {}
    )
    assert [app.name for app in site.apps] == ["sales", "stock", "report", "report-2", "shop"]
    assert [app.path for app in site.apps] == ["/sales", "/stock", "/report", "/report-2", "/shop"]
    assert site.app("shop").run.kind is RunKind.OBJECT
    assert (site.file, site.root, site.url) == (None, root, "http://localhost:8000")


def test_a_lone_app_py_is_named_after_its_folder(write, tmp_path: Path) -> None:
    root = write({"My Sales 2024/app.py": ""}) / "My Sales 2024"
    assert [app.name for app in from_apps(["app.py"], root, {}).apps] == ["my-sales-2024"]


def test_the_site_file_is_found_from_a_folder_below(write, tmp_path: Path) -> None:
    root = write({"portico.toml": "", "apps/sales/app.py": ""})
    assert find_site(root / "apps/sales") == root / "portico.toml"
    assert find_site(root) == root / "portico.toml"


def test_no_site_file_is_none(tmp_path: Path) -> None:
    assert find_site(tmp_path) is None
