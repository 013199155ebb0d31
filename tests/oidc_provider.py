"""The real OpenID provider of the tests (tests/provider: panva's oidc-provider), started on a free port of loopback."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
from joserfc.jwk import KeySet, RSAKey

FOLDER = Path(__file__).parent / "provider"
CLIENT, SECRET = "portico", "a secret that only this test knows"
ANNA = {"email": "anna@example.org", "email_verified": True, "name": "Anna Example", "groups": ["sales"]}
FORM = re.compile(r'<form[^>]*action="([^"]+)"')
HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"')


def missing_part() -> str | None:
    """What is not on this machine that the provider needs; None when all is there."""
    node = shutil.which("node")
    asked = [node or "false", "--version"]
    said = subprocess.run(asked, check=False, capture_output=True, text=True, timeout=20).stdout
    if int(said.strip().removeprefix("v").partition(".")[0] or 0) < 20:
        return "node (version 20 or newer)"
    if not (FOLDER / "node_modules" / "oidc-provider").is_dir():
        return "oidc-provider (npm ci in tests/provider)"
    return None


def free_port() -> int:
    """A port of loopback that nobody listens at just now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def new_keys(*kids: str) -> KeySet:
    """Private keys with which a provider signs."""
    return KeySet([RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"}) for kid in kids])


@dataclass
class OidcProvider:
    """The provider: what it is told to be, and whether it runs."""

    sites: tuple[str, ...] = ("http://localhost:8000",)
    name: str = "okta"
    accounts: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {"anna": ANNA})
    port: int = field(default_factory=free_port)
    keys: KeySet = field(default_factory=lambda: new_keys("first"))
    proofs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    claims_in_id_token: bool = False
    back_channel: str | None = None
    process: subprocess.Popen[str] | None = None

    @property
    def issuer(self) -> str:
        """The provider's own address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Run it, until `stop` or the end of this process."""
        wanted = {
            "port": self.port,
            "accounts": {key: dict(value) for key, value in self.accounts.items()},
            "jwks": self.keys.as_dict(private=True),
            "proofs": {key: dict(value) for key, value in self.proofs.items()},
            "claims_in_id_token": self.claims_in_id_token,
            "clients": [self._client()],
        }
        node = shutil.which("node")
        assert node
        self.process = subprocess.Popen(
            [node, "provider.mjs"],
            cwd=FOLDER,
            env={"PATH": os.environ["PATH"], "PROVIDER": json.dumps(wanted), "NODE_NO_WARNINGS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout
        said = []
        for line in self.process.stdout:
            said.append(line)
            if line.strip() == "ready":
                threading.Thread(target=self._listen, args=(self.process,), daemon=True).start()
                return
        raise AssertionError("the provider did not start: " + "".join(said))

    def _listen(self, process: subprocess.Popen[str]) -> None:
        """Read on what it prints, so that it never waits for a reader."""
        assert process.stdout
        for _ in process.stdout:
            pass

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def _client(self) -> dict[str, Any]:
        return {
            "client_id": CLIENT,
            "client_secret": SECRET,
            "redirect_uris": [f"{site}/-/sso/{self.name}/callback" for site in self.sites],
            "post_logout_redirect_uris": [f"{site}/-/sso/signed-out" for site in self.sites],
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "scope": "openid profile email groups",
            **(
                {"backchannel_logout_uri": self.back_channel, "backchannel_logout_session_required": True}
                if self.back_channel
                else {}
            ),
        }

    def visitor(self) -> Visitor:
        """A browser that has never been at the provider."""
        return Visitor(self)


@contextmanager
def running(provider: OidcProvider) -> Iterator[OidcProvider]:
    """The provider, for a while."""
    provider.start()
    try:
        yield provider
    finally:
        provider.stop()


class Visitor:
    """A browser at the provider: fills in its sign-in and its consent, and stops where that leads back to the site."""

    def __init__(self, provider: OidcProvider) -> None:
        self.provider = provider
        self.client = httpx.Client(timeout=20, trust_env=False)

    def sign_in(self, address: str, login: str = "anna") -> str:
        """From the address that the site sends the browser to; returns the address that leads back."""
        response = self._follow(self.client.get(address))
        for _ in range(4):
            if isinstance(response, str):
                return response
            form = FORM.search(response.text)
            assert form, response.text
            fields = {name: unescape(value) for name, value in HIDDEN.findall(response.text)}
            if 'name="login"' in response.text:
                fields |= {"login": login, "password": "any"}
            target = urljoin(str(response.url), unescape(form.group(1)))
            response = self._follow(self.client.post(target, data=fields))
        raise AssertionError("the provider does not come to an end")

    def _follow(self, response: httpx.Response) -> httpx.Response | str:
        while response.is_redirect:
            target = urljoin(str(response.url), response.headers["Location"])
            if not target.startswith(self.provider.issuer):
                return target
            response = self.client.get(target)
        assert response.status_code == 200, response.text
        return response
