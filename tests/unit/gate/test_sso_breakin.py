"""Floods, mixed-up flows and referrals: what strangers can send to the doors that lead elsewhere."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sqlalchemy import select, update

import ldap_server
from conftest import missing
from gate_client import Browser, GateUnderTest
from ldap_server import BASE, PASSWORD, READER, READER_PASSWORD, LdapServer
from lying_provider import Answer, LyingProvider, running
from portico.gate.models import LinkedAccount, SessionRow
from portico.gate.sso import keys
from portico.gate.sso.directory import DirectoryClient
from portico.site import Directory
from sso_site import away_from, known_as, site_with


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[LyingProvider]:
    """A provider that may say anything."""
    monkeypatch.setattr(LyingProvider, "name", "okta", raising=False)
    with running() as one:
        yield one


@pytest.fixture
def gate(tmp_path: Path, provider: LyingProvider) -> Iterator[GateUnderTest]:
    """A gate that knows it under two names, as one knows two."""
    known = known_as(provider)
    other = known_as(provider, name="other", title="Other", issuer=f"{provider.issuer}/other")
    one = GateUnderTest(site_with(tmp_path, known, other))
    yield one
    one.close()


def begin(browser: Browser) -> dict[str, str]:
    """The query with which the browser is sent away."""
    query = parse_qs(urlsplit(browser.get("/-/sso/okta/start").location).query)
    return {name: values[0] for name, values in query.items()}


def back(browser: Browser, **said: str) -> int:
    """The status of the way back with these parameters."""
    return browser.get(f"/-/sso/okta/callback?{urlencode({'code': 'x'} | said)}").status_code


def enter(gate: GateUnderTest, provider: LyingProvider) -> Browser:
    """A browser in which anna is in."""
    browser = gate.browser()
    query = begin(browser)
    provider.id_token = provider.sign(provider.claims(query["nonce"]))
    assert back(browser, state=query["state"]) == 302
    return browser


def forged(provider: LyingProvider, kid: str) -> str:
    return provider.sign({"iss": provider.issuer, "jti": "x"}, kid=kid, typ="logout+jwt")


def test_forged_notices_make_the_gate_ask_for_keys_once_in_a_while_even_if_it_gets_none(
    gate: GateUnderTest, provider: LyingProvider
) -> None:
    """Each names a key that nobody knows, and the provider's answer is a mistake, too."""
    provider.answers["/keys"] = lambda: (404, {}, b"")
    stranger = gate.browser()
    for number in range(12):
        answer = stranger.post("/-/sso/okta/logged-out", {"logout_token": forged(provider, f"k{number}")})
        assert answer.status_code in (400, 503)
    assert provider.asked["/keys"] == 1


