"""A server that does what a real one will not do on demand: drops connections, and closes them with any code.

Each connection is played by the next script, an async function that gets the `Peer`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from colloque.clients.closing import Patience
from colloque.clients.connecting import StreamAddress
from colloque.clients.live import LiveSession
from colloque.streaming import messages as m
from colloque.streaming.view import SessionView
from colloque.streaming.wire import encode_event

AT_ONCE = Patience(first_s=0.001, max_s=0.002, give_up_s=30.0)


class Peer:
    """The server's end of one connection."""

    def __init__(self, socket: ServerConnection) -> None:
        self._socket = socket
        self.query = socket.request.path.partition("?")[2] if socket.request else ""
        self.authorization = socket.request.headers.get("Authorization") if socket.request else None

    async def say(self, seq: int, event: m.ServerEvent) -> None:
        await self._socket.send(encode_event(m.Envelope(seq, 0.0, event)))

    async def say_text(self, text: str) -> None:
        await self._socket.send(text)

    async def greet(self, samples: int = 0, seq: int = 0, state: m.SessionState | None = "live") -> None:
        """`session.ready`, and the snapshot of a newcomer unless `state` is None."""
        audio = m.AudioPosition("pcm_s16le", 16_000, 1, samples)
        await self.say(seq, m.SessionReady("s", "tok", audio, {}, seq))
        if state is not None:
            await self.say(seq, m.Snapshot(SessionView(state=state).to_json()))

    async def hear(self, size: int) -> bytes:
        """So many bytes of audio."""
        data = b""
        while len(data) < size:
            frame = await self._socket.recv()
            assert isinstance(frame, bytes)
            data += frame
        return data

    async def hear_text(self) -> dict[str, Any]:
        """The next message that is no audio and no keepalive."""
        while True:
            text = await self._socket.recv()
            if isinstance(text, str) and json.loads(text)["type"] != "keepalive":
                return dict(json.loads(text))

    async def close(self, code: int, reason: str = "") -> None:
        await self._socket.close(code, reason)

    def drop(self) -> None:
        """As if the cable were cut."""
        self._socket.transport.abort()


Script = Callable[[Peer], Awaitable[None]]


@asynccontextmanager
async def fake_server(*scripts: Script, status: int | None = None, body: bytes = b"") -> AsyncIterator[StreamAddress]:
    """Plays one script a connection, in order. With `status` it answers every handshake with that HTTP status."""
    left = list(scripts)

    async def handle(socket: ServerConnection) -> None:
        await left.pop(0)(Peer(socket))

    def answer(_: ServerConnection, __: Request) -> Response | None:
        return None if status is None else Response(status, "no", Headers(), body)

    async with serve(handle, "127.0.0.1", 0, process_request=answer, close_timeout=1) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield StreamAddress(f"http://127.0.0.1:{port}", "s", "secret-token")
    assert not left, "the client connected less often than the test expects"


def publisher(address: StreamAddress, patience: Patience = AT_ONCE, buffer_s: float = 600.0) -> LiveSession:
    return LiveSession(address, m.AudioFormat(), patience=patience, buffer_s=buffer_s)
