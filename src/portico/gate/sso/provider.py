"""One OpenID Connect provider, as the gate uses it: where to send people, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

import requests
from authlib.common.errors import AuthlibBaseError

from portico.gate.sso import tokens
from portico.gate.sso.calls import Calls, SilentError
from portico.gate.sso.keys import Keys
from portico.gate.sso.metadata import Metadata, discover
from portico.gate.sso.statement import Statement
from portico.gate.sso.tokens import LogoutNotice
from portico.gate.sso.web import WHOLE, BadAnswerError, Client
from portico.site import Provider

T = TypeVar("T")
KEPT = 3600.0  # seconds for which a description is not asked for again
MOST_GROUPS = 1000
SEVERAL = "mfa"  # in amr: more than one factor (RFC 8176)


class ProviderClient:
    """Talks to one provider; shared by the gate's threads."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._calls = Calls(provider.title, WHOLE)
        # Anybody may send notices: their checking must not take the place of people who sign in
        self._notices = Calls(f"{provider.title} (notices)", WHOLE)
        self._keys = Keys(lambda: self._client().json(self._described().jwks_uri))
        self._metadata: Metadata | None = None
        self._metadata_at = 0.0
        self._lock = Lock()

    @property
    def source(self) -> str:
        """How portico.toml names the provider."""
        return f"sso.{self.provider.name}"

    def metadata(self) -> Metadata:
        """The provider's description; the last one when it gives no answer now. SilentError, BadAnswerError."""
        if self._metadata is not None and time.monotonic() - self._metadata_at < KEPT:
            return self._metadata
        return self._calls.ask(self._described)

    def authorization_url(self, *, state: str, nonce: str, verifier: str, back: str, again: bool) -> str:
        """Where to send the browser. `again`: the person must show there once more who they are."""
        metadata = self.metadata()
        client = self._client(scope=" ".join(self.provider.scopes), redirect_uri=back)
        extra = {"prompt": "login", "max_age": "0"} if again else {}
        if wanted := self.provider.second_factor.by_acr:
            extra["acr_values"] = " ".join(wanted)
        url, _ = client.create_authorization_url(
            metadata.authorization_endpoint, state=state, code_verifier=verifier, nonce=nonce, **extra
        )
        return str(url)

    def redeem(self, code: str, *, nonce: str, verifier: str, back: str) -> Statement:
        """What the provider says about the person who came back with this code. SilentError, BadAnswerError."""
        return self._calls.ask(lambda: self._redeem(code, nonce, verifier, back))

    def logout_notice(self, token: object) -> LogoutNotice:
        """What a logout token says. SilentError, BadAnswerError."""
        return self._notices.ask(lambda: self._logout_notice(token))

    def sign_out_url(self, *, id_token: str | None, back: str) -> str | None:
        """Where to send the browser to end the session at the provider too; None where it has no such page, or is silent."""
        try:
            address = self.metadata().end_session_endpoint
        except (SilentError, BadAnswerError):
            return None
        if address is None:
            return None
        wanted = {"client_id": self.provider.client_id, "post_logout_redirect_uri": back}
        wanted |= {"id_token_hint": id_token} if id_token else {}
        return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(wanted)}"

    def _described(self) -> Metadata:
        with self._lock:
            if self._metadata is None or time.monotonic() - self._metadata_at >= KEPT:
                try:
                    self._metadata = discover(self._client(), self.provider)
                    self._metadata_at = time.monotonic()
                except SilentError:
                    if self._metadata is None:
                        raise
            return self._metadata

    def _client(self, **options: Any) -> Client:
        return Client(self.provider, **options)

    def _redeem(self, code: str, nonce: str, verifier: str, back: str) -> Statement:
        metadata = self._described()
        client = self._client(redirect_uri=back, token_endpoint_auth_method=metadata.client_authentication)
        answer = _answer(
            lambda: client.fetch_token(
                metadata.token_endpoint, grant_type="authorization_code", code=code, code_verifier=verifier
            )
        )
        access_token = answer.get("access_token")
        signed = tokens.verify(answer.get("id_token"), self._keys, metadata.algorithms)
        claims = tokens.check_id_token(
            signed,
            issuer=self.provider.issuer,
            client_id=self.provider.client_id,
            nonce=nonce,
            access_token=access_token,
        )
        proof = claims
        if metadata.userinfo_endpoint and isinstance(access_token, str) and self._lacks(claims):
            claims = self._completed(client, metadata.userinfo_endpoint, access_token, claims)
        return self._statement(claims, proof, str(answer["id_token"]))

    def _lacks(self, claims: dict[str, Any]) -> bool:
        wanted = {"email"} | ({self.provider.groups_claim} if self.provider.roles else set())
        return any(name not in claims for name in wanted)

    def _completed(
        self, client: Client, address: str, access_token: str, claims: dict[str, Any]
    ) -> dict[str, Any]:
        """The claims with what the provider tells only when asked; what it has signed wins."""
        more = client.json(address, access_token)
        if more.get("sub") != claims["sub"]:
            raise BadAnswerError("the provider's answer about a person is about another one")
        if "email" in claims and more.get("email") != claims["email"]:
            more.pop("email_verified", None)  # that is about the other address
        return more | claims

    def _statement(self, claims: dict[str, Any], proof: dict[str, Any], id_token: str) -> Statement:
        """How and when the person has proven who they are is read in the ID token alone (`proof`), which is signed."""
        email, name = claims.get("email"), claims.get("name")
        groups = claims.get(self.provider.groups_claim, [])
        listed = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
        sid, proven_at = proof.get("sid"), proof.get("auth_time")
        return Statement(
            source=self.source,
            title=self.provider.title,
            issuer=self.provider.issuer,
            subject=claims["sub"],
            email=email if isinstance(email, str) else "",
            email_verified=claims.get("email_verified") is True
            or (isinstance(email, str) and self.provider.vouches_for(email)),
            name=name if isinstance(name, str) else "",
            groups=tuple(group for group in listed if isinstance(group, str))[:MOST_GROUPS],
            sid=sid if isinstance(sid, str) and len(sid) <= 255 else None,
            id_token=id_token if len(id_token) <= tokens.LARGEST else None,
            proven_at=float(proven_at) if isinstance(proven_at, int | float) else None,
            several_factors=self._several_factors(proof),
        )

    def _several_factors(self, proof: dict[str, Any]) -> bool:
        """Whether the person used several factors, as far as the site takes this provider's word for that."""
        wanted, methods = self.provider.second_factor, proof.get("amr")
        by_amr = wanted.by_amr and isinstance(methods, list) and SEVERAL in methods
        return by_amr or (isinstance(proof.get("acr"), str) and proof["acr"] in wanted.by_acr)

    def _logout_notice(self, token: object) -> LogoutNotice:
        signed = tokens.verify(token, self._keys, self._described().algorithms)
        return tokens.check_logout_token(
            signed, issuer=self.provider.issuer, client_id=self.provider.client_id
        )


def _answer(ask: Callable[[], Any]) -> dict[str, Any]:
    """The token endpoint's answer; SilentError, BadAnswerError."""
    try:
        return dict(ask())
    except AuthlibBaseError as error:
        raise BadAnswerError(f"the provider refuses the code: {error.error}") from error
    except requests.HTTPError as error:
        raise SilentError(f"the provider's token endpoint: {error}") from error
    except requests.RequestException as error:
        raise SilentError(f"the provider's token endpoint: {type(error).__name__}") from error
    except (ValueError, TypeError) as error:
        raise BadAnswerError("the provider's token endpoint did not answer with a token") from error
