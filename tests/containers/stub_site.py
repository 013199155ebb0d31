"""A site small enough to see what the outer nginx sends it. Runs in a bare Python container: the standard library only.

/echo          what came in, as JSON               /count?...       how often this address was asked, with ?headers=
/stream        five events, a third of a second apart       /download?seconds=   a long answer in small pieces
/socket        a WebSocket that answers in capitals          /slow?seconds=       an answer that takes its time
"""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import struct
import sys
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

WEBSOCKET = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
asked: Counter[str] = Counter()


class Site(BaseHTTPRequestHandler):
    """One connection from nginx."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        asked[self.path] += 1
        url = urlsplit(self.path)
        wishes = {name: values[0] for name, values in parse_qs(url.query).items()}
        last = url.path.rsplit("/", 1)[-1]
        getattr(self, f"send_{last}", self.send_echo)(wishes)

    do_POST = do_PUT = do_GET  # noqa: N815 - the standard library's names

    def send_echo(self, wishes: dict[str, str]) -> None:
        """The request, and which copy of the site this is."""
        length = int(self.headers.get("Content-Length") or 0)
        said = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": len(self.rfile.read(length)),
            "copy": socket.gethostname(),
            "asked": asked[self.path],
        }
        self.answer(json.dumps(said).encode(), wishes)

    def send_slow(self, wishes: dict[str, str]) -> None:
        """The same, after a while."""
        time.sleep(float(wishes["seconds"]))
        self.send_echo(wishes)

    def send_stream(self, _: dict[str, str]) -> None:
        """Server-sent events. The site's front takes any mark that says "do not buffer" off, so there is none."""
        self.begin({"Content-Type": "text/event-stream"})
        for number in range(5):
            self.piece(f"data: {number}\n\n".encode())
            time.sleep(0.3)
        self.piece(b"")

    def send_download(self, wishes: dict[str, str]) -> None:
        """Ten pieces of 10 kB a second."""
        self.begin({"Content-Type": "application/octet-stream"})
        for _ in range(int(float(wishes["seconds"]) * 10)):
            self.piece(b"x" * 10_000)
            time.sleep(0.1)
        self.piece(b"")

    def send_socket(self, _: dict[str, str]) -> None:
        """A WebSocket of short text messages."""
        digest = hashlib.sha1(
            (self.headers["Sec-WebSocket-Key"] + WEBSOCKET).encode(), usedforsecurity=False
        ).digest()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(digest).decode())
        self.end_headers()
        while head := self.rfile.read(2):
            mask, text = self.rfile.read(4), self.rfile.read(head[1] & 127)
            plain = bytes(byte ^ mask[at % 4] for at, byte in enumerate(text))
            if head[0] & 15 == 8:
                break
            self.wfile.write(struct.pack("BB", 0x81, len(plain)) + plain.upper())
        self.close_connection = True

    def answer(self, body: bytes, wishes: dict[str, str]) -> None:
        """A whole answer, with the headers that were wished for (?cache-control=...)."""
        self.send_response(int(wishes.pop("status", "200")))
        for name, value in wishes.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def begin(self, headers: dict[str, str]) -> None:
        """The head of an answer that comes in pieces."""
        self.send_response(200)
        for name, value in {**headers, "Transfer-Encoding": "chunked"}.items():
            self.send_header(name, value)
        self.end_headers()

    def piece(self, content: bytes) -> None:
        """One piece; an empty one ends the answer."""
        self.wfile.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")

    def log_message(self, *_: object) -> None:
        """Silent."""


if __name__ == "__main__":
    ThreadingHTTPServer.request_queue_size = 128
    ThreadingHTTPServer(("0.0.0.0", int(sys.argv[1])), Site).serve_forever()  # noqa: S104 - inside a container
