"""Mail on its way: over real SMTP, encrypted, once, and not lost when the server or the gate is away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from jinja2 import Environment, meta
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

import mail_server as post_office
from gate_client import GateUnderTest
from mail_server import MailServer, mail_server
from portico.errors import UserError
from portico.gate import database, mail, secrets
from portico.gate.errands import ERRANDS
from portico.gate.mail import delivery
from portico.gate.mail.delivery import Delivery
from portico.gate.mail.letters import compose
from portico.gate.mail.office import PostOffice, attach
from portico.gate.mail.trial import send_trial
from portico.gate.models import OutgoingMail
from portico.gate.preparation import prepare
from portico.site import Site
from portico.site.mail import Mail

TO = "anna@example.org"


def with_mail(site: Site, url: str) -> Site:
    """The site with this mail server."""
    return replace(site, mail=Mail(url, "apps@example.org"))


def write(site: Site, *subjects: str, to: str = TO) -> None:
    """Put a mail for each into the outbox, as a command does."""
    engine = database.open_engine(site.database_url)
    with Session(engine, info=attach({}, PostOffice(site))) as db:
        for subject in subjects or ("",):
            mail.post(db, to, "new-token", name=subject, ip="")
        db.commit()
    engine.dispose()


@pytest.fixture
def deliver(site: Site) -> Iterator[Callable[..., Delivery]]:
    """Makes what delivers the mail of a site, by hand: `deliver(site).work()`."""
    prepare(site)
    engines = []

    def make(site: Site) -> Delivery:
        engine = database.open_engine(site.database_url)
        engines.append(engine)
        return Delivery(PostOffice(site), engine, ERRANDS)

    yield make
    for engine in engines:
        engine.dispose()


def waiting(site: Site) -> list[OutgoingMail]:
    """What is in the outbox."""
    engine = database.open_engine(site.database_url)
    with Session(engine, expire_on_commit=False) as db:
        rows = list(db.scalars(select(OutgoingMail).order_by(OutgoingMail.id)))
    engine.dispose()
    return rows


Deliver = Callable[..., Delivery]


def test_starttls_with_name_and_password(site: Site, tmp_path: Path, deliver: Deliver) -> None:
    """The server asks for both; the password has every character that a URL would trip over."""
    trusted, context = post_office.certificate(tmp_path)
    with mail_server(
        tls_context=context, require_starttls=True, authenticator=post_office.credentials, auth_required=True
    ) as server:
        secret = quote(post_office.PASSWORD, safe="")
        site = with_mail(site, f"smtp://{post_office.USER}:{secret}@localhost:{server.port}?ca={trusted}")
        write(site)
        assert deliver(site).work() == 1
        assert server.envelopes == [("apps@example.org", [TO])]
        assert server.encrypted == [True]
    assert waiting(site) == []


def test_tls_from_the_first_byte(site: Site, tmp_path: Path, deliver: Deliver) -> None:
    trusted, context = post_office.certificate(tmp_path)
    with mail_server(ssl_context=context) as server:
        site = with_mail(site, f"smtps://localhost:{server.port}?ca={trusted}")
        write(site)
        assert deliver(site).work() == 1
        assert server.encrypted == [True]


def test_a_certificate_that_nobody_vouches_for_gets_no_mail(
    site: Site, tmp_path: Path, deliver: Deliver
) -> None:
    """Nothing is said to it: not the password, not the mail. It stays in the outbox with the reason."""
    _, context = post_office.certificate(tmp_path)
    for options, scheme in (({"tls_context": context}, "smtp"), ({"ssl_context": context}, "smtps")):
        with mail_server(**options) as server:
            away = with_mail(site, f"{scheme}://localhost:{server.port}")
            write(away)
            assert deliver(away).work() == 0
            assert server.taken == []
    assert all("certificate" in row.fault for row in waiting(site))


def test_a_certificate_for_another_name_gets_no_mail(site: Site, tmp_path: Path, deliver: Deliver) -> None:
    trusted, context = post_office.certificate(tmp_path, "mail.example.net")
    with mail_server(ssl_context=context) as server:
        away = with_mail(site, f"smtps://localhost:{server.port}?ca={trusted}")
        write(away)
        assert deliver(away).work() == 0
        assert server.taken == []


def test_somebody_who_takes_the_offer_of_encryption_away_gets_no_mail(
    site: Site, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond this machine, smtp:// is encrypted or not at all."""
    monkeypatch.setattr("portico.gate.mail.smtp.addresses.is_loopback", lambda _name: False)
    with mail_server() as server:
        away = with_mail(site, f"smtp://localhost:{server.port}")
        write(away)
        assert deliver(away).work() == 0
        assert server.taken == []


def test_a_wrong_password_is_said_without_saying_it(site: Site, deliver: Deliver) -> None:
    with mail_server(
        authenticator=post_office.credentials, auth_require_tls=False, auth_required=True
    ) as server:
        away = with_mail(site, f"smtp://{post_office.USER}:sesame-42@localhost:{server.port}")
        write(away)
        assert deliver(away).work() == 0
        (row,) = waiting(away)
        assert "name and password" in row.fault
        assert "sesame" not in row.fault


