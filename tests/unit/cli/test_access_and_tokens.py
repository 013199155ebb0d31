"""`portico access`, `group`, `token`, `share`, `user until`: on a site that is not running."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from portico.cli import portico
from portico.cli.moments import moment_of
from portico.errors import UserError
from portico.gate.accounts import actions
from portico.gate.accounts.desk import open_desk
from portico.gate.audit import COMMAND_LINE
from portico.site import load

TOML = """
[roles]
analyst = ""
manager = ""
[apps.sales]
run = "app.py"
access = ["analyst", "zoe@example.org"]
frame_ancestors = ["https://portal.example.org"]
[apps.sales.paths]
"/admin" = "manager"
"/hook" = "public"
[apps.home]
run = "app.py"
"""
Say = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site with people of every kind."""
    (tmp_path / "portico.toml").write_text(TOML)
    (tmp_path / "app.py").write_text("app = None\n")
    monkeypatch.chdir(tmp_path)
    people = {"ann": ["analyst"], "bob": [], "root": ["admin"], "zoe": []}
    with open_desk(load(tmp_path / "portico.toml", {})) as db:
        for name, roles in people.items():
            actions.create_person(db, COMMAND_LINE, f"{name}@example.org", roles=roles)
    return tmp_path


@pytest.fixture
def say(folder: Path) -> Say:
    """Runs a command; its JSON, or with `text=True` its lines. A mistake is raised."""

    def run(*args: str, text: bool = False) -> Any:
        done = CliRunner().invoke(portico, [*args, *([] if text else ["--json"])], standalone_mode=False)
        if done.exception is not None:
            raise done.exception
        return done.output.splitlines() if text else json.loads(done.output)

    return run


def emails(answer: Any) -> list[str]:
    return [one["email"] for one in answer["people"]]


def test_who_lists_everybody_who_may_enter_with_the_reason(say: Say) -> None:
    found = say("access", "who", "sales")
    assert [(one["email"].partition("@")[0], one["reason"]) for one in found["people"]] == [
        ("ann", "has the role analyst"),
        ("root", "is an administrator"),
        ("zoe", "is named in the access"),
    ]
    assert emails(say("access", "who", "sales", "/admin/x")) == ["root@example.org"]
    assert say("access", "who", "sales", "/hook", text=True) == [
        "Everybody may enter, with or without an account."
    ]
    assert say("access", "who", "home", text=True) == ["Everybody who is signed in may enter: 4 accounts."]


def test_who_counts_groups_services_and_share_links(say: Say) -> None:
    say("group", "add", "chiefs", "--role", "manager")
    say("group", "members", "chiefs", "--add", "bob@example.org")
    assert emails(say("access", "who", "sales", "/admin")) == ["bob@example.org", "root@example.org"]
    say("token", "new", "export", "--scope", "app:sales", "--role", "analyst")
    say("token", "new", "other", "--scope", "app:home", "--role", "analyst")
    say("share", "new", "sales", "--path", "/admin/board")
    found = say("access", "who", "sales")
    assert [one["name"] for one in found["services"]] == ["service export"]
    assert found["share_links"] == 1
    assert say("access", "who", "sales", "/admin")["share_links"] == 1
    assert say("access", "who", "home")["share_links"] == 0


@pytest.mark.parametrize(
    ("who", "path", "outcome"),
    [
        ("ann@example.org", "/", "enter"),
        ("ann@example.org", "/admin", "forbidden"),
        ("bob@example.org", "/", "forbidden"),
        ("bob@example.org", "/hook/x", "enter"),
        ("root@example.org", "/admin", "enter"),
        ("stranger", "/", "sign-in"),
        ("stranger", "/hook", "enter"),
    ],
)
def test_why_explains_a_decision(say: Say, who: str, path: str, outcome: str) -> None:
    told = say("access", "why", who, "sales", path)
    assert told["outcome"] == outcome
    assert told["reason"]
    assert told["facts"][0].startswith("rule: apps.sales.")


def test_why_names_the_group_that_gives_a_role(say: Say) -> None:
    say("group", "add", "chiefs", "--role", "manager")
    say("group", "members", "chiefs", "--add", "bob@example.org")
    lines = say("access", "why", "bob@example.org", "sales", "/admin", text=True)
    assert lines[0] == "bob@example.org at sales /admin: yes: has the role manager"
    assert "  roles: none; by groups (chiefs): manager" in lines


