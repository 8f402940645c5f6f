"""The stream of one client over a WebSocket: `WS /v1/sessions/{id}/stream`.

A socket is always accepted first, so that a client that is turned away reads an `error` event and a close code; a
browser could see neither of a refused handshake.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from colloque.server import auth
from colloque.server.connection import Closing, Connection
from colloque.server.decoding import Decoder, make_decoder
from colloque.server.driver import Driver, SessionDown, close_reason
from colloque.server.services import Services, services_of
from colloque.streaming import messages as m
from colloque.streaming.errors import BadMessage, ColloqueError, NotAllowed, TooBig
from colloque.streaming.events import AudioArrived, ClientSaid, TrackPcm
from colloque.streaming.wire import decode_client, encode_event

FRAME_BYTES_MAX = 1 << 20
"""Bytes of a message. The transport lets somewhat more through, so that its sender can be told why it is refused."""
CLOSE_WAIT_S = 5.0
"""So long a client that is being closed may take to read what it is told."""

router = APIRouter()
_log = structlog.get_logger(__name__)


@router.websocket("/v1/sessions/{session_id}/stream")
async def stream(socket: WebSocket, session_id: str) -> None:
    """Publishers and viewers; see `docs/protocol.md`."""
    offered = socket.scope.get("subprotocols") or []
    # a client that goes away in the middle of anything is nothing special
    with suppress(WebSocketDisconnect):
        await socket.accept(subprotocol=auth.SUBPROTOCOL if auth.SUBPROTOCOL in offered else None)
        services = services_of(socket)
        try:
            driver, connection = await _enter(socket, services, session_id)
        except ColloqueError as error:
            await _turn_away(socket, services, error)
        except Exception as error:
            _log.error("stream_not_opened", exc_info=error)
            await _turn_away(socket, services, SessionDown("the server made a mistake: connect again"))
        else:
            with services.telemetry.connected("publisher" if connection.publisher else "viewer"):
                await StreamSocket(socket, driver, connection).run()


async def _enter(socket: WebSocket, services: Services, session_id: str) -> tuple[Driver, Connection]:
    last_seq = parse_last_seq(socket.query_params.get("last_seq"))
    secret = auth.presented(socket)
    driver, caller = await auth.enter(services, session_id, secret, "viewer")
    token = None if caller.scope == "api_key" else secret
    return driver, driver.attach(publisher=caller.scope != "viewer", last_seq=last_seq, token=token)


def parse_last_seq(text: str | None) -> int | None:
    """The number of the last event that a client has seen. Raises `BadMessage`."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise BadMessage("`last_seq` must be the `seq` of the last event that was received, a whole number")
    return int(text)


async def _turn_away(socket: WebSocket, services: Services, error: ColloqueError) -> None:
    services.telemetry.errors.labels(error.code).inc()
    await socket.send_text(encode_event(m.Envelope(0, 0.0, m.Fault(error.code, str(error), False))))
    await socket.close(error.close_code, close_reason(error))


class StreamSocket:
    """One connected client: a task that reads, a task that writes; where one ends, so does the other."""

    def __init__(self, socket: WebSocket, driver: Driver, connection: Connection) -> None:
        self._socket = socket
        self._driver = driver
        self._connection = connection
        self._decoder: Decoder = make_decoder(m.AudioFormat(channels=len(driver.session.view.config.tracks)))

    async def run(self) -> None:
        """Returns once the client is gone or has been closed."""
        reader = asyncio.create_task(self._read())
        writer = asyncio.create_task(self._write())
        try:
            await asyncio.wait((reader, writer), return_when=asyncio.FIRST_COMPLETED)
            if reader.done() and not self._is_gone(reader):
                # the reader will not go on: the client is told why before it is closed
                await asyncio.wait((writer,), timeout=CLOSE_WAIT_S)
        finally:
            self._driver.detach(self._connection)
            for task in (reader, writer):
                task.cancel()
            for result in await asyncio.gather(reader, writer, return_exceptions=True):
                if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
                    _log.error("stream_failed", session=self._driver.session_id, exc_info=result)
            self._decoder.close()

    def _is_gone(self, reader: asyncio.Task[bool]) -> bool:
        if reader.cancelled():
            return True
        if reader.exception() is None:
            return reader.result()
        self._driver.refuse(self._connection.number, SessionDown("the server made a mistake: connect again"))
        return False

    # --- in -----------------------------------------------------------------------------------------------------

    async def _read(self) -> bool:
        """True once the client is gone, False where it must be closed for what it sent."""
        while True:
            await self._driver.room()
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return True
            try:
                await self._take(message.get("bytes"), message.get("text"))
            except ColloqueError as error:
                self._driver.refuse(self._connection.number, error, often=message.get("bytes") is not None)
                if not error.recoverable:
                    return False

    async def _take(self, frame: bytes | None, text: str | None) -> None:
        if len(frame or text or "") > FRAME_BYTES_MAX:
            raise TooBig(f"a message may have {FRAME_BYTES_MAX} bytes at most: send audio in shorter frames")
        if frame is not None:
            await self._hear(frame)
        elif text is not None:
            await self._obey(decode_client(text))

    async def _hear(self, frame: bytes) -> None:
        if not self._connection.publisher:
            raise NotAllowed("a viewer may not send audio: connect with the publisher's token")
        if self._decoder.blocking:
            pcm = await asyncio.to_thread(self._decoder.decode, frame)
        else:
            pcm = self._decoder.decode(frame)
        if not self._driver.take(AudioArrived(self._connection.number, pcm)):
            # what was refused must not come out of the resampler later
            self._decoder.reset()

    async def _obey(self, message: m.ClientMessage) -> None:
        number = self._connection.number
        match message:
            case m.SessionStart(audio):
                decoder = make_decoder(audio)
                self._flush()
                if self._driver.take(ClientSaid(number, message)):
                    decoder, self._decoder = self._decoder, decoder
                decoder.close()
            case m.End() | m.Finalize() | m.Pause():
                self._flush()
                self._driver.take(ClientSaid(number, message))
            case _:
                self._driver.take(ClientSaid(number, message))

    def _flush(self) -> None:
        """The last milliseconds, which the resampler still holds, belong before what comes next."""
        tail: TrackPcm = self._decoder.flush()
        if tail.shape[1] and self._driver.session.state == "live":
            self._driver.take(AudioArrived(self._connection.number, tail))

    # --- out ----------------------------------------------------------------------------------------------------

    async def _write(self) -> None:
        while True:
            item = await self._connection.next()
            # RuntimeError: uvicorn has closed the socket itself (its ping was not answered)
            with suppress(RuntimeError):
                if not isinstance(item, Closing):
                    await self._socket.send_text(item.text)
                    continue
                await self._socket.close(item.code, item.reason)
            return
