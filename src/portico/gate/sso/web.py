"""The gate's way into the web: https, no redirects, answers that are small and come in time."""

from __future__ import annotations

import ipaddress
import os
import time
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.integrations.requests_client import OAuth2Session
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies

from portico.gate.sso.calls import SilentError
from portico.site import Provider, addresses

CONNECT, READ, WHOLE = 3.0, 5.0, 8.0  # seconds
LARGEST = 512 * 1024  # bytes of an answer


class BadAnswerError(Exception):
    """The other side answered, but not with what the protocol says. The text is for the log."""


class CarefulAdapter(HTTPAdapter):
    """Reads at most so much, for at most so long, and keeps to the proxies that the environment names."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        """Send one request and read its answer to the end."""
        end = time.monotonic() + WHOLE
        options |= {
            "stream": True,
            "timeout": (CONNECT, READ),
            "proxies": get_environ_proxies(request.url or ""),
        }
        response = super().send(request, **options)
        body = bytearray()
        try:
            for piece in response.iter_content(8192):
                body += piece
                if len(body) > LARGEST:
                    raise BadAnswerError(f"{_place(request.url)} answered with more than {LARGEST} bytes")
                if time.monotonic() > end:
                    raise SilentError(f"{_place(request.url)} is slow")
        finally:
            response.close()
        response._content = bytes(body)
        return response


class Client(OAuth2Session):  # type: ignore[misc]
    """Authlib's OAuth client, with our manners. It asks as the site, with the site's secret where it has one."""

    def __init__(self, provider: Provider, **options: Any) -> None:
        super().__init__(provider.client_id, provider.client_secret, code_challenge_method="S256", **options)
        self.trust_env = False  # no names and passwords from .netrc
        self.verify = str(provider.ca) if provider.ca else _certificates()
        self.headers["User-Agent"] = "Portico"
        self.mount("https://", CarefulAdapter(max_retries=0))
        self.mount("http://", CarefulAdapter(max_retries=0))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: a provider says where its pages are, so nothing it answers leads elsewhere."""
        return

    def json(self, url: str, token: str | None = None) -> dict[str, Any]:
        """The JSON object at this address; SilentError, BadAnswerError."""
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        try:
            response = self.get(url, headers=headers, withhold_token=True)
        except requests.RequestException as error:
            raise SilentError(f"{_place(url)}: {type(error).__name__}") from error
        if response.status_code >= 500 or response.status_code == 429:
            raise SilentError(f"{_place(url)} answers {response.status_code}")
        if response.status_code != 200:
            raise BadAnswerError(f"{_place(url)} answers {response.status_code}")
        return an_object(response)


def an_object(response: requests.Response) -> dict[str, Any]:
    """The JSON object in an answer; BadAnswerError."""
    try:
        found = response.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BadAnswerError(f"{_place(response.url)} did not answer with a JSON object")
    return found


def endpoint(url: object, issuer: str) -> str:
    """The address when it is one to send secrets to: https, or on this machine where the issuer is; BadAnswerError.

    A provider elsewhere must not lead the gate to what only this machine's own programs may reach.
    """
    if not isinstance(url, str):
        raise BadAnswerError("the provider's description lacks an address")
    try:
        parts, at_home = urlsplit(url), _is_here(urlsplit(issuer).hostname)
        _ = parts.port
    except ValueError:
        raise BadAnswerError(f"the provider's description has a broken address: {url}") from None
    here = _is_here(parts.hostname)
    if not parts.hostname or parts.username is not None or parts.fragment or (here and not at_home):
        raise BadAnswerError(f"the provider's description has an address that cannot be its own: {url}")
    if parts.scheme != "https" and not (parts.scheme == "http" and here):
        raise BadAnswerError(f"the provider's description has an address without https: {url}")
    return url


def _is_here(host: str | None) -> bool:
    """Whether a host is this machine, or one of the addresses that clouds give to each machine for its secrets."""
    if not host or addresses.is_loopback(host):
        return True
    if not addresses.is_address(host):
        return False
    address = ipaddress.ip_address(host)
    return address.is_link_local or address.is_unspecified or address.is_multicast


def _certificates() -> str | bool:
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE") or True


def _place(url: str | None) -> str:
    parts = urlsplit(url or "")
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
