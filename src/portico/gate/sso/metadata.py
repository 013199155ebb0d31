"""What a provider says about itself (OpenID Connect Discovery), checked before anything in it is used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from portico.gate.sso.web import BadAnswerError, Client, endpoint
from portico.site import Provider

ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
)  # public-key signatures only: no "none", and no HMAC, whose key would be the secret that the site shares


@dataclass(frozen=True, slots=True)
class Metadata:
    """The provider's addresses and abilities.

    `names_itself`: its answers carry `iss` (RFC 9207). `tells_when`: it says when somebody last showed who they are.
    """

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    end_session_endpoint: str | None
    algorithms: tuple[str, ...]
    client_authentication: str
    names_itself: bool
    tells_when: bool


def discover(client: Client, provider: Provider) -> Metadata:
    """Fetch and check the provider's description; SilentError, BadAnswerError."""
    return read(client.json(f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"), provider)


def read(document: dict[str, Any], provider: Provider) -> Metadata:
    """The checked description; BadAnswerError."""
    if document.get("issuer") != provider.issuer:
        raise BadAnswerError(
            f"the description at {provider.issuer} is of another issuer: {document.get('issuer')!r}"
        )

    def optional(name: str) -> str | None:
        return endpoint(document[name], provider.issuer) if document.get(name) else None

    offered = document.get("id_token_signing_alg_values_supported", ["RS256"])
    algorithms = tuple(name for name in ALGORITHMS if name in _listed(offered))
    if not algorithms:
        raise BadAnswerError(f"{provider.issuer} offers no signature that this site takes: {offered}")
    return Metadata(
        authorization_endpoint=endpoint(document.get("authorization_endpoint"), provider.issuer),
        token_endpoint=endpoint(document.get("token_endpoint"), provider.issuer),
        jwks_uri=endpoint(document.get("jwks_uri"), provider.issuer),
        userinfo_endpoint=optional("userinfo_endpoint"),
        end_session_endpoint=optional("end_session_endpoint"),
        algorithms=algorithms,
        client_authentication=_client_authentication(document, provider),
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        tells_when="auth_time" in _listed(document.get("claims_supported")),
    )


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _client_authentication(document: dict[str, Any], provider: Provider) -> str:
    """How the site shows its secret: in a header where the provider takes that, else in the form."""
    if provider.client_secret is None:
        return "none"
    methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    for method in ("client_secret_basic", "client_secret_post"):
        if method in _listed(methods):
            return method
    raise BadAnswerError(f"{provider.issuer} takes a secret in no way that this site knows: {methods}")
