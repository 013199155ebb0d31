"""Who may enter which app, as one table."""

from __future__ import annotations

import pytest

from portico.gate.policy import Outcome, Visitor, decide
from portico.site import Access

PUBLIC, SIGNED_IN = Access(public=True), Access(signed_in=True)
ANALYSTS = Access(roles=frozenset({"analyst"}))
CARLA = Access(people=frozenset({"carla@example.org"}))
BOTH = Access(roles=frozenset({"analyst"}), people=frozenset({"carla@example.org"}))
NOTHING = Access()

NOBODY = None
BOB = Visitor("bob@example.org", frozenset(), True)
ANN = Visitor("ann@example.org", frozenset({"analyst", "writer"}), True)
CARLA_HERSELF = Visitor("Carla@example.org", frozenset(), True)
CALLS_HERSELF_CARLA = Visitor("carla@example.org", frozenset(), False)
ROOT = Visitor("root@example.org", frozenset({"admin"}), True)
DISABLED = Visitor("ann@example.org", frozenset({"analyst", "admin"}), True, active=False)

ENTER, SIGN_IN, FORBIDDEN = Outcome.ENTER, Outcome.SIGN_IN, Outcome.FORBIDDEN


@pytest.mark.parametrize(
    ("access", "visitor", "outcome"),
    [
        (PUBLIC, NOBODY, ENTER),
        (PUBLIC, BOB, ENTER),
        (PUBLIC, DISABLED, ENTER),
        (SIGNED_IN, NOBODY, SIGN_IN),
        (SIGNED_IN, BOB, ENTER),
        (SIGNED_IN, DISABLED, SIGN_IN),
        (ANALYSTS, NOBODY, SIGN_IN),
        (ANALYSTS, BOB, FORBIDDEN),
        (ANALYSTS, ANN, ENTER),
        (ANALYSTS, ROOT, ENTER),
        (ANALYSTS, DISABLED, SIGN_IN),
        (CARLA, NOBODY, SIGN_IN),
        (CARLA, CARLA_HERSELF, ENTER),
        (CARLA, CALLS_HERSELF_CARLA, FORBIDDEN),
        (SIGNED_IN, CALLS_HERSELF_CARLA, ENTER),
        (CARLA, ANN, FORBIDDEN),
        (CARLA, ROOT, ENTER),
        (BOTH, CARLA_HERSELF, ENTER),
        (BOTH, ANN, ENTER),
        (BOTH, BOB, FORBIDDEN),
        (NOTHING, NOBODY, SIGN_IN),
        (NOTHING, ANN, FORBIDDEN),
        (NOTHING, ROOT, ENTER),
        (None, NOBODY, SIGN_IN),
        (None, ANN, FORBIDDEN),
        (None, ROOT, FORBIDDEN),
        (None, DISABLED, SIGN_IN),
    ],
)
def test_every_pair_of_access_and_visitor_has_one_outcome(
    access: Access | None, visitor: Visitor | None, outcome: Outcome
) -> None:
    """What is not allowed is denied, an app that is not named included."""
    decision = decide(access, visitor)
    assert decision.outcome is outcome
    assert decision.reason


def test_only_an_entry_that_nothing_else_allows_counts_as_the_administrators() -> None:
    """An administrator who is an analyst too enters as an analyst: that is no line in the audit."""
    both = Visitor("root@example.org", frozenset({"admin", "analyst"}), True)
    assert decide(ANALYSTS, ROOT).as_administrator
    assert not decide(ANALYSTS, both).as_administrator
    assert not decide(SIGNED_IN, ROOT).as_administrator
