"""A session as it goes on: events in, audio and messages out, over a WebSocket that may drop and come again.

    async with client.publish(created) as session:
        await session.send_audio(frame)
        await session.end()
        async for envelope in session:
            ...

What is sent is kept until the server has acknowledged it. A lost connection is made again by itself; then the events
that were missed come, and the audio that was not acknowledged is sent again. Nothing surfaces twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Self

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from colloque.clients.closing import Patience, explain, retry_after_s, verdict
from colloque.clients.connecting import ConnectFailed, StreamAddress, open_stream
from colloque.clients.core import BYTES_PER_VALUE, StreamCore
from colloque.clients.errors import ServerUnreachable, StreamClosed
from colloque.clients.samples import AudioLike, to_bytes
from colloque.streaming import messages as m
from colloque.streaming.errors import BadMessage
from colloque.streaming.transcript import Role
from colloque.streaming.view import SessionView
from colloque.streaming.wire import decode_event, encode_client

EVENTS_MAX = 10_000
"""Events that wait for the iterator; beyond, reading stops, and the server's patience decides."""
FRAME_MAX_S = 0.5
"""Longer audio is cut: small frames keep the messages between them prompt."""
KEEPALIVE_S = 15.0
"""After so long without anything to send, a `keepalive` is sent."""


