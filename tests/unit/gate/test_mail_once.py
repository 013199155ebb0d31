"""Each mail goes out once: from several gates at once, past slow servers and a database that goes away.

What SMTP cannot rule out is shown too: a gate that dies with the server's answer on its way hands the mail in again,
and it can be known for the same.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import func, orm, select
from sqlalchemy.exc import OperationalError

import mail_server as post_office
from mail_server import MailServer
from portico.gate import clock, database, mail
from portico.gate.errands import ERRANDS
from portico.gate.mail import delivery, smtp
from portico.gate.mail.delivery import Delivery
from portico.gate.mail.office import PostOffice, attach
from portico.gate.models import OutgoingMail
from portico.gate.preparation import prepare
from portico.site import Site, to_json
from portico.site.mail import Mail

TO = "anna@example.org"
A_GATE = """
import sys
from pathlib import Path
from portico.gate import database
from portico.gate.errands import ERRANDS
from portico.gate.mail.delivery import Delivery
from portico.gate.mail.office import PostOffice
from portico.site import from_json
site = from_json(Path(sys.argv[1]).read_text())
worker = Delivery(PostOffice(site), database.open_engine(site.database_url), ERRANDS)
print("ready", flush=True)
sys.stdin.readline()
print(worker.work(), flush=True)
"""


@dataclass
class SlowServer(MailServer):
    """Takes its time with the answer to each mail: `wait` seconds, or for ever."""

    wait: float = 0.0
    arrived: threading.Event = field(default_factory=threading.Event)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the mail, and answer late."""
        answer = await super().handle_DATA(server, session, envelope)
        self.arrived.set()
        await asyncio.sleep(self.wait)
        return answer


@pytest.fixture
def server() -> Iterator[SlowServer]:
    """A server at a free port."""
    server = SlowServer(post_office.free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture
def posted(site: Site, server: SlowServer) -> Site:
    """A site that sends its mail there."""
    site = replace(site, mail=Mail(f"smtp+plain://127.0.0.1:{server.port}", "apps@example.org"))
    prepare(site)
    return site


@pytest.fixture
def worker(posted: Site) -> Iterator[Callable[[], Delivery]]:
    """Makes what delivers the site's mail, by hand."""
    engines = []

    def make() -> Delivery:
        engines.append(database.open_engine(posted.database_url))
        return Delivery(PostOffice(posted), engines[-1], ERRANDS)

    yield make
    for engine in engines:
        engine.dispose()


@pytest.fixture
def gate_process(posted: Site, tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts a process of its own that delivers when it is told to."""
    file = tmp_path / "site.json"
    file.write_text(to_json(posted))
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", A_GATE, str(file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait(20)
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


def write(site: Site, number: int = 1) -> None:
    """Put so many mails into the outbox."""
    engine = database.open_engine(site.database_url)
    with orm.Session(engine, info=attach({}, PostOffice(site))) as db:
        for index in range(number):
            mail.post(db, TO, "new-token", name=f"token {index}", ip="")
        db.commit()
    engine.dispose()


def waiting(site: Site) -> int:
    """How many mails are in the outbox."""
    engine = database.open_engine(site.database_url)
    with orm.Session(engine) as db:
        found = db.scalar(select(func.count()).select_from(OutgoingMail)) or 0
    engine.dispose()
    return found


def tell(process: subprocess.Popen[str]) -> None:
    """Let it deliver."""
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def test_two_gate_processes_send_each_mail_once(
    posted: Site, server: SlowServer, gate_process: Callable[[], subprocess.Popen[str]]
) -> None:
    """Each mail takes a while, so that both are at it at the same time."""
    server.wait = 0.02
    write(posted, 40)
    both = [gate_process(), gate_process()]
    for process in both:
        tell(process)
    done = [int(process.communicate(timeout=100)[0]) for process in both]
    assert sum(done) == len(server.taken) == 40
    assert len({mail["Message-ID"] for mail in server.taken}) == 40
    assert waiting(posted) == 0


def test_a_gate_that_dies_before_it_hears_the_answer_sends_the_same_mail_again(
    posted: Site,
    server: SlowServer,
    gate_process: Callable[[], subprocess.Popen[str]],
    worker: Callable[[], Delivery],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not before its time is over, and under the same id and date: readers of mail show one of the two."""
    server.wait = 60
    write(posted)
    dying = gate_process()
    tell(dying)
    assert server.arrived.wait(20)
    dying.kill()
    dying.wait(20)
    server.wait = 0
    assert worker().work() == 0
    later = clock.now() + delivery.LEASE + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert worker().work() == 1
    first, second = server.taken
    assert (first["Message-ID"], first["Date"]) == (second["Message-ID"], second["Date"])
    assert waiting(posted) == 0


def test_a_mail_that_another_gate_took_meanwhile_is_not_handed_in(
    posted: Site, server: SlowServer, worker: Callable[[], Delivery], hands: Any
) -> None:
    """A server that greets for longer than the lease lasts makes no second mail of it."""
    write(posted)
    slow, other = worker(), worker()
    taken = slow._take()
    assert taken is not None
    hands.move(seconds=delivery.LEASE.total_seconds() + 1)
    assert other.work() == 1
    with smtp.connection(delivery.server_of(posted.mail.url or "")) as conversation:
        assert slow._send(conversation, taken) == 0
    assert len(server.taken) == 1


def test_handing_in_ends_before_the_lease_does(
    posted: Site, server: SlowServer, worker: Callable[[], Delivery], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However a server draws it out: while one gate hands a mail in, no other has it."""
    assert delivery.LEASE.total_seconds() - delivery.HANDING_IN >= 30
    assert smtp.TO_TAKE_IT < delivery.HANDING_IN
    monkeypatch.setattr(delivery, "HANDING_IN", 0.5)
    server.wait = 30
    write(posted)
    begun = time.monotonic()
    assert worker().work() == 0
    assert 0.4 < time.monotonic() - begun < 10
    assert waiting(posted) == 1


def test_a_slow_answer_is_waited_for(
    posted: Site, server: SlowServer, worker: Callable[[], Delivery], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who gives up on a server that has the whole mail sends it twice."""
    monkeypatch.setattr(smtp, "SECONDS", 1)
    server.wait = 2
    write(posted)
    assert worker().work() == 1
    assert len(server.taken) == 1


def test_a_database_that_goes_away_after_the_mail_has_gone_makes_no_second_one(
    posted: Site, server: SlowServer, worker: Callable[[], Delivery], hands: Any
) -> None:
    """The gate remembers what the server has, and takes it out when the database is back."""
    write(posted)
    at_it = worker()
    remove = at_it._remove

    def fail(_number: int) -> None:
        raise OperationalError("DELETE", {}, Exception("away"))

    at_it._remove = fail  # type: ignore[method-assign]
    with pytest.raises(OperationalError):
        at_it.work()
    hands.move(seconds=delivery.LEASE.total_seconds() + 1)
    at_it._remove = remove  # type: ignore[method-assign]
    assert at_it.work() == 0
    assert len(server.taken) == 1
    assert waiting(posted) == 0
