"""Nothing in an answer, its time or the work for it tells whether an account exists.

The same statements to the database in the same order and one password hash are the same work; a small measurement
would notice what that overlooks. `python -m benchmarks.existence` measures a thousand tries of each.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace

import argon2.low_level
import pytest

from gate_client import GateUnderTest, statements
from portico.gate import throttle
from portico.site import Site
from portico.site.mail import Mail

PASSWORD = "seven green ladders"
FORMS = {
    "sign-in": {"password": PASSWORD},
    "sign-up": {"name": "", "password": PASSWORD, "repeat": PASSWORD},
    "forgot": {},
}
KNOWN, UNKNOWN = "anna@example.org", "nobody@example.org"


@pytest.fixture
def gate(site: Site) -> Iterator[GateUnderTest]:
    """A gate that sends mail, to a server that is not there: what is to be sent waits in the outbox."""
    gate = GateUnderTest(replace(site, mail=Mail("smtp://127.0.0.1:9", "site@example.org")))
    gate.app.extensions["portico_delivery"].close()
    gate.person(KNOWN)
    gate.person("without@example.org", password=False)
    yield gate
    gate.close()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("known", [KNOWN, "without@example.org"])
def test_the_work_is_the_same(
    gate: GateUnderTest, monkeypatch: pytest.MonkeyPatch, form: str, known: str
) -> None:
    """Status, body, cookies, statements, hashes."""
    seen = []
    for email in (UNKNOWN, known):
        browser = gate.browser(REMOTE_ADDR="192.0.2.20" if email == UNKNOWN else "192.0.2.21")
        data = browser.hidden(f"/-/{form}") | FORMS[form] | {"email": email}
        browser.post(f"/-/{form}", data | {"email": f"warm-up-{len(seen)}@example.org"})
        said: list[str] = []
        hashes: list[str] = []
        with monkeypatch.context() as patch, statements(said):
            core = argon2.low_level.core

            def counted(*args: object, hashes: list[str] = hashes, core: object = core) -> object:
                hashes.append("one")
                return core(*args)  # type: ignore[operator]

            patch.setattr(argon2.low_level, "core", counted)
            answer = browser.post(f"/-/{form}", data)
        text = re.sub(r"[\w.=+-]{40,}", "RANDOM", answer.text).replace(email, "ADDRESS")
        seen.append((answer.status_code, text, len(hashes), len(answer.headers.getlist("Set-Cookie")), said))
    assert seen[0] == seen[1]
    assert seen[0][4]


def test_the_time_is_the_same(gate: GateUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two failed sign-ins, one of each kind, either may have been the slower one."""
    for name in ("FREE_PER_ACCOUNT", "FREE_PER_CLIENT", "FREE_EVERYWHERE"):
        monkeypatch.setattr(throttle, name, 10_000)
    browser = gate.browser()
    hidden = browser.hidden("/-/sign-in") | {"password": PASSWORD}
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(84):
        kind = number % 2 if (number // 2) % 2 else 1 - number % 2
        began = time.perf_counter()
        browser.post("/-/sign-in", hidden | {"email": (KNOWN, UNKNOWN)[kind]})
        if number >= 4:
            taken[kind].append(time.perf_counter() - began)
    ordered = sorted(taken[1])
    slower = sum(bisect_left(ordered, one) for one in taken[0]) / (len(taken[0]) * len(ordered))
    assert 0.25 < slower < 0.75  # 0.5 when there is no difference; 40 of each scatter by 0.065
