"""`portico init --docker` and the like: in real folders, and on a real terminal."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from portico.cli.init import command
from portico.errors import UserError
from portico.kit import PLACES, RECORD_NAME, carried, own_version

RUNNER = CliRunner()
APP = "from flask import Flask\n\napp = Flask(__name__)\n"


def init(*arguments: str) -> Result:
    return RUNNER.invoke(command, arguments, standalone_mode=False)


def rows(result: Result) -> dict[str, str]:
    """The table of files that was printed: what is said of each."""
    table = re.search(r"^FILE .*\n((?:\S+  +\S.*\n)+)", result.output, re.MULTILINE)
    assert table, result.output
    return dict(re.split("  +", line, maxsplit=1) for line in table[1].splitlines())


def snapshot(root: Path) -> dict[str, bytes]:
    """Every file in the folder."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "site"
    root.mkdir()
    (root / "sales.py").write_text(APP)
    monkeypatch.chdir(root)
    return root


def written_by_an_older_portico(root: Path, path: str, text: str) -> None:
    """Make the file one that an older Portico wrote like this."""
    (root / path).write_text(text)
    record = json.loads((root / RECORD_NAME).read_text())
    record["files"][path] = hashlib.sha256(text.encode()).hexdigest()
    (root / RECORD_NAME).write_text(json.dumps(record))


@pytest.mark.parametrize("place", PLACES)
def test_a_place_gets_its_files(folder: Path, place: str) -> None:
    result = init(f"--{place}")
    assert (result.return_value, result.exception) == (0, None), result.output
    files = carried([place])
    assert set(snapshot(folder)) == {"sales.py", "portico.toml", "requirements.txt", RECORD_NAME, *files}
    if place != "systemd":
        assert all((folder / path).read_bytes() == content for path, content in files.items())


def test_all_is_every_place_and_a_second_time_nothing_changes(folder: Path) -> None:
    assert init("--all").return_value == 0
    before = snapshot(folder)
    result = init("--all")
    assert result.return_value == 0
    assert "Nothing to write." in result.output
    assert snapshot(folder) == before
    assert init("--check").output.endswith("Up to date.\n")


def test_without_a_place_only_the_site_file_is_written(folder: Path) -> None:
    init()
    assert set(snapshot(folder)) == {"sales.py", "portico.toml"}


def test_it_shows_what_it_will_write(folder: Path) -> None:
    will_be = rows(init("--docker"))
    assert (will_be["portico.toml"], will_be["Dockerfile"]) == ("new", "new")
    assert re.fullmatch(r"new \(\d+ files\)", will_be["nginx/"])


def test_a_dry_run_writes_nothing(folder: Path) -> None:
    before = snapshot(folder)
    result = init("--all", "--dry-run")
    assert "Nothing written: --dry-run.\n" in result.output
    assert snapshot(folder) == before


def test_a_site_file_that_is_there_stays(folder: Path) -> None:
    (folder / "portico.toml").write_text("# mine\n")
    assert init("--vagrant").return_value == 0
    assert (folder / "portico.toml").read_text() == "# mine\n"
    assert (folder / "Vagrantfile").exists()


