"""Sealed secrets: readable to this site alone, for their owner alone, through rotations of the keys."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from factor_walks import STEP, add_app, code, second_step
from gate_client import GateUnderTest
from portico.gate import prepare, secrets
from portico.gate.factors import vault
from portico.gate.factors.vault import VaultError
from portico.gate.models import Authenticator


def test_a_sealed_text_opens_for_its_owner_alone(gate: GateUnderTest) -> None:
    """Not for another, not damaged, not from another site."""
    known = secrets.load(gate.site)
    sealed = vault.seal(known, "anna", "the secret")
    assert "the secret" not in sealed
    assert vault.unseal(gate.site, known, "anna", sealed) == "the secret"
    for owner, wrong in (("ben", sealed), ("anna", sealed[:-4] + "AAAA"), ("anna", ""), ("anna", "x:y")):
        with pytest.raises(VaultError):
            vault.unseal(gate.site, known, owner, wrong)


def test_what_was_sealed_opens_after_rotations(gate: GateUnderTest, hands: object) -> None:
    """Before the gate is started again, by a gate that does not know the new key yet, and afterwards."""
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    secret, _ = add_app(browser)
    hands.move(minutes=1)  # type: ignore[attr-defined]
    for _ in range(3):
        secrets.rotate(gate.site)
    newest = vault.key_id(secrets.load(gate.site).data_keys[0])
    prepare(gate.site)  # another copy of the site starts, with the new keys
    with gate.desk() as db:
        assert db.execute(text("SELECT secret FROM authenticator")).scalar_one().startswith(f"{newest}:")
    old_gate = gate.browser()
    old_gate.sign_in()
    assert second_step(old_gate, code(secret)).location == "/"
    hands.move(minutes=1)  # type: ignore[attr-defined]
    new_gate = GateUnderTest(gate.site)
    browser = new_gate.browser()
    assert browser.sign_in().location == STEP
    assert second_step(browser, code(secret)).location == "/"
    new_gate.close()


def test_keys_that_seal_nothing_any_more_are_dropped(gate: GateUnderTest) -> None:
    """So that the file does not grow for ever."""
    for _ in range(secrets.KEPT_FOR_DATA + 3):
        secrets.rotate(gate.site)
    prepare(gate.site)
    assert len(secrets.load(gate.site).data_keys) == secrets.KEPT_FOR_DATA


def test_a_secret_that_was_moved_to_another_row_opens_nothing(gate: GateUnderTest) -> None:
    """Who can write to the database still cannot give Anna a secret that they know."""
    gate.person()
    gate.person("ben@example.org")
    for email in ("anna@example.org", "ben@example.org"):
        browser = gate.browser()
        browser.sign_in(email)
        secret, _ = add_app(browser)
    with gate.desk() as db:
        rows = {row.person_id: row for row in db.query(Authenticator)}
        rows[1].secret = rows[2].secret
        db.commit()
    thief = gate.browser()
    thief.sign_in()
    assert second_step(thief, code(secret, 1)).status_code in (401, 500)
    assert thief.check("home").status_code == 401


def test_a_site_from_before_gets_its_key_at_the_next_start(gate: GateUnderTest) -> None:
    """An older state folder has no data.keys."""
    (gate.site.state / "secrets" / "data.keys").unlink()
    prepare(gate.site)
    assert len(secrets.load(gate.site).data_keys) == 1
