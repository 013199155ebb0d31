"""The end of a session that began at a provider: from here to there, and from there to here."""

from __future__ import annotations

import base64
import hmac
import re
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy import select
from werkzeug.serving import make_server

from conftest import missing
from gate_client import Browser, GateUnderTest
from oidc_provider import ANNA, CLIENT, SECRET, OidcProvider, free_port, missing_part, new_keys, running
from portico.gate.models import LinkedAccount, Person, SessionOrigin, SessionRow
from portico.gate.sso.tokens import LOGOUT_EVENT
from sso_site import away_from, come, known_as, site_with

CLEO = {"email": "cleo@example.org", "email_verified": True, "name": "Cleo"}


@pytest.fixture(scope="module")
def provider() -> Iterator[OidcProvider]:
    """A provider at which anna and cleo have accounts."""
    if part := missing_part():
        missing(part)
    with running(OidcProvider(accounts={"anna": ANNA, "cleo": CLEO})) as one:
        yield one


@pytest.fixture
def gate(tmp_path: Path, provider: OidcProvider) -> Iterator[GateUnderTest]:
    """A gate that is open to new accounts."""
    one = GateUnderTest(site_with(tmp_path, known_as(provider)))
    yield one
    one.close()


def signed_in(browser: Browser) -> bool:
    return browser.check("sum").status_code == 204


def origin_of(gate: GateUnderTest, email: str) -> SessionOrigin:
    """Where the newest session of this person began."""
    with gate.desk() as db:
        found = db.scalar(
            select(SessionOrigin)
            .join(SessionRow, SessionRow.id == SessionOrigin.session_id)
            .join(Person, Person.id == SessionRow.person_id)
            .where(Person.email == email)
            .order_by(SessionOrigin.session_id.desc())
        )
        assert found is not None
        return found


def notice(provider: OidcProvider, **changes: Any) -> dict[str, Any]:
    """The claims of a logout token as it must be; a change of None leaves a claim out."""
    now = int(time.time())
    claims = {
        "iss": provider.issuer,
        "aud": CLIENT,
        "iat": now,
        "exp": now + 120,
        "jti": uuid.uuid4().hex,
        "events": {LOGOUT_EVENT: {}},
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def signed(provider: OidcProvider, claims: dict[str, Any], **header: Any) -> str:
    """A token with the signature of the provider."""
    wanted = {"alg": "RS256", "kid": "first", "typ": "logout+jwt"} | header
    return jwt.encode(wanted, claims, provider.keys.keys[0], default_type=None)


def tell(gate: GateUnderTest, token: str) -> int:
    """Send the logout token as the provider's server does: without cookies, without our form's token."""
    return gate.browser().post("/-/sso/okta/logged-out", {"logout_token": token}).status_code


def test_signing_out_here_leads_to_the_end_there(gate: GateUnderTest, provider: OidcProvider) -> None:
    browser = gate.browser()
    come(browser, provider)
    page = browser.fill("/-/sign-out")
    assert page.status_code == 200
    assert not signed_in(browser)
    away = away_from(page)
    query = parse_qs(urlsplit(away).query)
    assert away.startswith(f"{provider.issuer}/session/end")
    assert query["post_logout_redirect_uri"] == ["http://localhost:8000/-/sso/signed-out"]
    visitor = provider.visitor()
    asked = visitor.client.get(away)
    assert asked.status_code == 200, asked.text  # the provider knows the site, its token and the way back
    assert browser.get("/-/sso/signed-out").location == "/-/sign-in?signed-out"


def test_signing_out_of_a_session_that_began_here_stays_here(gate: GateUnderTest) -> None:
    gate.person()
    browser = gate.browser()
    browser.sign_in()
    assert browser.fill("/-/sign-out").location == "http://localhost:8000/-/sign-in?signed-out"


def test_a_word_of_the_provider_ends_the_sessions_of_this_account_and_no_others(
    gate: GateUnderTest, provider: OidcProvider
) -> None:
    one, two, cleo, by_password = (gate.browser() for _ in range(4))
    come(one, provider)
    come(two, provider)
    come(cleo, provider, "cleo")
    gate.person("dora@example.org")
    by_password.sign_in("dora@example.org")
    subject = origin_of(gate, "anna@example.org").subject
    assert tell(gate, signed(provider, notice(provider, sub=subject))) == 200
    assert [signed_in(who) for who in (one, two, cleo, by_password)] == [False, False, True, True]
    assert "signed-out-elsewhere" in gate.audit()


def test_with_the_name_of_a_session_only_that_one_ends(gate: GateUnderTest, provider: OidcProvider) -> None:
    one, two = gate.browser(), gate.browser()
    come(one, provider)
    come(two, provider)
    with gate.desk() as db:
        first, second = db.scalars(select(SessionOrigin).order_by(SessionOrigin.session_id))
        first.sid, second.sid = "session one", "session two"
        db.commit()
        subject = first.subject
    assert tell(gate, signed(provider, notice(provider, sub=subject, sid="session one"))) == 200
    assert [signed_in(one), signed_in(two)] == [False, True]
    assert tell(gate, signed(provider, notice(provider, sid="session two"))) == 200
    assert not signed_in(two)


def test_a_logout_token_works_once(gate: GateUnderTest, provider: OidcProvider) -> None:
    browser = gate.browser()
    come(browser, provider)
    token = signed(provider, notice(provider, sub=origin_of(gate, "anna@example.org").subject))
    assert tell(gate, token) == 200
    come(browser, provider)
    assert tell(gate, token) == 400
    assert signed_in(browser)


FORGERIES = {
    "of another issuer": {"iss": "https://evil.example.org"},
    "for another site": {"aud": "somebody-else"},
    "for nobody": {"aud": None},
    "from long ago": {"iat": int(time.time()) - 3600},
    "that has run out": {"exp": int(time.time()) - 300},
    "from the future": {"iat": int(time.time()) + 3600},
    "without a time": {"iat": None},
    "without a jti": {"jti": None},
    "with a nonce, as an ID token has": {"nonce": "x"},
    "about another event": {"events": {"http://schemas.openid.net/event/other": {}}},
    "about nothing": {"events": None},
    "whose event is no object": {"events": {LOGOUT_EVENT: "yes"}},
    "that names nobody": {"sub": None},
    "that names everybody": {"sub": ["anna"]},
}


@pytest.mark.parametrize("lie", FORGERIES)
def test_a_token_that_is_not_as_it_must_be_ends_nothing(
    gate: GateUnderTest, provider: OidcProvider, lie: str
) -> None:
    browser = gate.browser()
    come(browser, provider)
    claims = notice(provider, **{"sub": origin_of(gate, "anna@example.org").subject} | FORGERIES[lie])
    assert tell(gate, signed(provider, claims)) == 400
    assert signed_in(browser)


def test_a_token_that_the_provider_has_not_signed_ends_nothing(
    gate: GateUnderTest, provider: OidcProvider
) -> None:
    browser = gate.browser()
    come(browser, provider)
    claims = notice(provider, sub=origin_of(gate, "anna@example.org").subject)
    thief = new_keys("first").keys[0]
    own = thief.as_dict(private=False)
    head = {"kid": "first", "typ": "logout+jwt"}
    forged = [
        jwt.encode(head | {"alg": "RS256"}, claims, thief),
        jwt.encode(head | {"alg": "RS256", "jwk": own}, claims, thief),
        jwt.encode(head | {"alg": "HS256"}, claims, OctKey.import_key(SECRET), algorithms=["HS256"]),
        with_hmac(signed(provider, claims), provider.keys.keys[0].as_pem(private=False)),
        signed(provider, claims, typ="at+jwt"),
        unsigned(signed(provider, claims)),
        signed(provider, claims)[:-8] + "AAAAAAAA",
        "",
        "x.y.z",
        "x" * 100_000,
    ]
    assert [tell(gate, token) for token in forged] == [400] * len(forged)
    assert gate.browser().post("/-/sso/okta/logged-out").status_code == 400
    assert gate.browser().post("/-/sso/nobody/logged-out").status_code == 400
    assert signed_in(browser)


def with_hmac(token: str, key: bytes) -> str:
    """The same token with a signature for which the provider's public key served as a shared secret."""
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"first","typ":"logout+jwt"}').rstrip(b"=").decode()
    body = f"{head}.{token.split('.')[1]}"
    mark = base64.urlsafe_b64encode(hmac.digest(key, body.encode(), "sha256")).rstrip(b"=").decode()
    return f"{body}.{mark}"