def test_what_a_mail_looks_like(site: Site, deliver: Deliver) -> None:
    """Text and HTML that say the same; a sender, a date and an id of its own; no answer from machines, please."""
    with mail_server() as server:
        site = with_mail(site, f"smtp+plain://127.0.0.1:{server.port}")
        write(site, "Töken <b>&</b>")
        deliver(site).work()
        (sent,) = server.taken
    assert str(sent["From"]) == "Example <apps@example.org>"
    assert str(sent["To"]) == TO
    assert str(sent["Subject"]) == "A new token for your account on Example"
    assert sent["Date"].datetime is not None
    assert sent["Message-ID"].startswith("<")
    assert sent["Message-ID"].endswith("@localhost>")
    assert sent["Auto-Submitted"] == "auto-generated"
    plain, html = (sent.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert html is not None
    assert "Töken <b>&</b>" in plain.get_content()
    assert "Töken &lt;b&gt;&amp;&lt;/b&gt;" in html.get_content()
    assert 'href="http://localhost:8000/-/tokens"' in html.get_content()


def test_every_letter_is_whole_and_written_by_somebody(site: Site) -> None:
    """Each template has a subject and a text, says nothing of what is missing, and stands in the code."""
    package = Path(mail.__file__).parents[1]
    code = "\n".join(file.read_text() for file in package.rglob("*.py"))
    for file in (package / "templates" / "mail").glob("*.txt"):
        names = meta.find_undeclared_variables(Environment().parse(file.read_text()))  # noqa: S701
        letter = compose(site, TO, file.stem, {name: Anything() for name in names - {"site"}})
        assert letter.subject, file.name
        assert letter.text.strip(), file.name
        assert "None" not in letter.text, file.name
        assert f'"{file.stem}"' in code, f"nobody writes {file.name}"


class Anything:
    """Stands for a value of a template, whatever it asks of it."""

    def __getattr__(self, name: str) -> Anything:
        return self

    def __getitem__(self, key: object) -> Anything:
        return self

    def __call__(self, *args: object) -> Anything:
        return self

    def __contains__(self, other: object) -> bool:
        return False

    def __str__(self) -> str:
        return "something"

    def __eq__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return True


def test_no_text_becomes_a_header(site: Site, deliver: Deliver) -> None:
    """Line breaks in what people and site files say stay what they are: text."""
    evil = "Anna\r\nBcc: everybody@example.net\r\n\r\nBuy"
    with mail_server() as server:
        site = replace(with_mail(site, f"smtp+plain://127.0.0.1:{server.port}"), name=evil)
        write(site, evil)
        deliver(site).work()
        (sent,) = server.taken
        assert server.envelopes == [("apps@example.org", [TO])]
    assert sent["Bcc"] is None
    assert "\n" not in str(sent["Subject"])


def test_an_address_with_a_line_break_is_no_address(site: Site) -> None:
    with pytest.raises(UserError):
        send_trial(with_mail(site, "smtp+plain://127.0.0.1:1"), "anna@example.org\nBcc: b@example.net")


def test_a_server_that_is_away_gets_the_mail_later(site: Site, deliver: Deliver, hands: Any) -> None:
    """Each try waits longer than the one before, up to ten minutes; then it arrives, once."""
    server = MailServer(post_office.free_port())
    site = with_mail(site, f"smtp+plain://127.0.0.1:{server.port}")
    write(site)
    waits = []
    worker = deliver(site)
    for _ in range(10):
        assert worker.work() == 0
        (row,) = waiting(site)
        waits.append((row.next_try_at - hands.now()).total_seconds())
        hands.move(seconds=waits[-1])
    assert waits == [5, 10, 20, 40, 80, 160, 320, 600, 600, 600]
    server.start()
    try:
        assert worker.work() == 1
        assert worker.work() == 0
        assert len(server.taken) == 1
    finally:
        server.stop()


def test_nothing_is_lost_when_the_gate_stops(site: Site, deliver: Deliver) -> None:
    """What was written while nobody delivered goes out when somebody does."""
    with mail_server() as server:
        site = with_mail(site, f"smtp+plain://127.0.0.1:{server.port}")
        write(site, "one", "two")
        again = GateUnderTest(site)
        try:
            wait_for(lambda: len(server.taken) == 2)
        finally:
            again.close()


def test_a_gate_that_dies_with_a_mail_in_its_hands_has_not_lost_it(
    site: Site, deliver: Deliver, hands: Any
) -> None:
    """It is tried again when the time that one has for it is over, under the same id."""
    site = with_mail(site, "smtp+plain://127.0.0.1:1")
    write(site)
    assert deliver(site)._take() is not None  # and that was the last that was heard of it
    with mail_server() as server:
        site = with_mail(site, f"smtp+plain://127.0.0.1:{server.port}")
        assert deliver(site).work() == 0
        hands.move(seconds=delivery.LEASE.total_seconds() + 1)
        assert deliver(site).work() == 1
        assert len(server.taken) == 1


def test_two_gates_send_each_mail_once(site: Site, deliver: Deliver) -> None:
    with mail_server() as server:
        site = with_mail(site, f"smtp+plain://127.0.0.1:{server.port}")
        write(site, *(f"token {number}" for number in range(40)))
        workers = [threading.Thread(target=deliver(site).work) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
        assert waiting(site) == []
        names = [sent.get_body(("plain",)).get_content().split('"')[1] for sent in server.taken]  # type: ignore[union-attr]
    assert sorted(names) == sorted(f"token {number}" for number in range(40))


def test_what_is_refused_for_good_is_not_tried_again(site: Site, deliver: Deliver) -> None:
    """And holds up nobody else."""
    with mail_server() as server:
        site = with_mail(site, f"smtp+plain://127.0.0.1:{server.port}")
        server.refuse = {"gone@example.org": "550 no such mailbox", "full@example.org": "452 try later"}
        for to in ("gone@example.org", "full@example.org", TO):
            write(site, to=to)
        worker = deliver(site)
        worker.work()
        worker.work()
        assert [to for _, (to,) in server.envelopes] == [TO]
        (late,) = waiting(site)
        assert late.fault == "452 try later"


def test_a_mail_whose_link_has_run_out_is_not_sent(site: Site, deliver: Deliver, hands: Any) -> None:
    with mail_server() as server:
        site = with_mail(site, f"smtp+plain://127.0.0.1:{server.port}")
        engine = database.open_engine(site.database_url)
        with Session(engine, info=attach({}, PostOffice(site))) as db:
            mail.post(db, TO, "new-token", lifetime=timedelta(minutes=30), name="x", ip="")
            db.commit()
        engine.dispose()
        hands.move(minutes=31)
        assert deliver(site).work() == 0
        assert server.taken == []
    assert waiting(site) == []


def test_what_is_rolled_back_is_not_sent(site: Site, deliver: Deliver) -> None:
    site = with_mail(site, "smtp+plain://127.0.0.1:1")
    engine = database.open_engine(site.database_url)
    with Session(engine, info=attach({}, PostOffice(site))) as db:
        mail.post(db, TO, "new-token", name="x", ip="")
        db.rollback()
    engine.dispose()
    assert waiting(site) == []


def test_the_outbox_cannot_be_read_without_the_sites_keys(site: Site, deliver: Deliver) -> None:
    """A copy of the database opens no account; a change of keys loses no mail."""
    site = with_mail(site, "smtp+plain://127.0.0.1:1")
    write(site, "very-secret-link")
    engine = database.open_engine(site.database_url)
    with engine.connect() as connection:
        dump = " ".join(str(row) for row in connection.execute(text("SELECT * FROM outbox")))
    engine.dispose()
    assert "very-secret-link" not in dump
    assert TO not in dump
    office = PostOffice(site)
    sealed = office.seal({"a": 1})
    secrets.rotate(site)
    assert office.open(PostOffice(site).seal({"a": 2})) == {"a": 2}
    assert office.open(sealed) == {"a": 1}


def test_a_site_without_mail_writes_none(site: Site, deliver: Deliver) -> None:
    write(site)
    assert waiting(site) == []


def test_the_trial_says_what_is_wrong(site: Site, deliver: Deliver) -> None:
    """`portico mail test`: one line, whatever it is."""
    with pytest.raises(UserError, match="PORTICO_MAIL_URL"):
        send_trial(site, TO)
    with pytest.raises(UserError, match=r"127\.0\.0\.1:1: .*refused"):
        send_trial(with_mail(site, "smtp+plain://127.0.0.1:1"), TO)
    with mail_server() as server:
        working = with_mail(site, f"smtp+plain://127.0.0.1:{server.port}")
        assert send_trial(working, TO) == f"127.0.0.1:{server.port}"
        server.refuse = {TO: "550 not here"}
        with pytest.raises(UserError, match="550 not here"):
            send_trial(working, TO)


def wait_for(done: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until it is so."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def test_a_mail_goes_out_as_soon_as_it_is_written(site: Site) -> None:
    """The thread of a gate is woken by what its own process commits."""
    with mail_server() as server:
        gate = GateUnderTest(with_mail(site, f"smtp+plain://127.0.0.1:{server.port}"))
        try:
            with gate.app.app_context():
                db = gate.app.extensions["portico"].db
                mail.post(db, TO, "new-token", name="x", ip="")
                begun = time.monotonic()
                db.commit()
                wait_for(lambda: bool(server.taken))
                assert time.monotonic() - begun < delivery.LOOK_AROUND
                assert db.scalar(select(func.count()).select_from(OutgoingMail)) in (0, 1)
        finally:
            gate.close()
