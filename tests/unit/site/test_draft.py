"""The site file that `portico init` writes."""

from __future__ import annotations

import tomllib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from portico.site import load
from portico.site.discovery import Found
from portico.site.draft import draft


def test_the_draft_is_short_and_says_what_comes_next() -> None:
    apps = [
        Found("sales", "apps/sales/app.py", "Dash", "apps/sales/app.py:12", "Dash(...)", path="/figures"),
        Found("flaskr", "flaskr:create_app()", "Flask", "src/flaskr/__init__.py:5", "...", folder="src"),
    ]
    assert draft("My apps", apps) == (
        """\
# What `portico serve` serves. Every setting has a default; `portico check` tests this file.

[site]
name = "My apps"
# url = "https://apps.example.com"    # the public address; without it http://localhost:8000
# sign_up = "invite"                  # who may make an account: open, invite or closed

# [roles]
# analyst = "Reads every report"      # a role to name in access

[apps.sales]                          # Dash: apps/sales/app.py:12
run = "apps/sales/app.py"
path = "/figures"
# access = "signed-in"                # or "public", a role, or a list of roles and mail addresses
# sleep_after = "15m"                 # stop when idle; the next request wakes it

[apps.flaskr]                         # Flask: src/flaskr/__init__.py:5
run = "flaskr:create_app()"
folder = "src"
"""
    )


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_file_name_is_written_so_that_toml_reads_it_back(run: str) -> None:
    apps = [Found("a", run, "Dash", "x", "x")]
    read = tomllib.loads(draft(run, apps))
    assert read["apps"]["a"] == {"run": run}
    assert read["site"] == {"name": run}


def test_the_commented_settings_are_valid_when_the_comment_goes(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("")
    text = draft("x", [Found("a", "app.py", "Dash", "app.py:1", "Dash()")])
    loose = [line.removeprefix("# ") for line in text.splitlines() if not line.startswith("# What")]
    (tmp_path / "portico.toml").write_text("\n".join(loose))
    site = load(tmp_path, {})
    assert (site.url, site.app("a").sleep_after, "analyst" in site.roles) == (
        "https://apps.example.com",
        900,
        True,
    )