def unsigned(token: str) -> str:
    """The same token as one that needs no signature."""
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"logout+jwt"}').rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}."


def test_a_token_of_one_provider_ends_nothing_of_another(tmp_path: Path, provider: OidcProvider) -> None:
    other = known_as(provider, name="other", title="Other", client_id="another-client")
    gate = GateUnderTest(site_with(tmp_path, known_as(provider), other))
    browser = gate.browser()
    come(browser, provider)
    claims = notice(provider, sub=origin_of(gate, "anna@example.org").subject, aud="another-client")
    answer = gate.browser().post("/-/sso/other/logged-out", {"logout_token": signed(provider, claims)})
    assert (answer.status_code, answer.json) == (200, {"ended": 0})
    assert signed_in(browser)
    gate.close()


@contextmanager
def served(gate: GateUnderTest, port: int) -> Iterator[None]:
    """The gate, where a program elsewhere can reach it."""
    server = make_server("127.0.0.1", port, gate.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join(10)


def test_who_signs_out_at_the_provider_is_signed_out_here(tmp_path: Path) -> None:
    """The real provider sends its own logout token to the gate."""
    if part := missing_part():
        missing(part)
    port = free_port()
    url = f"http://localhost:{port}"
    back_channel = f"http://127.0.0.1:{port}/-/sso/okta/logged-out"
    with running(OidcProvider(sites=(url,), back_channel=back_channel)) as provider:
        gate = GateUnderTest(site_with(tmp_path, known_as(provider), url=url))
        with served(gate, port):
            browser, visitor = gate.browser(), provider.visitor()
            away = browser.get("/-/sso/okta/start").location
            back = urlsplit(visitor.sign_in(away))
            browser.get(f"{back.path}?{back.query}")
            assert origin_of(gate, "anna@example.org").sid
            assert signed_in(browser)
            page = visitor.client.get(f"{provider.issuer}/session/end")
            form = re.search(r'action="([^"]+)"', page.text)
            secret = re.search(r'name="xsrf" value="([^"]+)"', page.text)
            assert form, page.text
            assert secret
            visitor.client.post(
                urljoin(str(page.url), unescape(form.group(1))),
                data={"xsrf": secret.group(1), "logout": "yes"},
            )
            end = time.monotonic() + 10
            while signed_in(browser) and time.monotonic() < end:
                time.sleep(0.1)
            assert not signed_in(browser)
        gate.close()


def test_the_account_here_stays_when_the_session_ends(gate: GateUnderTest, provider: OidcProvider) -> None:
    come(gate.browser(), provider)
    tell(gate, signed(provider, notice(provider, sub=origin_of(gate, "anna@example.org").subject)))
    with gate.desk() as db:
        assert db.scalar(select(LinkedAccount)) is not None