def test_notices_that_wait_for_keys_keep_nobody_from_signing_in(
    gate: GateUnderTest, provider: LyingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Strangers send notices that name unknown keys while the provider is slow to list its own."""
    enter(gate, provider)
    monkeypatch.setattr(keys, "BETWEEN", 0.0)
    over, honest = threading.Event(), provider.keys.as_dict(private=False)

    def slow() -> Answer:
        import json

        over.wait(6)
        return 200, {}, json.dumps(honest).encode()

    provider.answers["/keys"] = slow
    tellers = [
        threading.Thread(
            target=gate.browser().post,
            args=("/-/sso/okta/logged-out", {"logout_token": forged(provider, f"k{number}")}),
        )
        for number in range(8)
    ]
    for one in tellers:
        one.start()
    try:
        assert enter(gate, provider).get("/-/profile").status_code == 200
    finally:
        over.set()
        for one in tellers:
            one.join(20)


def test_the_other_providers_answer_is_none_for_this_one(
    gate: GateUnderTest, provider: LyingProvider
) -> None:
    """Mix-up, where both are honest about whose answer it is: by `iss`, and by an error in another's name."""
    browser = gate.browser()
    query = begin(browser)
    provider.id_token = provider.sign(provider.claims(query["nonce"]))
    assert back(browser, state=query["state"], iss=f"{provider.issuer}/other") == 403
    query = begin(browser)
    forged_error = urlencode(
        {"error": "access_denied", "state": query["state"], "iss": "https://evil.example.org"}
    )
    answer = browser.get(f"/-/sso/okta/callback?{forged_error}")
    assert "cancelled" not in answer.text
    assert browser.get("/-/profile").status_code != 200


def test_a_confirmation_that_began_in_one_session_is_none_for_the_next(
    gate: GateUnderTest, provider: LyingProvider
) -> None:
    """Begun by whoever sat at the screen before, ended after somebody else's sign-in in the same browser."""
    browser = enter(gate, provider)
    away = away_from(browser.post("/-/sign-in-accounts/okta/confirm", browser.hidden("/-/sign-in-accounts")))
    first = {name: values[0] for name, values in parse_qs(urlsplit(away).query).items()}
    browser.fill("/-/sign-out")
    query = begin(browser)
    provider.id_token = provider.sign(provider.claims(query["nonce"]))
    assert back(browser, state=query["state"]) == 302
    with gate.desk() as db:
        db.execute(update(SessionRow).values(proven_at=None))
        db.commit()
    provider.id_token = provider.sign(provider.claims(first["nonce"]))
    assert back(browser, state=first["state"]) == 400
    with gate.desk() as db:
        assert set(db.scalars(select(SessionRow.proven_at))) == {None}


def test_a_join_that_comes_back_late_joins_nothing_and_leads_back_to_its_page(
    gate: GateUnderTest, provider: LyingProvider
) -> None:
    """Whoever finds the screen open when the provider sends its answer has no fresh proof."""
    gate.person("anna@example.org")
    browser = gate.browser()
    browser.sign_in()
    page = "/-/sign-in-accounts"
    away = away_from(browser.post(f"{page}/okta/join", browser.hidden(page)))
    query = {name: values[0] for name, values in parse_qs(urlsplit(away).query).items()}
    with gate.desk() as db:
        db.execute(update(SessionRow).values(proven_at=None))
        db.commit()
    provider.id_token = provider.sign(provider.claims(query["nonce"]))
    answer = browser.get(f"/-/sso/okta/callback?{urlencode({'code': 'x', 'state': query['state']})}")
    assert answer.location == page
    assert "Join them once more" in browser.get(page).text
    with gate.desk() as db:
        assert db.scalar(select(LinkedAccount)) is None


@pytest.mark.parametrize(
    "target", ["//evil.example.org", "https://evil.example.org", "/\\evil.example.org", "/x\r\nA: b"]
)
def test_no_target_leads_away_through_a_confirmation_or_a_join(
    gate: GateUnderTest, provider: LyingProvider, target: str
) -> None:
    browser = enter(gate, provider)
    form = browser.hidden("/-/sign-in-accounts")
    sent = browser.post(f"/-/sign-in-accounts/okta/confirm?{urlencode({'next': target})}", form)
    query = parse_qs(urlsplit(away_from(sent)).query)
    provider.id_token = provider.sign(provider.claims(query["nonce"][0]))
    answer = browser.get(f"/-/sso/okta/callback?{urlencode({'code': 'x', 'state': query['state'][0]})}")
    assert (answer.status_code, answer.location) == (302, "/")


def test_a_directory_that_points_to_another_server_leads_the_gate_nowhere(tmp_path: Path) -> None:
    """A referral below the base, to where somebody waits for the passwords that people type."""
    if part := ldap_server.missing_part():
        missing(part)
    with ldap_server.running(tmp_path) as server, socket.socket() as trap:
        trap.bind(("127.0.0.1", 0))
        trap.listen()
        trap.settimeout(0.5)
        refer(server, trap.getsockname()[1])
        client = DirectoryClient(
            Directory(
                url=server.url,
                base=BASE,
                title="the directory",
                ca=server.ca,
                bind_dn=READER,
                password=READER_PASSWORD,
                filter="(|(mail={login})(uid={login}))",
                timeout=3.0,
            )
        )
        assert client.verify("nobody-here", PASSWORD) is None
        assert client.verify("anna", PASSWORD) is not None
        with pytest.raises(TimeoutError):
            trap.accept()


def refer(server: LdapServer, port: int) -> None:
    """Add an entry that says: the rest is over there."""
    entry = "dn: ou=away,{base}\nobjectClass: referral\nobjectClass: extensibleObject\nou: away\n"
    server.change(entry + f"ref: ldap://127.0.0.1:{port}/ou=away,{{base}}\n")
