"""`[sign_in]`: who needs a second factor, and how long proofs hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from portico.site import load
from portico.site.model import SecondFactor, SignIn
from portico.site.problems import SiteError
from portico.site.saved import from_json, to_json

ROLES = '[roles]\nkeeper = "Keeps the keys"\n'


def site_file(folder: Path, table: str) -> Path:
    """A site file with this table."""
    file = folder / "portico.toml"
    file.write_text(f"{ROLES}[sign_in]\n{table}\n")
    return file


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("", SecondFactor()),
        ('second_factor = "optional"', SecondFactor()),
        ('second_factor = "required"', SecondFactor(required=True)),
        ('second_factor = "keeper"', SecondFactor(roles=frozenset({"keeper"}))),
        ('second_factor = ["admin", "keeper"]', SecondFactor(roles=frozenset({"admin", "keeper"}))),
    ],
)
def test_who_needs_a_second_factor(tmp_path: Path, written: str, meant: SecondFactor) -> None:
    """A word, a role or several; the gate gets what was read."""
    site = load(site_file(tmp_path, written), {})
    assert site.sign_in.second_factor == meant
    assert from_json(to_json(site)) == site


def test_how_long_proofs_hold(tmp_path: Path) -> None:
    """Durations, as everywhere."""
    site = load(site_file(tmp_path, 'fresh = "5m"\nremember_device = "0s"'), {})
    assert site.sign_in == SignIn(fresh=300.0, remember_device=0.0)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('second_factor = "keper"', 'sign_in.second_factor: unknown role "keper"; did you mean "keeper"?'),
        ('second_factor = "requird"', 'unknown role "requird"; did you mean "required"?'),
        ('second_factor = ["required", "keeper"]', '"required" stands alone'),
        ('fresh = "1s"', "sign_in.fresh"),
        ('remember = "1d"', "sign_in.remember"),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, written: str, said: str) -> None:
    """Where, what, and what would be right."""
    with pytest.raises(SiteError) as caught:
        load(site_file(tmp_path, written), {})
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("factor", "roles", "concerned"),
    [
        (SecondFactor(), {"admin"}, False),
        (SecondFactor(required=True), set(), True),
        (SecondFactor(roles=frozenset({"admin"})), {"admin", "x"}, True),
        (SecondFactor(roles=frozenset({"admin"})), {"x"}, False),
    ],
)
def test_whom_it_concerns(factor: SecondFactor, roles: set[str], concerned: bool) -> None:
    """Everybody, or whoever has one of the roles."""
    assert factor.concerns(roles) is concerned
