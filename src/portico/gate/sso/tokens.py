"""Checking what a provider has signed: ID tokens and logout tokens. Anything that is not as it must be: BadAnswerError."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import JoseError

from portico.gate.sso.keys import Keys
from portico.gate.sso.web import BadAnswerError

SKEW = 60  # seconds that the provider's clock and ours may differ
OLDEST_LOGOUT = 600  # seconds
LARGEST = 32 * 1024
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True, slots=True)
class Signed:
    """A token whose signature is the provider's."""

    header: dict[str, Any]
    claims: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LogoutNotice:
    """A provider's word that somebody has signed out there: `subject`, `sid`, or both. `until`: it may come again."""

    issuer: str
    subject: str | None
    sid: str | None
    jti: str
    until: float


def verify(token: object, keys: Keys, algorithms: tuple[str, ...]) -> Signed:
    """The token's header and claims when one of the provider's keys has signed it.

    The header chooses among the algorithms and keys that the provider has published, and nothing else: what it says
    about keys of its own (jwk, jku, x5u) is not looked at.
    """
    if not isinstance(token, str) or len(token) > LARGEST:
        raise BadAnswerError("there is no token, or one that is too large")
    header = _header(token)
    algorithm = header.get("alg")
    if algorithm not in algorithms:
        raise BadAnswerError(f"a token is signed with {algorithm!r}, which the provider does not offer")
    if "crit" in header:
        raise BadAnswerError("a token asks for something that this site does not know (crit)")
    key = keys.find(header.get("kid"), str(algorithm))
    registry = jws.JWSRegistry(algorithms=[str(algorithm)], strict_check_header=False)
    registry.max_payload_length = registry.max_header_length = LARGEST
    try:
        read = jwt.decode(token, key, registry=registry)
    except (JoseError, ValueError, TypeError) as error:
        raise BadAnswerError(f"a token's signature is not good: {type(error).__name__}") from error
    return Signed(dict(read.header), dict(read.claims))


def check_id_token(
    signed: Signed, *, issuer: str, client_id: str, nonce: str, access_token: str | None
) -> dict[str, Any]:
    """The claims of an ID token that this provider made for this site and for this very sign-in."""
    if signed.header.get("typ", "JWT").lower() not in ("jwt", "id_token+jwt"):
        raise BadAnswerError(f"a token of another kind stands for an ID token: {signed.header.get('typ')!r}")
    claims = CodeIDToken(
        signed.claims,
        signed.header,
        {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": client_id}},
        {"nonce": nonce, "client_id": client_id, "access_token": access_token},
    )
    try:
        claims.validate(leeway=SKEW)
    except (JoseError, ValueError, TypeError) as error:
        raise BadAnswerError(f"an ID token is not good: {error}") from error
    _subject(signed.claims.get("sub"))
    return signed.claims


def check_logout_token(signed: Signed, *, issuer: str, client_id: str) -> LogoutNotice:
    """What a logout token says (OpenID Connect Back-Channel Logout 1.0, section 2.6)."""
    kind, claims, now = signed.header.get("typ"), signed.claims, time.time()
    if kind is not None and kind.lower() not in ("logout+jwt", "jwt"):
        raise BadAnswerError(f"a token of another kind stands for a logout token: {kind!r}")
    options = {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": client_id}}
    try:
        jwt.JWTClaimsRegistry(int(now), SKEW, **options).validate(claims)  # type: ignore[arg-type]
    except (JoseError, ValueError, TypeError) as error:
        raise BadAnswerError(f"a logout token is not good: {error}") from error
    issued, jti, events = claims.get("iat"), claims.get("jti"), claims.get("events")
    if not isinstance(issued, int | float) or not now - OLDEST_LOGOUT <= issued <= now + SKEW:
        raise BadAnswerError("a logout token is too old, or from the future")
    if not isinstance(jti, str) or not jti or "nonce" in claims:
        raise BadAnswerError("a logout token without a jti, or with a nonce")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise BadAnswerError("a token about another event stands for a logout token")
    subject, sid = claims.get("sub"), claims.get("sid")
    if subject is None and sid is None:
        raise BadAnswerError("a logout token that names nobody")
    return LogoutNotice(
        issuer,
        _subject(subject) if subject is not None else None,
        _subject(sid) if sid is not None else None,
        jti,
        now + OLDEST_LOGOUT + 2 * SKEW,
    )


def _subject(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 255:
        raise BadAnswerError("a token names nobody, or with too many letters")
    return value


def _header(token: str) -> dict[str, Any]:
    try:
        part = token.split(".", 1)[0]
        header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, UnicodeError):
        header = None
    if not isinstance(header, dict) or token.count(".") != 2:
        raise BadAnswerError("what stands for a token is none")
    return header
