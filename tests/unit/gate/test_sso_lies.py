"""A provider, or somebody in its name, that says what it should not: nobody comes in by that."""

from __future__ import annotations

import base64
import hmac
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from werkzeug.test import TestResponse

from gate_client import Browser, GateUnderTest
from lying_provider import Answer, LyingProvider, running
from oidc_provider import SECRET, new_keys
from portico.gate.sso import calls, keys, metadata
from portico.gate.sso.web import BadAnswerError, endpoint
from portico.site import Provider
from sso_site import away_from, known_as, site_with


class Stand:
    """A gate and a provider that lies to it."""

    def __init__(self, gate: GateUnderTest, provider: LyingProvider) -> None:
        self.gate, self.provider = gate, provider

    def begin(self, browser: Browser) -> tuple[str, str]:
        """State and nonce of a sign-in that the browser has begun."""
        query = parse_qs(urlsplit(browser.get("/-/sso/okta/start").location).query)
        return query["state"][0], query["nonce"][0]

    def come_back(self, browser: Browser, state: str) -> TestResponse:
        """The way back with some code."""
        return browser.get(f"/-/sso/okta/callback?{urlencode({'code': 'x', 'state': state})}")


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    """An open gate, and an honest provider so far."""
    with running() as provider:
        known = known_as(provider)  # type: ignore[arg-type]  # it has the name and the issuer that are asked for
        gate = GateUnderTest(site_with(tmp_path, known))
        yield Stand(gate, provider)
        gate.close()


@pytest.fixture(autouse=True)
def _name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LyingProvider, "name", "okta", raising=False)


def outcome(stand: Stand, token: Any, browser: Browser | None = None) -> int:
    """The status of a sign-in for which the provider gives the token that `token` makes of the nonce."""
    browser = browser or stand.gate.browser()
    state, nonce = stand.begin(browser)
    stand.provider.id_token = token(nonce)
    answer = stand.come_back(browser, state)
    came_in = browser.get("/-/profile").status_code == 200
    assert came_in == (answer.status_code == 302)
    return answer.status_code


def test_an_honest_token_opens_the_door(stand: Stand) -> None:
    provider = stand.provider
    assert outcome(stand, lambda nonce: provider.sign(provider.claims(nonce))) == 302


