"""What the commands of one session do to the world: its clients, its streams in the engine, its drafts, its store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar, assert_never

import structlog

from colloque.server.connection import MESSAGES_MAX, Connection, Outgoing
from colloque.server.engines import Engines
from colloque.server.feeder import Feeder
from colloque.server.ports import Change, Store
from colloque.server.telemetry import Telemetry
from colloque.streaming import commands as c
from colloque.streaming import messages as m
from colloque.streaming.engines import DraftRequest, SpeechResult
from colloque.streaming.errors import EngineFault
from colloque.streaming.events import NoteDrafted, SessionEvent, SpeechDelivered
from colloque.streaming.wire import encode_event

REPLAY_MAX = MESSAGES_MAX // 2
"""More missed events than this are not replayed: a snapshot says it in one."""

T = TypeVar("T")
_log = structlog.get_logger(__name__)


class StoreFault(EngineFault):
    """What a client sent could not be stored, or what it asks for not be read."""

    code = "storage"
    status = 507
    recoverable = False


@dataclass(frozen=True, slots=True)
class Means:
    """What every session works with."""

    store: Store
    engines: Engines
    telemetry: Telemetry


class Effects:
    """Carries out single commands; `Carrier` says which and when."""

    def __init__(self, session_id: str, seq: int, means: Means, feed: Callable[[SessionEvent], None]) -> None:
        self.connections: dict[int, Connection] = {}
        self.sent_seq = seq
        """The highest number that a client may have seen."""
        self.finished = False
        """The session is over, and the store says so too."""
        self._session_id = session_id
        self._store = means.store
        self._engines = means.engines
        self._telemetry = means.telemetry
        self._feed = feed
        self._feeders: dict[int, Feeder] = {}
        self._drafts: set[asyncio.Task[None]] = set()

    async def commit(self, changes: list[Change]) -> None:
        """Stores changes. Raises `StoreFault`."""
        with self._telemetry.timed(self._telemetry.commit_s):
            await self._stored(self._store.commit(self._session_id, changes))
        # before anybody is told of it: whoever reads `session.ended` may count on the slot
        if any(
            isinstance(change, c.Broadcast) and isinstance(change.envelope.event, m.SessionEnded) for change in changes
        ):
            await self._stored(self._store.set_closed(self._session_id))
            self.finished = True

    async def _stored(self, work: Awaitable[T]) -> T:
        try:
            return await work
        except Exception as error:
            _log.error("store_failed", session=self._session_id, exc_info=error)
            raise StoreFault(
                "the server cannot store the session now (its disk may be full): what is not acknowledged is not safe;"
                " keep it, connect again and send it again"
            ) from None

    async def perform(self, command: c.Command) -> None:
        """Does what a command asks; its changes are committed already. Raises `StoreFault`."""
        match command:
            case c.Broadcast(envelope):
                self._broadcast(envelope)
            case c.SendTo(number, envelope):
                self._send_to(number, envelope)
            case c.ReplayTo():
                await self._replay(command)
            case c.CloseConnection(number, code, reason):
                if connection := self.connections.get(number):
                    connection.close(code, reason)
            case c.OpenStream() | c.PushAudio() | c.FlushStream() | c.CloseStream():
                self._hear(command)
            case c.RequestDraft(request):
                self._start_draft(request)
            case c.EraseCapture() | c.Finished():
                self._engines.forget(self._session_id)
            case c.StoreAudio() | c.StoreCheckpoint() | c.ForgetAudio():
                pass
            case _:
                assert_never(command)

    # --- clients ------------------------------------------------------------------------------------------------

    def _broadcast(self, envelope: m.Envelope) -> None:
        self.sent_seq = envelope.seq
        match envelope.event:
            case m.Lag(received, processed):
                self._telemetry.lag_s.observe(received - processed)
            case m.TranscriptFinal(_, _, words):
                self._telemetry.words.inc(len(words))
        self.tell_all(envelope)

    def tell_all(self, envelope: m.Envelope) -> None:
        """Sends an event to every client that the session has greeted: what was said before is in its replay."""
        outgoing = self._encode(envelope)
        for connection in self.connections.values():
            if connection.greeted:
                connection.send(outgoing)

    def _send_to(self, number: int, envelope: m.Envelope) -> None:
        outgoing = self._encode(envelope)
        if connection := self.connections.get(number):
            connection.greeted = True
            if isinstance(envelope.event, m.Snapshot) and connection.is_behind:
                connection.resync(outgoing)
            else:
                connection.send(outgoing)

    def _encode(self, envelope: m.Envelope) -> Outgoing:
        event = envelope.event
        if isinstance(event, m.Fault):
            self._telemetry.errors.labels(event.code).inc()
        # `session.ready` carries the last number, but what the client missed is yet to come after it
        seq = None if isinstance(event, (m.SessionReady, m.Fault)) else envelope.seq
        return Outgoing(encode_event(envelope), seq)

    async def _replay(self, command: c.ReplayTo) -> None:
        if command.connection not in self.connections:
            return
        events = await self._stored(self._store.events(self._session_id, command.after_seq, command.until_seq))
        connection = self.connections.get(command.connection)
        if connection is None:
            return
        if len(events) > REPLAY_MAX:
            connection.fall_behind()
        for event in events:
            connection.send(Outgoing(event.text, event.seq))

    # --- engines ------------------------------------------------------------------------------------------------

    def _hear(self, command: c.OpenStream | c.PushAudio | c.FlushStream | c.CloseStream) -> None:
        if isinstance(command, c.OpenStream):
            self._open(command)
            return
        feeder = self._feeders.get(command.track)
        if feeder is None:
            return
        match command:
            case c.PushAudio(_, chunk):
                feeder.push(chunk)
            case c.FlushStream(_, token):
                feeder.flush(token)
            case c.CloseStream(track):
                self._feeders.pop(track).close()

    def _open(self, command: c.OpenStream) -> None:
        track, generation = command.spec.track, command.generation
        if former := self._feeders.pop(track, None):
            former.close()

        def deliver(result: SpeechResult) -> None:
            self._feed(SpeechDelivered(track, generation, result))

        self._feeders[track] = Feeder(command, self._engines, self._store, deliver)

    def _start_draft(self, request: DraftRequest) -> None:
        task = asyncio.create_task(self._draft(request))
        self._drafts.add(task)
        task.add_done_callback(self._drafts.discard)

    async def _draft(self, request: DraftRequest) -> None:
        self._feed(NoteDrafted(await self._engines.draft(request)))

    # --- the end ------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Frees the engine's slots and forgets drafts that are under way."""
        for feeder in self._feeders.values():
            feeder.close()
        self._feeders.clear()
        for draft in self._drafts:
            draft.cancel()
