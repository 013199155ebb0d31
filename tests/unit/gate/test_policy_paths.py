"""Paths inside an app, API tokens and guests, as a table: what no line allows is denied."""

from __future__ import annotations

import pytest

from gate_client import make_app
from portico.gate.policy import Guest, Outcome, Visitor, decide_at
from portico.site import Access, PathRule

ENTER, SIGN_IN, FORBIDDEN = Outcome.ENTER, Outcome.SIGN_IN, Outcome.FORBIDDEN
MANAGERS, ANALYSTS = Access(roles=frozenset({"manager"})), Access(roles=frozenset({"analyst"}))
PATHS = (
    PathRule("/admin", MANAGERS),
    PathRule("/open", Access(public=True)),
    PathRule("/all", Access(known=True)),
)
SALES = make_app("sales", ANALYSTS, paths=PATHS)
SHOP = make_app("shop", Access(known=True), paths=(PathRule("/staff", Access(signed_in=True)),))

ANN = Visitor("ann@example.org", frozenset({"analyst"}), True)
MAX = Visitor("max@example.org", frozenset({"manager"}), True)
BOTH = Visitor("both@example.org", frozenset({"analyst", "manager"}), True)
ROOT = Visitor("root@example.org", frozenset({"admin"}), True)
GONE = Visitor("gone@example.org", frozenset({"analyst", "manager"}), True, active=False)
HERE = Visitor("ann@example.org", frozenset({"analyst", "manager"}), True, apps=frozenset({"sales"}))
ELSEWHERE = Visitor("root@example.org", frozenset({"admin"}), True, apps=frozenset({"shop"}))
NOWHERE = Visitor("ann@example.org", frozenset({"analyst"}), True, apps=frozenset())


@pytest.mark.parametrize(
    ("app", "rule", "visitor", "outcome"),
    [
        (SALES, "", ANN, ENTER),
        (SALES, "/admin", ANN, FORBIDDEN),
        (SALES, "/admin", MAX, ENTER),
        (SALES, "", MAX, FORBIDDEN),
        (SALES, "/admin", BOTH, ENTER),
        (SALES, "/admin", ROOT, ENTER),
        (SALES, "/admin", None, SIGN_IN),
        (SALES, "/admin", GONE, SIGN_IN),
        (SALES, "/open", None, ENTER),
        (SALES, "/all", GONE, ENTER),
        (SALES, "/unknown", BOTH, FORBIDDEN),
        (SALES, "/unknown", ROOT, FORBIDDEN),
        (SALES, "/unknown", None, SIGN_IN),
        (SALES, "/", ROOT, FORBIDDEN),
        (SHOP, "", None, ENTER),
        (SHOP, "", ANN, ENTER),
        (SHOP, "/staff", None, SIGN_IN),
        (SHOP, "/staff", ANN, ENTER),
        (SALES, "", HERE, ENTER),
        (SALES, "/admin", HERE, ENTER),
        (SHOP, "/staff", HERE, FORBIDDEN),
        (SHOP, "", HERE, ENTER),
        (SALES, "", ELSEWHERE, FORBIDDEN),
        (SALES, "/open", ELSEWHERE, ENTER),
        (SHOP, "/staff", ELSEWHERE, ENTER),
        (SALES, "", NOWHERE, FORBIDDEN),
        (None, "", HERE, FORBIDDEN),
    ],
)
def test_each_rule_decides_for_its_path_alone(
    app: object, rule: str, visitor: Visitor | None, outcome: Outcome
) -> None:
    """The rule of a path replaces the app's access, in both directions; a token narrows and never widens."""
    decision = decide_at(app, rule, visitor)  # type: ignore[arg-type]
    assert decision.outcome is outcome
    assert decision.reason


@pytest.mark.parametrize(
    ("guest", "rule", "visitor", "outcome"),
    [
        (Guest("sales"), "", None, ENTER),
        (Guest("sales"), "/admin", None, SIGN_IN),
        (Guest("sales"), "/open", None, ENTER),
        (Guest("sales", "/admin"), "", None, ENTER),
        (Guest("sales", "/admin"), "/admin", None, ENTER),
        (Guest("sales", "/admin"), "/unknown", None, SIGN_IN),
        (Guest("shop"), "", None, SIGN_IN),
        (Guest("shop", "/admin"), "/admin", None, SIGN_IN),
        (Guest("sales"), "", MAX, ENTER),
        (Guest("sales"), "/admin", ANN, FORBIDDEN),
    ],
)
def test_a_link_opens_its_app_and_its_path(
    guest: Guest, rule: str, visitor: Visitor | None, outcome: Outcome
) -> None:
    assert decide_at(SALES, rule, visitor, guest).outcome is outcome


def test_a_token_in_an_administrators_hand_is_told_apart() -> None:
    """Being an administrator stays what opened the door, so the audit has its line."""
    narrowed = Visitor("root@example.org", frozenset({"admin"}), True, apps=frozenset({"sales"}))
    assert decide_at(SALES, "/admin", narrowed).as_administrator
