"""One GET by HTTP/3, by aioquic: the tests' other client speaks HTTP/1.1 and 2 only."""

from __future__ import annotations

import asyncio
import ssl

from aioquic.asyncio import QuicConnectionProtocol, connect
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import QuicEvent


class _Client(QuicConnectionProtocol):
    def start(self) -> None:
        """Begin HTTP/3 on the connection."""
        self.http = H3Connection(self._quic)
        self.ended = asyncio.get_running_loop().create_future()
        self.head: dict[str, str] = {}
        self.body = b""

    def quic_event_received(self, event: QuicEvent) -> None:
        for found in self.http.handle_event(event) if hasattr(self, "http") else []:
            self.take(found)

    def take(self, event: H3Event) -> None:
        """Collect the answer."""
        if isinstance(event, HeadersReceived):
            self.head |= {name.decode(): value.decode() for name, value in event.headers}
        if isinstance(event, DataReceived):
            self.body += event.data
        if event.stream_ended and not self.ended.done():
            self.ended.set_result(None)


async def _get(port: int, authority: str, path: str) -> tuple[dict[str, str], bytes]:
    settings = QuicConfiguration(alpn_protocols=H3_ALPN, server_name=authority, verify_mode=ssl.CERT_NONE)
    async with connect("127.0.0.1", port, configuration=settings, create_protocol=_Client) as client:
        assert isinstance(client, _Client)
        client.start()
        stream = client._quic.get_next_available_stream_id()
        wanted = {":method": "GET", ":scheme": "https", ":authority": authority, ":path": path}
        client.http.send_headers(
            stream, [(name.encode(), value.encode()) for name, value in wanted.items()], end_stream=True
        )
        client.transmit()
        await asyncio.wait_for(client.ended, 10)
        return client.head, client.body


def get(port: int, authority: str, path: str) -> tuple[dict[str, str], bytes]:
    """The headers (":status" among them) and the body."""
    return asyncio.run(_get(port, authority, path))
