"""Rendering the front: one nginx.conf from a site."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from front_site import FrontSite, example_app
from portico.errors import UserError
from portico.serve.front import FrontLayout, nginx_command, render
from portico.serve.front.config import quoted, shown, text
from portico.serve.front.servers import servers
from portico.site import Access, Site


@pytest.fixture
def layout(tmp_path: Path) -> FrontLayout:
    return FrontLayout(*(tmp_path / name for name in ("sockets", "starting", "crashed", "nginx", "cache")))


@pytest.fixture
def site() -> Iterator[Site]:
    """A site with an app of each kind of address."""
    apps = [
        example_app("sales"),
        example_app("deep", path="/sales/deep"),
        example_app("host", host="sales.example.org", port=5099, access=Access(public=True)),
    ]
    stand_in = FrontSite(Path("/nowhere"), apps)
    yield stand_in.site
    stand_in.stop()


def test_the_same_site_gives_the_same_files(site: Site, layout: FrontLayout) -> None:
    """The supervisor reloads nginx only when a file changed."""
    assert render(site, layout, {"sales": "1"}, False) == render(site, layout, {"sales": "1"}, False)
    assert render(site, layout, {"sales": "1"}, False) != render(site, layout, {"sales": "2"}, False)


def test_the_files_are_the_configuration_and_a_pair_of_pages_for_each_trouble(
    site: Site, layout: FrontLayout
) -> None:
    files = render(site, layout, {}, False)
    pages = {name for name in files if name.startswith("errors/")}
    assert set(files) == {"nginx.conf"} | pages
    assert {name.rsplit(".", 1)[1] for name in pages} == {"html", "json"}
    for name in pages:
        if name.endswith(".json"):
            assert set(json.loads(files[name])) >= {"error", "message"}
        else:
            assert site.name in files[name]


def test_nothing_is_cached_in_development(site: Site, layout: FrontLayout) -> None:
    assert "proxy_cache $portico_bundles" in render(site, layout, {"sales": "1"}, False)["nginx.conf"]
    assert "proxy_cache $portico_bundles" not in render(site, layout, {"sales": "1"}, True)["nginx.conf"]


@pytest.mark.parametrize(
    "odd", ["with space", 'with"quote', "with;semicolon", "with{brace}", "with\\slash", "ümläut"]
)
def test_any_folder_that_nginx_can_be_told_is_fine(
    any_nginx: Path, tmp_path: Path, site: Site, odd: str
) -> None:
    root = tmp_path / odd
    layout = FrontLayout(*(root / name for name in ("s", "starting", "crashed", "nginx", "cache")))
    (layout.nginx / "errors").mkdir(parents=True)
    layout.cache.mkdir()
    for name, content in render(site, layout, {"sales": "1"}, False).items():
        (layout.nginx / name).write_text(content, encoding="utf-8")
    done = subprocess.run(
        nginx_command(any_nginx, layout.nginx, test=True), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_folder_that_nginx_cannot_be_told_is_named(site: Site, layout: FrontLayout) -> None:
    with pytest.raises(UserError, match=r"dollar sign: .*/co\$ts"):
        render(site, replace(layout, starting=Path("/srv/co$ts")), {}, False)


def test_values_cannot_leave_their_quotes() -> None:
    assert quoted('a"; evil on; "') == '"a\\"; evil on; \\""'
    assert quoted("a\\") == '"a\\\\"'
    assert shown("100 $ and\nmore") == '"100 ${portico_dollar} and more"'
    for bad in ("a\nb", "a\x00b", "a\x7fb"):
        with pytest.raises(UserError):
            text(bad)


def test_each_host_and_port_has_its_server(site: Site) -> None:
    found = [(server.listen.rpartition(":")[2], server.name, server.host) for server in servers(site)]
    port = str(site.listen_port)
    assert found == [
        (port, None, f"localhost:{port}"),
        (port, "sales.example.org", f"sales.example.org:{port}"),
        ("5099", None, "localhost:5099"),
    ]


def test_the_standard_port_is_not_part_of_a_host(site: Site) -> None:
    secure = replace(site, url="https://apps.example.org", listen_host="::1")
    main, host, port = servers(secure)
    assert (main.listen, main.host, main.origin) == (f"[::1]:{site.listen_port}", "apps.example.org", "")
    assert (host.host, host.origin) == ("sales.example.org", "https://sales.example.org")
    assert (port.host, port.origin) == ("apps.example.org:5099", "https://apps.example.org:5099")


def test_two_hundred_apps_are_read_in_a_moment(any_nginx: Path) -> None:
    names = [f"app{number}" for number in range(200)]
    apps = [example_app(name, host=f"{name}.apps.example.org", path=f"/{name}") for name in names]
    with FrontSite(any_nginx, apps, release=dict.fromkeys(names, "1")) as running:
        start = time.monotonic()
        subprocess.run(nginx_command(any_nginx, running.layout.nginx, test=True), check=True)
        assert time.monotonic() - start < 10  # a tenth of a second on an idle machine
        assert running.ask("/app199/", who="a").status == 200
        assert running.ask("/", who="a", host="app7.apps.example.org").status == 200