def test_a_changed_file_is_never_overwritten_and_the_difference_is_shown(folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM scratch\n")
    result = init("--docker")
    assert result.return_value == 1
    assert (folder / "Dockerfile").read_text() == "FROM scratch\n"
    assert (folder / "docker-compose.yml").exists()
    assert "--- Dockerfile (here)\n+++ Dockerfile (Portico)\n" in result.output
    assert "\n-FROM scratch\n" in result.output
    assert init("--check").return_value == 1


def test_who_has_seen_the_difference_keeps_the_file_and_hears_no_more_of_it(folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM scratch\n")
    init("--docker")
    assert init("--keep", "Dockerfile").return_value == 0
    assert init("--check").return_value == 0
    assert init().return_value == 0
    assert (folder / "Dockerfile").read_text() == "FROM scratch\n"


def test_keep_names_a_file_of_the_kit(folder: Path) -> None:
    error = init("--docker", "--keep", "Vagrantfile").exception
    assert isinstance(error, UserError)
    assert str(error) == "--keep Vagrantfile: the kit has no such file at these places"


def test_a_change_of_one_s_own_is_not_out_of_date(folder: Path) -> None:
    init("--docker")
    with (folder / "docker-compose.yml").open("a") as stream:
        stream.write("# ours\n")
    result = init("--check")
    assert result.return_value == 0
    assert rows(result)["docker-compose.yml"] == "changed by you"
    assert "\n-# ours\n" in result.output


def test_after_an_upgrade_untouched_files_are_replaced_and_changed_ones_shown(folder: Path) -> None:
    init("--docker")
    written_by_an_older_portico(folder, "Dockerfile", "FROM older\n")
    written_by_an_older_portico(folder, "docker-compose.yml", "services: {}\n")
    (folder / "docker-compose.yml").write_text("services: {ours: {}}\n")
    (folder / "nginx/start.sh").unlink()
    before = snapshot(folder)
    checked = init("--check")
    assert checked.return_value == 1
    assert "Dockerfile                      older, not changed by you\n" in checked.output
    assert (
        "docker-compose.yml              changed by you, and Portico's is another by now\n" in checked.output
    )
    assert "nginx/start.sh                  missing\n" in checked.output
    assert snapshot(folder) == before
    assert init().return_value == 1
    assert (folder / "Dockerfile").read_bytes() == carried(["docker"])["Dockerfile"]
    assert (folder / "nginx/start.sh").read_bytes() == carried(["docker"])["nginx/start.sh"]
    assert (folder / "docker-compose.yml").read_text() == "services: {ours: {}}\n"
    assert init("--keep", "docker-compose.yml").return_value == 0
    assert init("--check").return_value == 0


def test_a_file_that_portico_no_longer_has_is_told_once_and_stays(folder: Path) -> None:
    init("--docker")
    written_by_an_older_portico(folder, "nginx/gone.conf", "old\n")
    assert "no longer Portico's" in init("--check").output
    assert init().return_value == 0
    assert (folder / "nginx/gone.conf").exists()
    assert init("--check").return_value == 0


def test_check_tells_programs_the_same(folder: Path) -> None:
    init("--docker")
    written_by_an_older_portico(folder, "Dockerfile", "FROM older\n")
    result = init("--check", "--json")
    told = json.loads(result.output)
    assert (result.return_value, told["out_of_date"], told["places"]) == (1, True, ["docker"])
    states = {file["path"]: file for file in told["files"]}
    assert states["Dockerfile"]["state"] == "older"
    assert "\n-FROM older\n" in states["Dockerfile"]["diff"]
    assert states["docker-compose.yml"] == {"path": "docker-compose.yml", "state": "same", "diff": ""}


def test_json_names_what_was_written(folder: Path) -> None:
    told = json.loads(init("--vagrant", "--json").output)
    assert set(told["written"]) == {
        "portico.toml",
        "requirements.txt",
        ".dockerignore",
        "Dockerfile",
        "Vagrantfile",
        RECORD_NAME,
    }


def test_check_has_nothing_to_say_where_portico_wrote_nothing(folder: Path) -> None:
    error = init("--check").exception
    assert isinstance(error, UserError)
    assert str(error).startswith("no files of Portico's to check")


# -- What becomes the site's own ----------------------------------------------------------------------------------


def test_requirements_are_begun_and_never_touched_again(folder: Path) -> None:
    init("--docker")
    text = (folder / "requirements.txt").read_text()
    assert f"\nportico[postgres]=={own_version()}\nflask==" in text
    (folder / "requirements.txt").write_text("flask\n")
    result = init("--check")
    assert result.return_value == 1
    assert "Note: requirements.txt does not name portico" in result.output
    assert init().return_value == 0
    assert (folder / "requirements.txt").read_text() == "flask\n"


def test_gitignore_gets_the_lines_it_lacks(folder: Path) -> None:
    (folder / ".gitignore").write_text("*.log\n/.portico")
    init("--docker", "--vagrant")
    assert (folder / ".gitignore").read_text() == "*.log\n/.portico\n.env\n.env.site\n.vagrant/\n"


def test_gitignore_is_begun_in_a_repository(folder: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], check=True, timeout=60)
    init()
    assert (folder / ".gitignore").read_text() == ".portico/\n"


# -- systemd ------------------------------------------------------------------------------------------------------


def test_units_name_the_folder_and_the_user_asked_for_and_so_does_the_next_upgrade(folder: Path) -> None:
    result = init("--systemd", "--at", "/srv/shop", "--user", "shop")
    assert "systemd: the site in /srv/shop, as the user shop, by /srv/shop/.venv/bin/portico" in result.output
    service = (folder / "systemd/portico.service").read_text()
    assert "WorkingDirectory=/srv/shop\n" in service
    assert "User=shop\n" in service
    assert init("--check").return_value == 0
    written_by_an_older_portico(folder, "systemd/portico.service", "old\n")
    init()
    assert (folder / "systemd/portico.service").read_text() == service


def test_another_folder_replaces_the_units_that_nobody_changed(folder: Path) -> None:
    init("--systemd")
    assert init("--at", "/srv/shop").return_value == 0
    assert "WorkingDirectory=/srv/shop\n" in (folder / "systemd/portico.service").read_text()


def test_a_user_without_units_is_wrong_usage(folder: Path) -> None:
    assert isinstance(init("--docker", "--user", "shop").exception, click.UsageError)


# -- On a terminal ------------------------------------------------------------------------------------------------


def on_a_terminal(folder: Path, *arguments: str, answers: str, **variables: str) -> tuple[int, str]:
    """Run `portico init` with a terminal as its input and output, and type the answers."""
    environ = {key: value for key, value in os.environ.items() if key != "CI"} | variables
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "portico", "init", *arguments],
        cwd=folder,
        env=environ,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, answers.encode())
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:  # the other end was closed
        pass
    finally:
        os.close(ours)
    return process.wait(timeout=60), shown.decode().replace("\r\n", "\n")


def test_on_a_terminal_it_asks_for_the_places_and_before_it_writes(folder: Path) -> None:
    code, shown = on_a_terminal(folder, answers="moon\n2, systemd\ny\n")
    assert code == 0, shown
    assert "not one of them: moon" in shown
    assert (folder / "Vagrantfile").exists()
    assert (folder / "systemd/portico.service").exists()
    assert not (folder / "docker-compose.yml").exists()


def test_on_a_terminal_return_means_this_machine_only(folder: Path) -> None:
    code, shown = on_a_terminal(folder, answers="\n\n")
    assert code == 0, shown
    assert "Write portico.toml? [Y/n]" in shown
    assert set(snapshot(folder)) == {"sales.py", "portico.toml"}


def test_no_is_an_answer(folder: Path) -> None:
    code, shown = on_a_terminal(folder, "--docker", answers="n\n")
    assert (code, "Nothing written." in shown) == (1, True)
    assert set(snapshot(folder)) == {"sales.py"}


@pytest.mark.parametrize(("arguments", "variables"), [(["--yes"], {}), ([], {"CI": "true"})])
def test_it_asks_nothing_with_yes_and_in_ci(
    folder: Path, arguments: list[str], variables: dict[str, str]
) -> None:
    code, shown = on_a_terminal(folder, *arguments, answers="", **variables)
    assert (code, "?" in shown) == (0, False), shown
    assert (folder / "portico.toml").exists()