def test_why_tells_of_an_account_that_is_closed_or_ends(say: Say) -> None:
    say("user", "disable", "ann@example.org")
    told = say("access", "why", "ann@example.org", "sales")
    assert told["outcome"] == "sign-in"
    assert "account: disabled" in told["facts"]
    say("user", "until", "bob@example.org", "2090-01-01")
    assert "account: ends at 2090-01-01 23:59 UTC" in say("access", "why", "bob@example.org", "home")["facts"]


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (["access", "who", "sale"], 'no such app: "sale"; did you mean "sales"?'),
        (["access", "why", "anne@example.org", "sales"], 'did you mean "ann@example.org"?'),
        (["access", "why", "ann@example.org", "sales", "/a/../b"], 'has an empty, "." or ".." part'),
        (["access", "why", "ann@example.org", "sales", "admin"], 'a path starts with "/"'),
        (
            ["token", "new", "x", "--scope", "app:sales", "--for", "ann@example.org", "--role", "admin"],
            "--role is for",
        ),
        (["token", "new", "x", "--scope", "apps", "--lasts", "soon"], '"soon" is neither a day'),
        (["token", "revoke", "ptk_x"], "not a token"),
        (["token", "revoke", "99"], "no such token: 99"),
        (["share", "new", "sales", "--path", "//evil.example.net"], 'has an empty, "." or ".." part'),
        (["share", "new", "sales", "--lasts", "1s"], "from 5m to 365d"),
        (["share", "revoke", "99"], "no such share link: 99"),
        (["group", "members", "chiefs"], 'no such group: "chiefs"'),
        (["user", "until", "ann@example.org", "2001-01-01"], "lies in the future"),
        (["user", "until", "root@example.org", "30d"], "last administrator"),
    ],
)
def test_a_mistake_is_one_line(say: Say, command: Sequence[str], problem: str) -> None:
    with pytest.raises(UserError) as caught:
        say(*command)
    assert problem in str(caught.value)


def test_a_token_is_shown_once_and_revoked_by_itself(say: Say) -> None:
    made = say("token", "new", "export", "--for", "ann@example.org", "--scope", "app:sales", "--lasts", "7d")
    assert made["token"].startswith("ptk_")
    assert made["person"] == "ann@example.org"
    (listed,) = say("token", "list", "--of", "ann@example.org")
    assert "token" not in listed
    assert listed["hint"] in "\n".join(say("token", "list", text=True))
    assert say("token", "list", "--services") == []
    assert say("token", "revoke", made["token"])["name"] == "export"
    assert say("token", "list") == []


def test_a_share_link_is_shown_once_listed_and_revoked(say: Say) -> None:
    made = say("share", "new", "sales", "--note", "auditors", "--lasts", "1d")
    assert made["link"].startswith("http://localhost:8000/-/share/")
    (listed,) = say("share", "list")
    assert (listed["app"], listed["note"], listed["opened"]) == ("sales", "auditors", 0)
    assert "link" not in listed
    say("share", "revoke", str(listed["id"]))
    assert say("share", "list") == []


def test_groups_are_listed_changed_and_removed(say: Say) -> None:
    say("group", "add", "chiefs", "--description", "Third floor")
    assert say("group", "roles", "chiefs", "manager")["roles"] == ["manager"]
    say("group", "members", "chiefs", "--add", "ann@example.org", "--add", "bob@example.org")
    assert say("group", "members", "chiefs", "--remove", "ann@example.org")["people"] == ["bob@example.org"]
    (listed,) = say("group", "list")
    expected = {"name": "chiefs", "description": "Third floor", "roles": ["manager"], "people": 1}
    assert listed == expected
    assert say("group", "roles", "chiefs", "--none")["roles"] == []
    assert say("group", "remove", "chiefs")["people"] == 1


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2030-12-31", "2030-12-31T23:59:59+00:00"),
        ("2030-12-31T18:00", "2030-12-31T18:00:00+00:00"),
        ("2030-12-31T18:00+02:00", "2030-12-31T16:00:00+00:00"),
    ],
)
def test_a_moment_is_read_as_people_type_it(text: str, moment: str) -> None:
    assert moment_of(text).isoformat() == moment
