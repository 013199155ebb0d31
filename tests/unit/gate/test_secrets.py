"""The site's secrets: made once, closed to others, never printed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from gate_client import GateUnderTest, make_site
from portico.cli.secrets import command
from portico.errors import UserError
from portico.gate import prepare, secrets
from portico.site import load, to_json


def test_secrets_are_made_once_and_differ_between_sites(tmp_path: Path) -> None:
    """No default anywhere."""
    one, other = make_site(tmp_path / "one"), make_site(tmp_path / "other")
    first = secrets.ensure(one)
    assert secrets.ensure(one).session_keys == first.session_keys
    assert secrets.ensure(other).session_keys != first.session_keys


def test_copies_of_a_site_that_start_at_once_have_the_same_secrets(tmp_path: Path) -> None:
    """Six processes, one empty state folder: each reads the same keys, and they are those on disk."""
    site = make_site(tmp_path)
    code = (
        "import sys, pathlib\nfrom portico.gate import secrets\nfrom portico.site import from_json\n"
        "site = from_json(pathlib.Path(sys.argv[1]).read_text())\nsys.stdin.read(1)\n"
        "found = secrets.ensure(site)\nprint(found.session_keys[0], found.identity_keys[0].kid)"
    )
    (tmp_path / "site.json").write_text(to_json(site))
    command = [sys.executable, "-c", code, str(tmp_path / "site.json")]
    copies = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(6)
    ]
    time.sleep(1)  # all have imported what they need and wait
    for copy in copies:
        assert copy.stdin is not None
        copy.stdin.close()
    said = {(copy.stdout.read() if copy.stdout else "") for copy in copies}
    for copy in copies:
        assert copy.wait(30) == 0
        assert copy.stdout is not None
        copy.stdout.close()
    found = secrets.load(site)
    assert said == {f"{found.session_keys[0]} {found.identity_keys[0].kid}\n"}


def test_only_the_owner_can_read_them(tmp_path: Path) -> None:
    """Files 0600, folders 0700."""
    site = make_site(tmp_path)
    secrets.ensure(site)
    folder = site.state / "secrets"
    assert folder.stat().st_mode & 0o777 == site.state.stat().st_mode & 0o777 == 0o700
    files = {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}
    assert files == {
        "session.keys": 0o600,
        "data.keys": 0o600,
        "identity.keys": 0o600,
        "identity.jwks": 0o600,
    }


def test_secrets_do_not_print(tmp_path: Path) -> None:
    """Neither in a log nor in a traceback."""
    found = secrets.ensure(make_site(tmp_path))
    assert str(found) == "***"
    assert found.session_keys[0] not in repr(found)


def test_rotation_keeps_the_key_before(tmp_path: Path) -> None:
    """And forgets the one before that."""
    site = make_site(tmp_path)
    kids = [secrets.ensure(site).identity_keys[0].kid]
    for _ in range(2):
        secrets.rotate(site)
        kids.append(secrets.load(site).identity_keys[0].kid)
    assert [key.kid for key in secrets.load(site).identity_keys] == [kids[2], kids[1]]
    assert len(secrets.load(site).session_keys) == 2


def test_a_form_that_is_open_when_the_keys_are_rotated_is_still_good(tmp_path: Path) -> None:
    """Until the rotation after; who is signed in stays signed in."""
    site = make_site(tmp_path)
    gate = GateUnderTest(site)
    gate.person()
    old = gate.browser()
    old.sign_in()
    form = old.hidden("/-/profile")
    for status in (302, 400):
        secrets.rotate(site)
        gate = GateUnderTest(site)
        browser = gate.browser()
        browser.cookie = old.cookie
        assert browser.get("/-/profile").status_code == 200
        assert browser.post("/-/profile", form | {"name": "Anna"}).status_code == status
        gate.close()


def test_the_command_says_when_the_new_keys_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a site that is stopped, and before its first start."""
    (tmp_path / "portico.toml").write_text("[site]\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="the first `portico serve` makes them"):
        CliRunner().invoke(command, ["rotate"], standalone_mode=False, catch_exceptions=False)
    before = secrets.ensure(load(tmp_path, {}))
    done = CliRunner().invoke(command, ["rotate"], standalone_mode=False, catch_exceptions=False)
    assert done.output == "The keys are new; the next `portico serve` uses them.\n"
    after = secrets.load(load(tmp_path, {}))
    assert [key.kid for key in after.identity_keys][1:] == [key.kid for key in before.identity_keys]


def test_a_state_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    """Which folder, and why."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"state folder .*file"):
        prepare(make_site(tmp_path, state=tmp_path / "file" / "state"))
