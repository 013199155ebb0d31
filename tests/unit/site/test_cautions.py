"""What `portico check` warns of: path rules that cannot guard a Dash app, frames that browsers keep no cookie for."""

from __future__ import annotations

import pytest

from portico.site import load
from portico.site.cautions import cautions

DASH = "from dash import Dash\napp = Dash()\n"
FLASK = "from flask import Flask\napp = Flask(__name__)\n"


def warned(
    write, app: str, more: str, url: str = "https://apps.example.org", run: str = "one/app.py"
) -> tuple[str, ...]:
    toml = f'[site]\nurl = "{url}"\n[apps.one]\nrun = "{run}"\n{more}\n'
    root = write({"one/app.py": app, "one/__init__.py": "", "portico.toml": toml})
    return cautions(load(root / "portico.toml", {}))


@pytest.mark.parametrize("run", ["one/app.py", "one.app:app", "python one/app.py {port}"])
def test_a_path_rule_of_a_dash_app_is_warned_of(write, monkeypatch, tmp_path, run: str) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (line,) = warned(write, DASH, '[apps.one.paths]\n"/admin" = "admin"', run=run)
    assert line.startswith("apps.one.paths: this is a Dash app.")
    assert "/_dash-update-component" in line
    assert "an app of its own" in line


def test_a_rule_that_opens_a_path_and_a_flask_app_are_no_matter(write) -> None:
    assert warned(write, DASH, '[apps.one.paths]\n"/hook" = "public"') == ()
    assert warned(write, DASH, "") == ()
    assert warned(write, FLASK, '[apps.one.paths]\n"/admin" = "admin"') == ()


def test_a_frame_without_https_is_warned_of_but_not_on_this_machine(write) -> None:
    frames = 'frame_ancestors = ["https://portal.example.org"]'
    (line,) = warned(write, FLASK, frames, url="http://apps.example.org")
    assert "browsers keep no cookie for a frame without https" in line
    assert warned(write, FLASK, frames, url="http://localhost:8000") == ()
    assert warned(write, FLASK, frames) == ()


def test_a_file_that_is_not_python_is_no_reason_to_fail(write) -> None:
    assert warned(write, "def (", '[apps.one.paths]\n"/admin" = "admin"') == ()


@pytest.mark.parametrize("line", ['joins = "unused"', "trusts_addresses = true"])
def test_trust_in_the_addresses_of_a_provider_for_everybody_is_warned_of(write, line: str) -> None:
    def said(issuer: str) -> tuple[str, ...]:
        return warned(write, FLASK, f'[sso.some]\nissuer = "{issuer}"\nclient_id = "x"\n{line}')

    (warning,) = said("https://accounts.google.com")
    assert warning.startswith("sso.some: everybody may have an account")
    assert warning.endswith(line)
    assert said("https://login.example.org") == ()
