"""Who gets the result of a background job."""

from __future__ import annotations

import pytest
from dash.background_callback.managers import BaseBackgroundCallbackManager as Manager

from portico import identity
from portico.serve.runner import dash_jobs

ANN, BOB = (identity.Identity(id=name, email=f"{name}@example.org") for name in ("ann", "bob"))


@pytest.fixture(autouse=True)
def kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dash's managers, completed for the time of one test."""
    monkeypatch.setattr(Manager, "build_cache_key", Manager.build_cache_key)
    monkeypatch.setattr(Manager, "managers", [])
    dash_jobs.keep_apart()


def key(who: identity.Identity, cache_by: object = None, argument: int = 1) -> str:
    """The key under which a job of this person keeps its result."""
    with identity.asking(who):
        return str(Manager(cache_by).build_cache_key(key, [argument], [], "button"))


def test_two_people_never_share_a_job_by_accident() -> None:
    """The same callback with the same arguments is one job for each person, and still one for the same person."""
    assert key(ANN) != key(BOB)
    assert key(ANN) == key(ANN)
    assert key(ANN) != key(ANN, argument=2)


def test_an_app_may_say_that_a_result_is_for_all() -> None:
    """`cache_by` is the app's own word about who shares a result."""
    assert key(ANN, lambda: "everyone") == key(BOB, lambda: "everyone")


def test_nobody_signed_in_means_dashs_own_key() -> None:
    """On a public app there is nobody to tell apart."""
    assert key(identity.ANONYMOUS) == key(identity.ANONYMOUS)
