"""Guests with an account: it ends at its time, its sessions with it, and the last administrator is none."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from gate_client import GateUnderTest
from portico.errors import UserError
from portico.gate.accounts import actions, ends
from portico.gate.accounts.people import find_person
from portico.gate.audit import COMMAND_LINE
from portico.gate.tokens import actions as tokens


def end(gate: GateUnderTest, email: str, until: datetime | None) -> None:
    with gate.desk() as db:
        ends.set_end(db, COMMAND_LINE, find_person(db, email), until)


def test_a_guests_session_ends_with_the_account(gate: GateUnderTest, hands: Any) -> None:
    """Also one that was open before the end was set, however busy it is."""
    gate.person("guest@example.org")
    before, after = gate.browser(), gate.browser()
    before.sign_in("guest@example.org")
    end(gate, "guest@example.org", hands.time + timedelta(minutes=30))
    after.sign_in("guest@example.org")
    for _ in range(29):
        hands.move(minutes=1)
        assert [before.check("home").status_code, after.check("home").status_code] == [204, 204]
    hands.move(minutes=2)
    assert [before.check("home").status_code, after.check("home").status_code] == [401, 401]
    assert before.get("/-/profile").status_code == 302


def test_a_guest_whose_time_is_over_does_not_sign_in(gate: GateUnderTest, hands: Any) -> None:
    gate.person("guest@example.org")
    end(gate, "guest@example.org", hands.time + timedelta(hours=1))
    hands.move(hours=2)
    browser = gate.browser()
    answer = browser.sign_in("guest@example.org")
    assert answer.status_code == 401
    assert browser.check("home").status_code == 401
    end(gate, "guest@example.org", hands.time + timedelta(hours=1))
    assert browser.sign_in("guest@example.org").status_code == 302
    assert browser.check("home").status_code == 204


def test_a_guests_token_ends_with_the_account(gate: GateUnderTest, hands: Any) -> None:
    gate.person("guest@example.org")
    with gate.desk() as db:
        guest, week = find_person(db, "guest@example.org"), timedelta(days=7)
        text = tokens.issue_personal(db, COMMAND_LINE, gate.site, guest, "x", ["apps"], week)[0]
    end(gate, "guest@example.org", hands.time + timedelta(hours=1))
    headers = {"Authorization": f"Bearer {text}"}
    assert gate.browser().get("/-/check/home", headers=headers).status_code == 204
    hands.move(hours=1)
    assert gate.browser().get("/-/check/home", headers=headers).status_code == 401


def test_an_end_can_be_taken_away_and_lies_in_the_future(gate: GateUnderTest, hands: Any) -> None:
    gate.person("guest@example.org")
    with pytest.raises(UserError, match="lies in the future"):
        end(gate, "guest@example.org", hands.time)
    end(gate, "guest@example.org", hands.time + timedelta(hours=1))
    end(gate, "guest@example.org", None)
    end(gate, "guest@example.org", None)
    browser = gate.browser()
    hands.move(hours=2)
    browser.sign_in("guest@example.org")
    assert browser.check("home").status_code == 204
    assert gate.audit().count("end-set") == 2


def test_an_administrator_with_an_end_is_not_counted_on(gate: GateUnderTest, hands: Any) -> None:
    gate.person("root@example.org", "admin")
    with pytest.raises(actions.LastAdministratorError):
        end(gate, "root@example.org", hands.time + timedelta(days=1))
    gate.person("other@example.org", "admin")
    end(gate, "root@example.org", hands.time + timedelta(days=1))
    with gate.desk() as db, pytest.raises(actions.LastAdministratorError):
        actions.disable(db, COMMAND_LINE, find_person(db, "other@example.org"))
