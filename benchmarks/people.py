"""A site with 100,000 people: sign-ins and checks a second, the pages of the administration, and memory."""

from __future__ import annotations

import itertools
import re
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session
from tests.site_process import SiteProcess

from benchmarks.life import Fact, memory
from benchmarks.load import wrk
from benchmarks.portico_site import EMAIL, PASSWORD, sign_in
from benchmarks.servers import APPS, free_port, wait_for
from portico.gate import clock, database, sessions
from portico.gate.accounts import passwords
from portico.gate.models import AuditLine, Person, Role, SessionRow, person_role
from portico.serve.front import nginx_binary
from portico.site import load

PEOPLE = 100_000
OPEN = 20_000  # sessions
LINES = 200_000  # of the audit
BATCH = 5_000
PAGES = {
    "the page of all people": "/-/admin/people",
    "a search among them": "/-/admin/people?q=person99",
    "the page of all sessions": "/-/admin/sessions",
    "the page of the audit": "/-/admin/audit",
    "the portal": "/-/",
}
TOML = f"""
[site]
name = "Benchmark"
[roles]
analyst = "Reads sales"
[apps.flask]
run = "{APPS}/flask_json.py"
access = "analyst"
"""
CHECKS = """
local cookies, number = {}, 0
for line in io.lines("%s") do cookies[#cookies + 1] = line end
request = function()
  number = number %% #cookies + 1
  return wrk.format("GET", "/-/check/flask", { Cookie = cookies[number] })
end
"""


def fill(engine: Engine, folder: Path) -> Path:
    """Add the people, their roles, sessions and an audit; returns a file with a Cookie header for each session."""
    site, cookies = load(folder), folder / "cookies"
    hashed = passwords.hash_password(PASSWORD)
    with Session(engine) as db, cookies.open("w", encoding="ascii") as written:
        analyst = db.scalars(select(Role.id).where(Role.name == "analyst")).one()
        for numbers in _batches(PEOPLE):
            ids = list(db.scalars(insert(Person).returning(Person.id), [_person(n, hashed) for n in numbers]))
            db.execute(insert(person_role), [{"person_id": one, "role_id": analyst} for one in ids])
            if numbers[0] < OPEN:
                tokens = {one: sessions.new_token() for one in ids}
                db.execute(insert(SessionRow), [_session(one, token) for one, token in tokens.items()])
                written.writelines(f"{site.session_cookie}={token}\n" for token in tokens.values())
            db.commit()
        for numbers in _batches(LINES):
            actors = [f"person{number % PEOPLE}@example.org" for number in numbers]
            db.execute(
                insert(AuditLine), [{"actor": one, "action": "signed-in", "subject": one} for one in actors]
            )
            db.commit()
    return cookies


def _person(number: int, hashed: str) -> dict[str, Any]:
    return {
        "fs_uniquifier": uuid.uuid4().hex,
        "email": f"person{number}@example.org",
        "name": f"Person {number}",
        "password": hashed,
        "email_verified": True,
    }


def _session(person: int, token: str) -> dict[str, Any]:
    until = clock.now() + timedelta(hours=12)
    return {
        "token_hash": sessions.hash_token(token),
        "person_id": person,
        "valid_until": until,
        "absolute_until": until,
    }


def _batches(count: int) -> Iterator[range]:
    return (range(begin, min(begin + BATCH, count)) for begin in range(0, count, BATCH))


def checks(socket: Path, cookies: Path, folder: Path, *, rounds: int, seconds: float) -> Fact:
    """The front's question for 20,000 sessions in turn, so that no answer is reused: nginx asks the gate each time."""
    port = free_port()
    conf = folder / "ask.conf"
    conf.write_text(
        f"daemon off; master_process off; pid {folder}/ask.pid; error_log stderr crit;\n"
        "events { worker_connections 512; }\n"
        f"http {{ access_log off; upstream gate {{ server unix:{socket}; keepalive 32; }}\n"
        f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://gate; proxy_http_version 1.1;"
        ' proxy_set_header Connection ""; } } }\n'
    )
    script = folder / "checks.lua"
    script.write_text(CHECKS % cookies)
    ask = subprocess.Popen([nginx_binary(), "-p", str(folder), "-c", str(conf)])
    try:
        wait_for(port, ask)
        command = [wrk(), "-t1", "-c32", f"-d{seconds:g}s", "-s", str(script), f"http://127.0.0.1:{port}/"]
        rates = [_rate(command, seconds) for _ in range(rounds + 1)][1:]
    finally:
        ask.terminate()
        ask.wait(10)
    return Fact(
        "checks a second, each of another session", f"{statistics.median(rates):,.0f}", _spread(rates)
    )


def _rate(command: list[str], seconds: float) -> float:
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60).stdout
    assert "Non-2xx" not in said, said
    found = re.search(r"Requests/sec:\s*([\d.]+)", said)
    assert found, said
    return float(found.group(1))