class LiveSession:
    """An async context manager and an async iterator of `Envelope`; iterate while you send.

    Iteration ends when the session does. It raises `StreamClosed` where the server closed for good (superseded,
    consent withdrawn, token expired, ...), and `ServerUnreachable` where a connection could not be made again.
    """

    def __init__(
        self,
        address: StreamAddress,
        audio: m.AudioFormat | None = None,
        *,
        patience: Patience | None = None,
        buffer_s: float = 600.0,
    ) -> None:
        """`audio` is the PCM that will be sent; None for a client that only receives. `buffer_s` bounds the audio that
        is kept until it is acknowledged: `send_audio` waits beyond."""
        self.connections = 0
        """How often the stream was opened: 1 unless it was lost."""
        self._address = address
        self._audio = audio
        self._patience = patience or Patience()
        self._buffer_s = buffer_s
        self._core = StreamCore(audio)
        self._events: asyncio.Queue[m.Envelope] = asyncio.Queue(EVENTS_MAX)
        self._tick = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._ending = False
        self._over: Exception | bool = False
        """True once the stream is over; the exception where it ended badly."""

    @property
    def view(self) -> SessionView:
        """The state of the session as of the last event received (the iterator may be a little behind)."""
        return self._core.view

    @property
    def ready(self) -> m.SessionReady | None:
        """The server's last greeting."""
        return self._core.ready

    # --- life -------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Connects. Raises `ServerUnreachable`, `RequestRefused` or `StreamClosed`."""
        self._task = asyncio.create_task(self._run())
        try:
            await self._until(lambda: self.connections > 0)
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connection; the session itself goes on on the server."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def __aiter__(self) -> AsyncIterator[m.Envelope]:
        return self

    async def __anext__(self) -> m.Envelope:
        await self._until(lambda: not self._events.empty())
        if self._events.empty():
            raise StopAsyncIteration
        return self._events.get_nowait()

    # --- what a client says -----------------------------------------------------------------------------------------

    async def send_audio(self, audio: AudioLike) -> bool:
        """Sends audio: bytes as declared, or an array, shape (n,) or (channels, n), int16 or float32 in [-1, 1].

        True once the audio is kept: it will be sent, and again where a connection is lost. False where the session
        takes none now (no consent yet, or paused): it is let go. Waits while too much is unacknowledged. Raises
        `ValueError` for audio that is not what was declared, `ClientError` once the stream is over.
        """
        if self._audio is None:
            raise ValueError("this stream was opened to receive only")
        data = to_bytes(audio, self._audio)
        frame_samples = max(1, round(self._audio.rate * FRAME_MAX_S))
        step = frame_samples * BYTES_PER_VALUE[self._audio.encoding] * self._audio.channels
        for start in range(0, len(data), step):
            await self._until(self._has_room)
            self._require_going_on()
            if not self._core.listening:
                return False
            self._core.buffer.add_audio(data[start : start + step])
            self._wake()
        return True

    async def finalize(self) -> None:
        """All audio so far becomes final words; the session goes on."""
        self._say(m.Finalize())

    async def pause(self) -> None:
        """Audio is let go until `resume`."""
        self._say(m.Pause())

    async def resume(self) -> None:
        """Audio is taken again."""
        self._say(m.Resume())

    async def configure(self, change: m.Configure) -> None:
        """Changes language, keyterms or the number of speakers."""
        self._say(change)

    async def assign_speaker(self, speaker: str, role: Role | None = None, name: str | None = None) -> None:
        """Says who a speaker is."""
        self._say(m.SpeakerAssign(speaker, role, name))

    async def end(self, *, at_once: bool = False) -> None:
        """Ends the session after all audio so far; iterate on until the last words and the note are there.

        With `at_once`, audio that waits to be sent is let go.
        """
        self._require_going_on()
        if at_once:
            self._core.buffer.forget_unsent()
        self._say(m.End())
        self._ending = True

    def _say(self, message: m.ClientMessage) -> None:
        self._require_going_on()
        self._core.say(message)
        self._wake()

    # --- waiting ----------------------------------------------------------------------------------------------------

    def _has_room(self) -> bool:
        assert self._audio is not None
        return self._core.buffer.unacked_samples < self._buffer_s * self._audio.rate

    def _require_going_on(self) -> None:
        if isinstance(self._over, Exception):
            raise self._over
        if self._over or self._ending:
            raise StreamClosed(1000, "session_over", "the session has ended and takes nothing more")

    def _wake(self) -> None:
        self._tick.set()
        self._tick = asyncio.Event()

    async def _until(self, condition: Callable[[], bool]) -> None:
        """Waits for a condition, or for the end of the stream. Raises what it ended with, where it ended badly."""
        while not condition():
            if isinstance(self._over, Exception):
                raise self._over
            if self._over:
                return
            await self._tick.wait()

    # --- the connection ---------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        """Keeps the stream connected until it is over."""
        over: Exception | bool = True
        try:
            await self._stay_connected()
        except Exception as error:  # whatever it is, it is for the caller, who waits in another task
            over = error
        finally:
            self._over = over
            self._wake()

    async def _stay_connected(self) -> None:
        loop = asyncio.get_running_loop()
        attempt, alone_since = 0, loop.time()
        while True:
            asked_s: float | None = None
            opened_before = self.connections
            try:
                close_code, reason = await self._connect_once()
            except ConnectFailed:
                if not self.connections:
                    raise
            else:
                what = verdict(close_code)
                if what == "final" or (not self.connections and what == "retry"):
                    raise explain(close_code, self._core.fault)
                if what == "done" or self.view.summary is not None:
                    return
                asked_s = retry_after_s(reason)
            if self.connections > opened_before:
                attempt, alone_since = 0, loop.time()
            if loop.time() - alone_since >= self._patience.give_up_s:
                raise ServerUnreachable(
                    "the connection was lost and could not be made again; the session is kept there"
                )
            await asyncio.sleep(self._patience.pause_s(attempt, asked_s))
            attempt += 1

    async def _connect_once(self) -> tuple[int, str]:
        """One connection from its start to its end. Close code and reason."""
        socket = await open_stream(self._address, self._core.resume_from)
        self._core.connected()
        sender = asyncio.create_task(self._send(socket))
        try:
            await self._read(socket)
        finally:
            self._core.lost()
            sender.cancel()
            await asyncio.wait([sender])
            await socket.close()
        if not sender.cancelled():
            sender.result()
        return socket.close_code or 1006, socket.close_reason or ""

    async def _read(self, socket: ClientConnection) -> None:
        """Takes events until the connection ends."""
        counted = False
        try:
            async for text in socket:
                envelope = decode_event(text) if isinstance(text, str) else None
                if envelope is not None and self._core.receive(envelope):
                    await self._events.put(envelope)
                if self._core.is_open and not counted:
                    counted = True
                    self.connections += 1
                self._wake()
        except ConnectionClosed:
            return
        except BadMessage:
            raise StreamClosed(1011, "bad_message", "the server sends what this client cannot read") from None

    async def _send(self, socket: ClientConnection) -> None:
        """Sends what there is to say until the connection ends."""
        try:
            while True:
                tick = self._tick
                frame = self._core.next_to_send()
                if frame is not None:
                    await socket.send(frame)
                    continue
                try:
                    async with asyncio.timeout(KEEPALIVE_S):
                        await tick.wait()
                except TimeoutError:
                    await socket.send(encode_client(m.Keepalive()))
        except ConnectionClosed:
            return  # the reader takes what is still to be read, and says how it ended
        except Exception:
            socket.transport.abort()
            raise
