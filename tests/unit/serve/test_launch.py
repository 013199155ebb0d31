"""What is started for an app, and what is different between two readings of a site."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from portico.serve.launch import Launch, for_app, for_gate
from portico.serve.reload import difference
from portico.site import Site, load

TOML = """
[site]
url = "https://apps.example.com"

[apps.sales]
run = "sales.py"
threads = 3
env = { COLOUR = "blue" }

[apps.root]
run = "root.py"
path = "/"
"""


def site(folder: Path, toml: str = TOML) -> Site:
    """The site of this text."""
    for name in ("sales", "root", "fresh"):
        (folder / f"{name}.py").touch()
    (folder / "portico.toml").write_text(toml, encoding="utf-8")
    return load(folder / "portico.toml", {})


def launches(one: Site) -> dict[str, Launch]:
    """The launches of all its apps."""
    return {app.name: for_app(one, app, {"PATH": "/bin"}, dev=False) for app in one.apps}


def test_an_app_never_sees_the_sites_settings(tmp_path: Path) -> None:
    """Whatever is named PORTICO_* stays with the supervisor and the gate."""
    one = site(tmp_path)
    environ = {"PATH": "/bin", "PORTICO_DATABASE_URL": "hush", "PORTICO_ANYTHING": "hush"}
    env = for_app(one, one.app("sales"), environ, dev=False).env({"listen_fd": 5}, first=True)
    assert "hush" not in " ".join(env.values())
    assert env["PATH"].endswith("/bin")
    assert (env["COLOUR"], env["PORTICO_APP"]) == ("blue", "sales")
    assert (env["PORTICO_PREFIX"], env["PORTICO_PREFIXES"]) == ("/sales", "/sales")
    gate = for_gate(one, Path("/run/site.json"), environ, dev=False).env({}, first=True)
    assert (gate["PORTICO_DATABASE_URL"], gate["PORTICO_SITE_JSON"]) == ("hush", "/run/site.json")


def test_the_runner_is_told_everything_it_needs(tmp_path: Path) -> None:
    """The contract between supervisor and runner."""
    one = site(tmp_path)
    env = for_app(one, one.app("sales"), {}, dev=True).env({"listen_fd": 5, "status_fd": 6}, first=True)
    told = json.loads(env["PORTICO_RUNNER"])
    assert told == {
        "name": "sales",
        "run": {
            "kind": "file",
            "text": "sales.py",
            "target": str(tmp_path / "sales.py"),
            "attribute": "",
            "argv": [],
        },
        "folder": str(tmp_path),
        "prefix": "/sales",
        "threads": 3,
        "request_timeout": 300.0,
        "start_timeout": 120.0,
        "dev": True,
        "site_url": "https://apps.example.com",
        "listen_fd": 5,
        "status_fd": 6,
        "prepare": None,
    }


def test_only_the_gates_first_worker_prepares(tmp_path: Path) -> None:
    """Migrations run once, before the other workers."""
    gate = for_gate(site(tmp_path), Path("/run/site.json"), {}, dev=False)
    prepares = [json.loads(gate.env({}, first)["PORTICO_RUNNER"])["prepare"] for first in (True, False)]
    assert prepares == ["portico.gate:prepare", None]


@pytest.mark.parametrize(
    ("before", "after", "text", "gate"),
    [
        ("", "", "nothing changed", False),
        ("threads = 3", "threads = 4", "changed sales", False),
        ('run = "sales.py"', 'run = "sales.py"\naccess = "public"', "changed the site's settings", True),
        ('env = { COLOUR = "blue" }', "", "changed sales", False),
        ('[apps.root]\nrun = "root.py"\npath = "/"', "", "removed root", True),
        ("[apps.root]", '[apps.fresh]\nrun = "fresh.py"\n[apps.root]', "added fresh", True),
        ("apps.example.com", "apps.example.org", "changed sales, root", True),
    ],
)
def test_a_reload_touches_only_what_changed(
    before: str, after: str, text: str, gate: bool, tmp_path: Path
) -> None:
    """New workers for an app only when its own launch is different; the gate starts anew only for what it sees."""
    old, new = site(tmp_path), site(tmp_path, TOML.replace(before, after) if before else TOML)
    found = difference(launches(old), launches(new), old=old, new=new)
    assert found.as_text() == text
    assert found.gate is gate
    assert bool(found) is (text != "nothing changed")


def test_a_reload_gives_the_gate_what_changed_of_its_own_launch(tmp_path: Path) -> None:
    """More workers of the gate are a change that it sees."""
    old, new = site(tmp_path), site(tmp_path, TOML.replace("[site]", "[site]\ngate_workers = 2"))
    assert difference(launches(old), launches(new), old=old, new=new).gate
    assert for_gate(new, Path("/run/site.json"), {}, dev=False).workers == 2


def test_a_command_may_be_asked_for_websockets_at_each_of_its_addresses(tmp_path: Path) -> None:
    """Bokeh's server, which is Panel's, refuses those from other addresses; what the app sets itself wins."""
    toml = (
        TOML + '[apps.flow]\nrun = "sleep {port}"\npath = "/flow"\nhost = "flow.example.com"\nport = 5006\n'
    )
    one = site(tmp_path, toml)
    allowed = "apps.example.com,flow.example.com,apps.example.com:5006"
    given = for_app(one, one.app("flow"), {}, dev=False).env({}, first=True)
    assert given["BOKEH_ALLOW_WS_ORIGIN"] == allowed
    own = site(tmp_path, toml + 'env = { BOKEH_ALLOW_WS_ORIGIN = "*" }\n')
    assert for_app(own, own.app("flow"), {}, dev=False).env({}, first=True)["BOKEH_ALLOW_WS_ORIGIN"] == "*"
    assert "BOKEH_ALLOW_WS_ORIGIN" not in for_app(one, one.app("sales"), {}, dev=False).env({}, first=True)