def sign_ins(site: SiteProcess, socket: Path, *, rounds: int, seconds: float, clients: int = 8) -> Fact:
    """People who open the sign-in page and send it, each from an address of their own, past the front's limit."""
    numbers = itertools.count()

    def one(transport: httpx.HTTPTransport) -> None:
        number = next(numbers)
        address = f"198.51.{number // 250 % 250}.{number % 250 + 1}"
        headers = {"X-Forwarded-For": address, "Origin": site.url}
        with httpx.Client(
            transport=_Kept(transport), base_url=site.url, headers=headers, timeout=60
        ) as browser:
            token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.get("/-/sign-in").text)
            assert token
            who = {"email": f"person{number}@example.org", "password": PASSWORD}
            answer = browser.post("/-/sign-in", data={"csrf_token": token.group(1), **who})
            assert answer.status_code == 302, answer.text

    def client(until: float, done: list[int]) -> None:
        with httpx.HTTPTransport(uds=str(socket)) as transport:
            while time.monotonic() < until:
                one(transport)
                done.append(1)

    rates = []
    for _ in range(rounds + 1):
        done: list[int] = []
        begin = time.monotonic()
        people = [threading.Thread(target=client, args=(begin + seconds, done)) for _ in range(clients)]
        for person in people:
            person.start()
        for person in people:
            person.join()
        rates.append(len(done) / (time.monotonic() - begin))
    how = f"{clients} at a time, page and form; {_spread(rates[1:])}"
    return Fact("sign-ins a second", f"{statistics.median(rates[1:]):.0f}", how)


class _Kept(httpx.BaseTransport):
    """A transport that outlives its client: people come and go, the front's connections stay."""

    def __init__(self, transport: httpx.HTTPTransport) -> None:
        self.handle_request = transport.handle_request  # type: ignore[method-assign]


def pages(site: SiteProcess, rounds: int) -> list[Fact]:
    """What an administrator waits for."""
    facts = []
    with _administrator(site) as browser:
        for what, path in PAGES.items():
            times = []
            for _ in range(rounds + 1):
                begin = time.perf_counter()
                answer = browser.get(path)
                times.append((time.perf_counter() - begin) * 1000)
                assert answer.status_code == 200, f"{path}: {answer.status_code}"
            facts.append(Fact(what, f"{statistics.median(times[1:]):.0f} ms", f"median of {rounds}"))
    return facts


@contextmanager
def _administrator(site: SiteProcess) -> Iterator[httpx.Client]:
    subprocess.run(
        [sys.executable, "-m", "portico", "user", "add", EMAIL, "--role", "admin", "--password-stdin"],
        cwd=site.root,
        env=site.env,
        input=PASSWORD,
        text=True,
        capture_output=True,
        check=True,
        timeout=60,
    )
    cookie = sign_in(site.url)
    with httpx.Client(base_url=site.url, headers={"Cookie": cookie}, timeout=60) as browser:
        yield browser


def run(folder: Path, *, rounds: int, seconds: float, database_url: str = "") -> list[Fact]:
    """All facts of this file. The database is SQLite, or the empty one at `database_url`."""
    folder.mkdir()
    env = {"PORTICO_DATABASE_URL": database_url} if database_url else {}
    site = SiteProcess(folder, TOML, env=env)
    site.start()
    try:
        socket = (folder / ".portico" / "run").resolve() / "sockets" / "gate.sock"
        engine = database.open_engine(database_url or f"sqlite:///{folder}/.portico/portico.db")
        begin = time.monotonic()
        cookies = fill(engine, folder)
        filled = time.monotonic() - begin
        engine.dispose()
        facts = [
            checks(socket, cookies, folder, rounds=rounds, seconds=seconds),
            sign_ins(site, socket, rounds=rounds, seconds=seconds),
            *pages(site, rounds),
            *_sizes(site, folder, database_url),
        ]
    finally:
        site.stop()
    print(
        f"\n{PEOPLE:,} people, {OPEN:,} sessions and {LINES:,} lines of audit were added in {filled:.0f} s.\n"
    )
    return facts


def _sizes(site: SiteProcess, folder: Path, database_url: str) -> list[Fact]:
    gate = site.status()["gate"]
    facts = [
        Fact("memory of the gate", f"{sum(memory(pid) for pid in gate['pids']):.0f} MB", "after all of this"),
        Fact("memory of everything", f"{memory(site.pid):.0f} MB", "supervisor, front, gate, one Flask app"),
    ]
    if not database_url:
        size = (folder / ".portico" / "portico.db").stat().st_size / 1e6
        facts.append(Fact("the database", f"{size:.0f} MB", "SQLite"))
    return facts


def _spread(values: list[float]) -> str:
    return f"median of {len(values)}, {min(values):,.0f} to {max(values):,.0f}"