LIES = {
    "another issuer": {"iss": "https://evil.example.org"},
    "no issuer": {"iss": None},
    "a token for another site": {"aud": "another-site"},
    "a token for us among others, asked for by another": {"aud": ["portico", "other"], "azp": "other"},
    "a token for several that does not say who asked": {"aud": ["portico", "other"]},
    "no audience": {"aud": None},
    "the nonce of another sign-in": {"nonce": "A" * 43},
    "no nonce": {"nonce": None},
    "a token that has run out": {"exp": int(time.time()) - 120},
    "a token without an end": {"exp": None},
    "a token from the future": {"iat": int(time.time()) + 3600},
    "nobody": {"sub": None},
    "nobody, in no letters": {"sub": ""},
    "somebody with too many letters": {"sub": "x" * 256},
    "somebody who is no text": {"sub": 7},
    "an access token that is another": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_with_a_wrong_claim_opens_nothing(stand: Stand, lie: str) -> None:
    provider = stand.provider
    assert outcome(stand, lambda nonce: provider.sign(provider.claims(nonce, **LIES[lie]))) == 403


@pytest.mark.parametrize(("iat", "exp"), [(-3600, -30), (30, 600)])
def test_clocks_may_differ_by_a_minute(stand: Stand, iat: int, exp: int) -> None:
    provider, now = stand.provider, int(time.time())
    claims = {"iat": now + iat, "exp": now + exp}
    assert outcome(stand, lambda nonce: provider.sign(provider.claims(nonce, **claims))) == 302


def test_a_token_that_is_not_signed_by_the_provider_opens_nothing(stand: Stand) -> None:
    provider, thief = stand.provider, new_keys("first").keys[0]
    public = provider.keys.keys[0].as_pem(private=False)

    def b64(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    def without_signature(nonce: str) -> str:
        body = b64(json.dumps(provider.claims(nonce)).encode())
        return f"{b64(json.dumps({'alg': 'none'}).encode())}.{body}."

    def with_public_key_as_secret(nonce: str) -> str:
        head = b64(json.dumps({"alg": "HS256", "kid": "first"}).encode())
        text = f"{head}.{b64(json.dumps(provider.claims(nonce)).encode())}"
        return f"{text}.{b64(hmac.digest(public, text.encode(), 'sha256'))}"

    forgeries = [
        without_signature,
        lambda nonce: jwt.encode({"alg": "RS256", "kid": "first"}, provider.claims(nonce), thief),
        lambda nonce: jwt.encode(
            {"alg": "RS256", "kid": "first", "jwk": thief.as_dict(private=False)},
            provider.claims(nonce),
            thief,
        ),
        lambda nonce: jwt.encode(
            {"alg": "HS256"}, provider.claims(nonce), OctKey.import_key(SECRET), algorithms=["HS256"]
        ),
        lambda nonce: provider.sign(provider.claims(nonce), kid="unknown"),
        lambda nonce: provider.sign(provider.claims(nonce), typ="logout+jwt"),
        lambda nonce: provider.sign(provider.claims(nonce))[:-6] + "AAAAAA",
        lambda nonce: "",
        lambda nonce: "a.b.c",
    ]
    assert [outcome(stand, forged) for forged in forgeries] == [403] * len(forgeries)


def test_an_answer_about_another_person_opens_nothing(stand: Stand) -> None:
    """The userinfo of somebody else, for a token that lacks the address."""
    provider = stand.provider
    provider.more = {"sub": "boss", "email": "boss@example.org", "email_verified": True}
    assert outcome(stand, lambda nonce: provider.sign(provider.claims(nonce, email=None))) == 403


@pytest.mark.parametrize("verified", ["true", 1, "yes", None])
def test_verified_means_the_word_true_and_nothing_like_it(stand: Stand, verified: object) -> None:
    provider = stand.provider
    assert outcome(stand, lambda nonce: provider.sign(provider.claims(nonce, email_verified=verified))) == 403


def confirmation(stand: Stand, **claims: object) -> int:
    """The status of a fresh proof by the provider, with these claims, for somebody who has come by it."""
    provider, browser = stand.provider, stand.gate.browser()
    outcome(stand, lambda nonce: provider.sign(provider.claims(nonce)), browser)
    form = browser.hidden("/-/sign-in-accounts")
    away = away_from(browser.post("/-/sign-in-accounts/okta/confirm", form))
    query = parse_qs(urlsplit(away).query)
    provider.id_token = provider.sign(provider.claims(query["nonce"][0], **claims))
    status = stand.come_back(browser, query["state"][0]).status_code
    assert ("confirmed" in stand.gate.audit()) == (status == 302)
    return status


def test_a_sign_in_of_this_morning_is_no_fresh_proof(stand: Stand) -> None:
    stand.provider.description = {"claims_supported": ["sub", "auth_time"]}
    assert confirmation(stand, auth_time=int(time.time()) - 3600) == 403
    assert confirmation(stand) == 403
    assert confirmation(stand, auth_time=int(time.time())) == 302


def test_a_provider_that_never_says_when_is_taken_at_its_word(stand: Stand) -> None:
    assert confirmation(stand) == 302


def test_a_new_key_is_fetched_when_a_token_names_it_and_an_unknown_one_not_on_and_on(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = stand.provider
    assert outcome(stand, lambda nonce: provider.sign(provider.claims(nonce))) == 302
    provider.keys = new_keys("second")
    asked = provider.asked["/keys"]
    lies = [
        outcome(stand, lambda nonce, kid=kid: provider.sign(provider.claims(nonce), kid=kid))
        for kid in ("second", "third", "fourth", "", "../first")
    ]
    assert lies == [403] * 5
    assert provider.asked["/keys"] == asked  # within the seconds between two fetches
    monkeypatch.setattr(keys, "BETWEEN", 0.0)
    assert outcome(stand, lambda nonce: provider.sign(provider.claims(nonce), kid="second")) == 302
    assert (
        outcome(
            stand,
            lambda nonce: jwt.encode(
                {"alg": "RS256", "kid": "first"}, provider.claims(nonce), provider.keys.keys[0]
            ),
        )
        == 403
    )


def test_a_provider_that_is_down_costs_nobody_time(stand: Stand) -> None:
    stand.provider.answers["/.well-known/openid-configuration"] = lambda: (503, {}, b"")
    browser = stand.gate.browser()
    answer = browser.get("/-/sso/okta/start")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "15")
    assert "Okta gives no answer at the moment" in answer.text
    start = time.monotonic()
    for _ in range(20):
        assert browser.get("/-/sso/okta/start").status_code == 503
    assert time.monotonic() - start < 2
    assert stand.provider.asked["/.well-known/openid-configuration"] == 1
    assert browser.get("/-/sign-in").status_code == 200


def test_a_slow_provider_holds_few_of_the_gates_threads_and_not_for_long(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of ten visitors at once three wait, to the limit; the others are told at once."""
    over = threading.Event()

    def slow() -> Answer:
        over.wait(20)
        return 200, {}, b"{}"

    stand.provider.answers["/.well-known/openid-configuration"] = slow
    client = stand.gate.app.extensions["portico_providers"]["okta"]
    monkeypatch.setattr(client._calls, "_seconds", 1.0)
    times: list[float] = []

    def visit() -> None:
        start = time.monotonic()
        assert stand.gate.browser().get("/-/sso/okta/start").status_code == 503
        times.append(time.monotonic() - start)

    visitors = [threading.Thread(target=visit) for _ in range(10)]
    for one in visitors:
        one.start()
    for one in visitors:
        one.join(20)
    over.set()
    assert len(times) == 10
    assert max(times) < 3
    assert sum(1 for seconds in times if seconds > 0.9) <= calls.AT_ONCE


@pytest.mark.parametrize(
    "answer",
    [
        (302, {"Location": "http://127.0.0.1:1/"}, b""),
        (200, {}, b"no JSON"),
        (200, {}, b"[]"),
        (200, {}, b"{" + b" " * 2_000_000 + b"}"),
        (400, {}, b'{"error": "invalid_grant"}'),
        (200, {}, b'{"access_token": "x", "token_type": "Bearer"}'),
    ],
    ids=["redirect", "no-json", "no-object", "huge", "refused", "no-id-token"],
)
def test_a_token_endpoint_that_answers_anything_else_opens_nothing(stand: Stand, answer: Answer) -> None:
    stand.provider.answers["/token"] = lambda: answer
    assert outcome(stand, lambda nonce: "") == 403


KNOWN = Provider("okta", "https://login.example.org", "portico", "Okta")
DOCUMENT = {
    "issuer": KNOWN.issuer,
    "authorization_endpoint": "https://login.example.org/auth",
    "token_endpoint": "https://login.example.org/token",
    "jwks_uri": "https://keys.example.org/keys",
}


def test_a_description_is_read() -> None:
    assert metadata.read(DOCUMENT, KNOWN).jwks_uri == "https://keys.example.org/keys"


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://login.example.org/"},
        {"issuer": "https://evil.example.org"},
        {"token_endpoint": None},
        {"token_endpoint": "http://login.example.org/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"id_token_signing_alg_values_supported": ["none", "HS256"]},
    ],
)
def test_a_description_that_cannot_be_the_providers_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadAnswerError):
        metadata.read(DOCUMENT | change, KNOWN)


@pytest.mark.parametrize(
    "address",
    [
        "https://localhost/token",
        "https://127.0.0.1/token",
        "https://[::1]/token",
        "https://169.254.169.254/latest/meta-data",
        "https://0.0.0.0/",
        "https://user:password@login.example.org/",
        "http://10.0.0.7/",
        "gopher://login.example.org/",
        "https://login.example.org:x/",
        "",
        7,
    ],
)
def test_a_provider_elsewhere_cannot_lead_the_gate_to_this_machine_or_out_of_https(address: object) -> None:
    with pytest.raises(BadAnswerError):
        endpoint(address, KNOWN.issuer)
