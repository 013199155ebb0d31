"""The command line's edge: help, suggestions, one line for a mistake, a traceback for a bug."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from portico import cli
from portico.errors import UserError


def portico(*args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the real command."""
    return subprocess.run(
        [sys.executable, "-m", "portico", *args],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_help_lists_every_verb_under_its_heading() -> None:
    """In the order in which a person meets them, each with one line."""
    done = portico("--help")
    assert done.returncode == 0
    places = [done.stdout.index(f"\n  {verb} ") for group in cli.VERBS.values() for verb in group]
    assert places == sorted(places)
    assert all(f"{heading}:" in done.stdout for heading in cli.VERBS)


def test_every_verb_has_a_command_with_help() -> None:
    """The table of verbs and the files agree."""
    context = click.Context(cli.portico)
    for group in cli.VERBS.values():
        for verb in group:
            command = cli.portico.get_command(context, verb)
            assert command is not None
            assert command.name == verb
            assert command.help, verb
    assert cli.portico.get_command(context, "no-such") is None


def test_help_is_quick() -> None:
    """No verb is imported for it, nor what serving and the gate need: a tenth of a second, most of it Python's own."""
    code = (
        "import sys\nfrom portico import cli\n"
        "try:\n    cli.main(['--help'])\nexcept SystemExit:\n    print('\\n'.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert "Serve the site" in done.stdout
    imported = set(done.stderr.split())
    assert not imported & {"asyncio", "flask", "sqlalchemy", "granian", "jinja2", "psutil", "tomllib", "dash"}
    ours = {name for name in imported if name.split(".")[0] == "portico"}
    assert ours == {"portico", "portico.cli", "portico.errors", "portico.identity"}


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["srve"], 'portico: no such command: "srve"; did you mean "serve"?'),
        (["zzzz"], 'portico: no such command: "zzzz"; see `portico --help`'),
        (["status"], "portico: this site is not running; `portico serve` starts it"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_1(args: list[str], line: str, tmp_path: Path) -> None:
    """On stderr, without a traceback."""
    (tmp_path / "portico.toml").write_text("", encoding="utf-8")
    done = portico(*args, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", line + "\n")


def test_a_wrong_option_explains_the_usage(tmp_path: Path) -> None:
    """Exit code 2, as programs do."""
    done = portico("serve", "--prot", "8000", cwd=tmp_path)
    assert done.returncode == 2
    assert "--port" in done.stderr


def test_without_a_site_serve_says_what_to_do(tmp_path: Path) -> None:
    """It names the two ways to begin."""
    done = portico("serve", cwd=tmp_path)
    assert done.returncode == 1
    assert "`portico init`" in done.stderr
    assert "`portico serve app.py`" in done.stderr


def test_several_problems_are_several_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each begins with the program's name."""

    @click.command("stop")
    def broken() -> None:
        raise UserError("one\ntwo")

    monkeypatch.setattr("portico.cli.stop.command", broken)
    with pytest.raises(SystemExit) as end:
        cli.main(["stop"])
    assert end.value.code == 1
    assert capsys.readouterr().err == "portico: one\nportico: two\n"


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not a UserError is ours to mend, and must be seen."""

    @click.command("stop")
    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("portico.cli.stop.command", broken)
    with pytest.raises(ZeroDivisionError):
        cli.main(["stop"])


def test_version() -> None:
    """`portico --version` is the installed one."""
    assert portico("--version").stdout.startswith("portico 0.")
