"""How long an app that ended waits before it is started again."""

from __future__ import annotations

from portico.serve.backoff import Backoff


def test_the_first_crash_of_an_app_that_was_up_costs_no_wait() -> None:
    """Its requests wait in the backlog; only from the second crash on there is a pause."""
    backoff = Backoff()
    assert [backoff.after(5.0) for _ in range(4)] == [0.0, 0.5, 1.0, 2.0]


def test_an_app_that_never_came_up_waits_from_the_first_time() -> None:
    """The pause doubles from half a second to half a minute."""
    backoff = Backoff()
    assert [backoff.after(0.0) for _ in range(9)] == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_a_healthy_minute_forgives() -> None:
    """After a minute without a fault the pauses begin anew."""
    backoff = Backoff()
    for _ in range(6):
        backoff.after(0.0)
    assert backoff.after(61.0) == 0.0
    assert backoff.after(1.0) == 0.5


def test_a_thousand_faults_do_not_overflow() -> None:
    """An app that is broken for a year still has a pause of half a minute."""
    backoff = Backoff(failures=5000)
    assert backoff.after(0.0) == 30.0
