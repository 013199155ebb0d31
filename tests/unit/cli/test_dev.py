"""`portico dev`: debuggers answer this machine alone; a container says so of its own ports."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from portico.cli import dev
from portico.errors import UserError
from portico.serve.logs import LogFormat
from portico.serve.supervisor import Settings, serve
from portico.site import from_apps


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app in a folder."""
    (tmp_path / "app.py").write_text("from flask import Flask\napp = Flask(__name__)\n")
    return tmp_path


def test_it_listens_nowhere_but_on_loopback(app: Path) -> None:
    """Whatever portico.toml or a variable says."""
    site = from_apps(["app.py"], app, {"PORTICO_LISTEN": ":8000"})
    with pytest.raises(UserError, match="listens on this machine only"):
        serve(site, Settings(dev=True, log_format=LogFormat.PLAIN, read_again=lambda: site))


def test_in_container_is_refused_where_there_is_no_container(
    app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A word copied from a compose file must not open a laptop's debugger to its network."""
    monkeypatch.setattr(dev, "CONTAINER_MARKS", (app / "missing",))
    result = CliRunner().invoke(dev.command, [str(app / "app.py"), "--in-container"])
    assert isinstance(result.exception, UserError)
    assert "this is no container" in str(result.exception)
