"""A provider that lies, stalls or breaks off as a test wants it to. What honest ones do is tried at a real one."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet

from oidc_provider import CLIENT, new_keys

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class LyingProvider:
    """What it answers at each path; `asked` counts the requests."""

    port: int = 0
    keys: KeySet = field(default_factory=lambda: new_keys("first"))
    published: KeySet | None = None
    description: dict[str, Any] = field(default_factory=dict)
    id_token: str = ""
    more: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Callable[[], Answer]] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def claims(self, nonce: str, /, **changes: Any) -> dict[str, Any]:
        """The claims of an honest ID token about anna; a change of None leaves one out."""
        now = int(time.time())
        honest = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "anna",
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "email": "anna@example.org",
            "email_verified": True,
        }
        return {name: value for name, value in (honest | changes).items() if value is not None}

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """A token with its own signature."""
        head = {"alg": "RS256", "kid": "first"} | header
        return jwt.encode(head, claims, self.keys.keys[0])

    def answer(self, path: str) -> Answer:
        """What it says at this path."""
        self.asked[path] = self.asked.get(path, 0) + 1
        if path in self.answers:
            return self.answers[path]()
        documents: dict[str, Any] = {
            "/.well-known/openid-configuration": {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/auth",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "userinfo_endpoint": f"{self.issuer}/me",
                "id_token_signing_alg_values_supported": ["RS256"],
            }
            | self.description,
            "/keys": (self.published or self.keys).as_dict(private=False),
            "/token": {"access_token": "x", "token_type": "Bearer", "id_token": self.id_token},
            "/me": {"sub": "anna"} | self.more,
        }
        if path not in documents:
            return 404, {}, b""
        return 200, {"Content-Type": "application/json"}, json.dumps(documents[path]).encode()


@contextmanager
def running(provider: LyingProvider | None = None) -> Iterator[LyingProvider]:
    """The provider on a free port of loopback, for a while."""
    provider = provider or LyingProvider()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, body = provider.answer(urlsplit(self.path).path)
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                pass

        do_GET = do_POST = _answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
