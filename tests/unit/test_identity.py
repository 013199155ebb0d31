"""Who is asking: only what the gate has signed, for this app, and not after its time."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portico import current_user, identity
from portico.identity import ANONYMOUS, Identity, Verifier

ISSUER, AUDIENCE = "http://site.test", "app"
KEY, OTHER_KEY = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()


def publish(file: Path, **keys: Ed25519PrivateKey) -> None:
    """Write the public halves as the gate does."""

    def entry(kid: str, key: Ed25519PrivateKey) -> dict[str, str]:
        x = base64.urlsafe_b64encode(key.public_key().public_bytes_raw()).rstrip(b"=").decode()
        return {"kty": "OKP", "crv": "Ed25519", "kid": kid, "alg": "EdDSA", "x": x}

    file.write_text(json.dumps({"keys": [entry(kid, key) for kid, key in keys.items()]}))


def token(key: Any = KEY, kid: str = "k1", algorithm: str = "EdDSA", **claims: Any) -> str:
    """A token for Ada; `claims` replace the usual ones, None leaves one out."""
    now = int(time.time())
    usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "u1", "iat": now, "exp": now + 60}
    person = {"email": "ada@example.org", "name": "Ada", "roles": ["admin"]}
    payload = {name: value for name, value in (usual | person | claims).items() if value is not None}
    return jwt.encode(payload, key, algorithm=algorithm, headers={"kid": kid})


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """The file with the gate's public keys."""
    file = tmp_path / "identity.jwks"
    publish(file, k1=KEY)
    return file


@pytest.fixture
def verify(keys: Path) -> Callable[..., Identity]:
    return Verifier(keys, audience=AUDIENCE, issuer=ISSUER).verify


def test_a_good_token_is_the_person_it_names(verify: Callable[..., Identity]) -> None:
    person = verify(token())
    assert person == Identity(id="u1", email="ada@example.org", name="Ada", roles=frozenset({"admin"}))
    assert person.is_authenticated
    assert person.has_role("admin")
    assert not person.has_role("analyst")


BAD = {
    "another key": lambda: token(OTHER_KEY),
    "an unknown key": lambda: token(kid="k2"),
    "another app": lambda: token(aud="other"),
    "another site": lambda: token(iss="http://other.test"),
    "too old": lambda: token(exp=int(time.time()) - 10),
    "no time": lambda: token(exp=None),
    "no person": lambda: token(sub=None),
    "no app": lambda: token(aud=None),
    "not signed": lambda: token(None, algorithm="none"),
    "another algorithm": lambda: token("secret" * 10, algorithm="HS256"),
    "the public key as a secret": lambda: token(KEY.public_key().public_bytes_raw(), algorithm="HS256"),
    "a changed claim": lambda: changed(token(), b"ada@", b"bob@"),
    "nonsense": lambda: "nonsense",
    "nothing": lambda: "",
    "two tokens": lambda: f"{token()},{token()}",
}


def changed(good: str, old: bytes, new: bytes) -> str:
    head, body, signature = good.split(".")
    payload = base64.urlsafe_b64decode(body + "==").replace(old, new)
    return f"{head}.{base64.urlsafe_b64encode(payload).rstrip(b'=').decode()}.{signature}"


@pytest.mark.parametrize("make", BAD.values(), ids=BAD.keys())
def test_a_bad_token_is_nobody(verify: Callable[..., Identity], make: Callable[[], str]) -> None:
    assert verify(make()) is ANONYMOUS


def test_a_token_that_was_good_is_refused_after_its_time(
    verify: Callable[..., Identity], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when it is remembered; a few seconds between two clocks do not matter."""
    text = token()
    now = time.time()
    assert verify(text).is_authenticated
    monkeypatch.setattr(identity.time, "time", lambda: now + 62)
    assert verify(text).is_authenticated
    monkeypatch.setattr(identity.time, "time", lambda: now + 70)
    assert verify(text) is ANONYMOUS
    assert verify(text, in_time=False).is_authenticated


def test_a_new_key_is_found_while_the_app_runs(
    keys: Path, verify: Callable[..., Identity], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rotation with overlap: both keys work; then the old one is gone."""
    monkeypatch.setattr(Verifier, "REREAD", 0.0)
    assert verify(token()).is_authenticated
    assert verify(token(OTHER_KEY, "k2")) is ANONYMOUS
    publish(keys, k1=KEY, k2=OTHER_KEY)
    assert verify(token(OTHER_KEY, "k2")).is_authenticated
    assert verify(token(name="again")).is_authenticated


def test_a_flood_of_unknown_keys_reads_the_file_at_most_once_a_second(
    keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda self: reads.append(self) or read(self))
    verify = Verifier(keys, audience=AUDIENCE, issuer=ISSUER).verify
    for number in range(20):
        verify(token(OTHER_KEY, f"unknown-{number}"))
    assert len(reads) == 1


def test_keys_that_are_not_there_yet_or_half_written_are_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Verifier, "REREAD", 0.0)
    file = tmp_path / "later.jwks"
    verify = Verifier(file, audience=AUDIENCE, issuer=ISSUER).verify
    assert verify(token()) is ANONYMOUS
    file.write_text('{"keys": [{"kty"')
    assert verify(token()) is ANONYMOUS
    publish(file, k1=KEY)
    assert verify(token()).is_authenticated


def test_memory_for_tokens_is_bounded(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Verifier, "CACHED", 3)
    verifier = Verifier(keys, audience=AUDIENCE, issuer=ISSUER)
    for number in range(10):
        assert verifier.verify(token(name=str(number))).name == str(number)
    assert len(verifier._known) <= 3


@pytest.mark.parametrize(("claim", "verified"), [(True, True), (False, False), ("yes", False), (None, False)])
def test_an_address_counts_as_verified_only_when_the_gate_says_so(
    verify: Callable[..., Identity], claim: Any, verified: bool
) -> None:
    assert verify(token(email_verified=claim)).email_verified is verified


def test_the_current_user_is_nobody_outside_of_a_request() -> None:
    assert not current_user
    assert not current_user.is_authenticated
    assert (current_user.id, current_user.email, current_user.name) == ("", "", "")
    assert current_user.roles == frozenset()
    assert not current_user.has_role("admin")
    assert repr(current_user) == "<current_user anonymous>"


def test_the_current_user_is_who_asks_as_long_as_the_request_lasts() -> None:
    with identity.asking(Identity("u1", "ada@example.org", "Ada", frozenset({"admin"}))):
        assert current_user
        assert current_user.has_role("admin")
        assert f"{current_user.name} <{current_user.email}>" == "Ada <ada@example.org>"
        assert repr(current_user) == "<current_user ada@example.org>"
    assert not current_user


def test_importing_portico_in_an_app_pulls_in_nothing_heavy() -> None:
    """No part of the gate, the server or the cryptography, until somebody signed in asks."""
    code = "import sys, portico; portico.current_user.is_authenticated; print(*sys.modules)"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    heavy = {"flask", "granian", "jwt", "cryptography", "sqlalchemy", "click", "asyncio", "ssl"}
    assert heavy.isdisjoint(name.partition(".")[0] for name in output.split())
    assert {name for name in output.split() if name.startswith("portico.")} <= {
        "portico.errors",
        "portico.identity",
    }
