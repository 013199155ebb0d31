"""Whether time tells that an account exists: `python -m benchmarks.existence` (1,000 tries of each by default).

For sign-in, sign-up and forgotten password, tries for addresses that have an account alternate with tries for
addresses that have none, in one process, so that neither the network nor a busy machine hides or makes a difference.
`told` is the chance that of two answers, one of each kind, the slower one is the account's: 0.5 tells nothing. With
1,000 tries of each, chance alone keeps it within 0.475 and 0.525 nineteen times of twenty.
"""

from __future__ import annotations

import argparse
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from argon2 import PasswordHasher
from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from gate_client import Browser, GateUnderTest, make_app, make_site
from portico.gate.accounts import passwords
from portico.site.mail import Mail
from site_process import free_port

PEOPLE = 100
CLEARED_AFTER = 50  # tries, so that counters and outbox do not grow
PASSWORD = "seven green ladders"  # noqa: S105
FORMS: dict[str, Callable[[str], dict[str, str]]] = {
    "sign-in": lambda email: {"email": email, "password": PASSWORD},
    "sign-up": lambda email: {"email": email, "name": "", "password": PASSWORD, "repeat": PASSWORD},
    "forgot": lambda email: {"email": email},
}


def told(known: list[float], unknown: list[float]) -> float:
    """The chance that a known address took longer than an unknown one (Mann and Whitney)."""
    ordered = sorted(unknown)
    ranks = sum((bisect_left(ordered, one) + bisect_right(ordered, one)) / 2 for one in known)
    return ranks / (len(known) * len(unknown))


def measure(gate: GateUnderTest, form: str, tries: int) -> tuple[list[float], list[float]]:
    """Milliseconds of the answers for addresses with and without an account."""
    browser = gate.browser()
    hidden = browser.hidden(f"/-/{form}")
    taken: tuple[list[float], list[float]] = ([], [])
    bodies: tuple[set[tuple[int, int]], set[tuple[int, int]]] = (set(), set())
    for number in range(2 * tries + 20):
        kind = number % 2 if (number // 2) % 2 else 1 - number % 2  # not always the same one first
        address = f"person{secrets.randbelow(PEOPLE):03}@example.org" if kind == 0 else _nobody()
        browser.environ["REMOTE_ADDR"] = f"198.{18 + number // 60000}.{number // 250 % 240}.{number % 250}"
        began = time.perf_counter()
        answer = browser.post(f"/-/{form}", hidden | FORMS[form](address))
        took = (time.perf_counter() - began) * 1000
        if number >= 20:  # the first ones warm up
            taken[kind].append(took)
            bodies[kind].add((answer.status_code, len(answer.data)))
        if number % CLEARED_AFTER == 0:
            _clear(gate, browser)
    assert bodies[0] == bodies[1], bodies
    return taken


def _nobody() -> str:
    return f"person{secrets.token_hex(2)[:3]}@example.com"


def _clear(gate: GateUnderTest, browser: Browser) -> None:
    with gate.desk() as db:
        for table in ("attempts", "outbox", "link"):
            db.execute(text(f"DELETE FROM {table}"))  # noqa: S608
        db.execute(text("DELETE FROM person WHERE email LIKE '%@example.com'"))
        db.commit()


def report(form: str, known: list[float], unknown: list[float]) -> None:
    """One line of the table."""

    def spread(values: list[float]) -> str:
        cuts = statistics.quantiles(values, n=20)
        return f"{cuts[0]:7.2f} {statistics.median(values):7.2f} {cuts[-1]:7.2f}"

    difference = statistics.median(known) - statistics.median(unknown)
    print(
        f"{form:24} | {spread(known)} | {spread(unknown)} | {difference:+6.2f} | {told(known, unknown):.3f}",
        flush=True,
    )


@contextmanager
def mail_server() -> Iterator[str]:
    """The URL of a mail server in a process of its own, which throws away what it is given."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "aiosmtpd",
        "-n",
        "-c",
        "aiosmtpd.handlers.Sink",
        "-l",
        f"127.0.0.1:{port}",
    ]
    process = subprocess.Popen(command)
    try:
        time.sleep(2)
        yield f"smtp://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def main() -> None:
    """Measure the forms of a site with mail, and the sign-up of one without."""
    parser = argparse.ArgumentParser(prog="benchmarks.existence", description=__doc__)
    parser.add_argument("tries", type=int, nargs="?", default=1000)
    parser.add_argument("--only", choices=[*FORMS, "sign-up-without-mail"])
    parser.add_argument(
        "--light", action="store_true", help="hash at the lowest cost, so that what is not the hash shows"
    )
    options = parser.parse_args()
    if options.light:
        passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    print(f"{options.tries} tries of each, milliseconds: 5th, 50th, 95th percentile")
    print(f"{'form':24} | with an account         | without one             | medians | told", flush=True)
    with mail_server() as url:
        for form in FORMS:
            if options.only in (None, form):
                of_form(Mail(url, "site@example.org"), form, options.tries)
    if options.only in (None, "sign-up-without-mail"):
        of_form(Mail(), "sign-up", options.tries)


def of_form(mail: Mail, form: str, tries: int) -> None:
    """Measure a form of a site with this mail."""
    with tempfile.TemporaryDirectory() as folder:
        gate = GateUnderTest(replace(make_site(Path(folder), make_app("home")), mail=mail))
        for number in range(PEOPLE):
            gate.person(f"person{number:03}@example.org")
        report(form + ("" if mail.url else ", no mail server"), *measure(gate, form, tries))
        if delivery := gate.app.extensions.get("portico_delivery"):
            delivery.close()
        gate.close()


if __name__ == "__main__":
    main()
