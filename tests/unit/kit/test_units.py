"""The systemd units of a site of one's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from portico.errors import UserError
from portico.kit import Units, carried, rendered, units_for
from portico.kit.units import render

SHOP = Units("/srv/shop", "shop", "/opt/shop/bin/portico")


def shop() -> dict[str, str]:
    """The units of the site in /srv/shop."""
    return {path: content.decode() for path, content in rendered(carried(["systemd"]), SHOP).items()}


def test_nothing_of_the_example_is_left_in_the_units_of_another_site() -> None:
    for text in shop().values():
        assert "/srv/portico" not in text
        assert not re.search(r"^(User|Group)=(?!shop$)", text, re.MULTILINE)


def test_the_service_runs_in_the_folder_as_the_user_by_the_program() -> None:
    lines = shop()["systemd/portico.service"].splitlines()
    assert {"User=shop", "Group=shop", "WorkingDirectory=/srv/shop"} <= set(lines)
    assert [line for line in lines if line.startswith("ExecStart=/opt/shop/bin/portico serve")]


def test_user_and_backup_folder_are_made_for_that_user() -> None:
    assert re.search(r"^u shop - ", shop()["systemd/sysusers.conf"], re.MULTILINE)
    assert re.search(r"^d \S+ 0700 shop shop$", shop()["systemd/tmpfiles.conf"], re.MULTILINE)


def test_no_unit_names_documentation_that_a_site_does_not_have() -> None:
    assert not [path for path, text in shop().items() if "Documentation=file:" in text]


def test_the_place_of_state_and_settings_stays() -> None:
    service = shop()["systemd/portico.service"]
    assert "PORTICO_STATE=/var/lib/portico" in service
    assert "EnvironmentFile=-/etc/portico/environment" in service


def test_a_folder_that_only_begins_alike_is_another_one() -> None:
    assert render("/srv/portico-two /srv/portico.old /srv/portico/x /srv/portico\n", SHOP) == (
        "/srv/portico-two /srv/portico.old /srv/shop/x /srv/shop\n"
    )


def test_other_files_of_the_kit_are_copied_as_they_are() -> None:
    files = carried(["docker", "vagrant", "cloud-init"])
    assert rendered(files, SHOP) == files


@pytest.mark.parametrize(
    "folder", ["relative", "/with space", "/srv/%h", "/srv/../etc", "/srv/a;b", "/srv/x\n"]
)
def test_a_folder_that_would_mean_something_else_in_a_unit_is_refused(folder: str) -> None:
    with pytest.raises(UserError, match="cannot stand in a systemd unit"):
        Units(folder=folder)


@pytest.mark.parametrize("user", ["", "Ann", "a b", "-x", "a\nExecStart=/bin/sh"])
def test_a_user_that_is_none_is_refused(user: str) -> None:
    with pytest.raises(UserError, match="no name of a user"):
        Units(user=user)


@pytest.mark.parametrize("home", ["/home/ann/site", "/root/site", "/tmp/site", "/srv/my site"])
def test_a_site_where_a_closed_service_cannot_see_goes_to_srv(home: str) -> None:
    assert units_for(Path(home), None, None) == Units()


def test_a_site_on_the_server_stays_where_it_is() -> None:
    assert units_for(Path("/opt/shop"), None, "shop").folder == "/opt/shop"
    assert units_for(Path("/home/ann/site"), "/opt/shop/", None) == Units(
        "/opt/shop", "portico", "/opt/shop/.venv/bin/portico"
    )
