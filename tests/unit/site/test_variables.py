"""PORTICO_* variables that look like a slip."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from portico.site.variables import OTHERS, misspelt

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("PORTICO_DATABSE_URL", "PORTICO_DATABASE_URL"),
        ("PORTICO_DATABASE", "PORTICO_DATABASE_URL"),
        ("PORTICO_SIGNUP", "PORTICO_SIGN_UP"),
        ("PORTICO_URL_FILES", "PORTICO_URL_FILE"),
        ("PORTICO_LOGFORMAT", "PORTICO_LOG_FORMAT"),
    ],
)
def test_a_misspelt_variable_is_told_with_the_one_that_was_meant(slip: str, meant: str) -> None:
    assert misspelt({slip: "x"}) == (f'{slip}: Portico reads no such variable; did you mean "{meant}"?',)


def test_variables_that_are_read_or_resemble_none_are_fine() -> None:
    """Kubernetes gives every container some for a service named portico, Compose and the tests have their own."""
    of_kubernetes = ("SERVICE_HOST", "SERVICE_PORT", "PORT", "PORT_8000_TCP", "PORT_8000_TCP_ADDR")
    known = ("URL", "URL_FILE", "DATABASE_URL_FILE", "RUN", "TESTS_NEED", "SITE_URL", *OTHERS, *of_kubernetes)
    assert misspelt({f"PORTICO_{name}": "x" for name in known} | {"DATABSE_URL": "x"}) == ()


def test_no_variable_of_the_repository_looks_misspelt() -> None:
    """The images, Compose, the pipelines and the services set none that is told to be a slip."""
    places = [ROOT / "Dockerfile", ROOT / ".ci" / "run", *ROOT.glob("docker-compose*.yml")]
    places += [path for folder in ("systemd", "nginx", "kubernetes") for path in (ROOT / folder).rglob("*")]
    text = "".join(path.read_text(errors="replace") for path in places if path.is_file())
    assert misspelt(dict.fromkeys(re.findall(r"PORTICO_[A-Z_]+[A-Z]", text), "x")) == ()
