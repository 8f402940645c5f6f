"""Drives one session: feeds events in, has its commands carried out, and reads the clock for it.

All of it happens in the event loop's thread; engines hand their results over. `Carrier` keeps the order, and the law
that what is sent is stored; `Effects` does what a command says; a `Connection` a client holds what waits for it.

A fault of the server (a full disk, a bug) puts the session down as a crash would: clients are closed with 1011 and
come back, and `SessionRegistry.get` wakes the session up again from what is stored. So nothing half-done lives on,
and no other session is touched.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

import structlog

from colloque.server.carrier import Carrier
from colloque.server.clinical.consent import ConsentRecord
from colloque.server.connection import Connection
from colloque.server.effects import Effects, Means, StoreFault
from colloque.server.ports import SessionRecord
from colloque.streaming import commands as c
from colloque.streaming import events as ev
from colloque.streaming import messages as m
from colloque.streaming.audio import samples, seconds
from colloque.streaming.errors import CapacityReached, ColloqueError, EngineFault, SessionOver
from colloque.streaming.session import Session

BACKLOG_SAMPLES_MAX = samples(20.0)
"""Above so much audio that is not worked through, the publisher's socket is not read."""
COMMANDS_MAX = 2000
"""Above so many commands that are not carried out (a slow disk), no socket is read."""
CONNECTIONS_MAX = 64
"""Of one session."""
AUDIO_ERROR_EVERY_S = 1.0
"""A client that keeps sending audio which is refused is told so no more often."""

_log = structlog.get_logger(__name__)


class SessionDown(EngineFault):
    """The session is put away, or was put down by a fault; the next request wakes it up."""

    code = "session_down"
    status = 503
    recoverable = False


class Driver:
    """One session that is awake."""

    def __init__(
        self,
        record: SessionRecord,
        consent: tuple[ConsentRecord, ...],
        session: Session,
        means: Means,
        on_change: Callable[[Driver], None],
    ) -> None:
        self.record = record
        self.session = session
        self.consent = consent
        self.session_id = record.config.session_id
        self.down: ColloqueError | None = None
        """Set once the driver takes nothing more."""
        self._telemetry = means.telemetry
        self._on_change = on_change
        self._loop = asyncio.get_running_loop()
        self._numbers = itertools.count(1)
        self._timer: asyncio.TimerHandle | None = None
        self._told_at: dict[tuple[int, str], float] = {}
        self._room = asyncio.Event()
        self._effects = Effects(self.session_id, session.seq, means, self._feed_own)
        self._effects.finished = record.closed
        self._carrier = Carrier(self._effects.commit, self._perform, self._failed)

    # --- events in ----------------------------------------------------------------------------------------------

    async def submit(self, event: ev.SessionEvent) -> None:
        """Feeds an event, and returns once all that follows from it is stored and sent.

        Raises the `ColloqueError` of a refused event, or `StoreFault` where it could not be stored.
        """
        self._feed(event)
        await self._carrier.drained()

    def take(self, event: ev.ClientSaid | ev.AudioArrived) -> bool:
        """Feeds what a connection sent. A refusal is told to that connection, and False returned."""
        try:
            self._feed(event)
        except ColloqueError as error:
            self.refuse(event.connection, error, often=isinstance(event, ev.AudioArrived))
            return False
        return True

    def refuse(self, connection: int, error: ColloqueError, *, often: bool = False) -> None:
        """Tells one connection that what it sent was refused, and closes it where it cannot go on.

        What comes `often` (audio frames) is answered once a second.
        """
        # while the session ends, its last words are still to come: it closes the connection itself
        fatal = not error.recoverable and not (isinstance(error, SessionOver) and self.session.state == "closing")
        if often and not fatal:
            now, key = self._loop.time(), (connection, error.code)
            if now - self._told_at.get(key, -AUDIO_ERROR_EVERY_S) < AUDIO_ERROR_EVERY_S:
                return
            self._told_at[key] = now
        commands: list[c.Command] = [c.SendTo(connection, self.session.refusal(error))]
        if fatal:
            commands.append(c.CloseConnection(connection, error.close_code, close_reason(error)))
        self._carrier.add(commands)

    def _feed(self, event: ev.SessionEvent) -> None:
        if self.down is not None:
            raise self.down
        try:
            commands = self.session.receive(event, self._loop.time())
        except ColloqueError:
            raise
        except Exception as error:  # a bug of ours: this session starts again from what is stored
            raise self._fail(error) from None
        if isinstance(event, ev.AudioArrived):
            self._telemetry.audio_s.inc(seconds(event.pcm.size))
        self._carrier.add(commands)
        self._arm()
        self._let_in()

    def _feed_own(self, event: ev.SessionEvent) -> None:
        """An event behind which no client stands. The session refuses none of these; if it does, that is a bug."""
        if self.down is not None:
            return
        try:
            self._feed(event)
        except ColloqueError as error:
            self._fail(error)

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self.session.next_deadline()
        if deadline is not None:
            self._timer = self._loop.call_at(deadline, self._feed_own, ev.TimerFired())

    async def _perform(self, command: c.Command) -> None:
        await self._effects.perform(command)
        self._let_in()
        if isinstance(command, c.Finished):
            duration_s = round(seconds(self.session.received_samples), 1)
            _log.info("session_finished", session=self.session_id, duration_s=duration_s)
            # later, because this command still counts as waiting
            self._loop.call_soon(self._on_change, self)

    # --- clients ------------------------------------------------------------------------------------------------

    def attach(self, *, publisher: bool, last_seq: int | None, token: str | None) -> Connection:
        """A new client. Raises `CapacityReached` or `SessionDown`."""
        connections = self._effects.connections
        if len(connections) >= CONNECTIONS_MAX:
            raise CapacityReached(f"the session has {CONNECTIONS_MAX} clients already; try again later")
        connection = Connection(next(self._numbers), publisher, self._resync)
        connections[connection.number] = connection
        try:
            self._feed(ev.ClientAttached(connection.number, publisher, last_seq, token))
        except ColloqueError:
            del connections[connection.number]
            raise
        return connection

    def detach(self, connection: Connection) -> None:
        """A client is gone, however it went."""
        if self._effects.connections.pop(connection.number, None) is None:
            return
        self._told_at = {key: at for key, at in self._told_at.items() if key[0] != connection.number}
        self._feed_own(ev.ClientDetached(connection.number))
        self._on_change(self)

    def _resync(self, connection: Connection) -> None:
        """A client that fell behind is ready to hear again: the whole state, behind all that is queued."""
        snapshot = m.Snapshot(self.session.view.to_json())
        envelope = m.Envelope(self.session.seq, seconds(self.session.received_samples), snapshot)
        self._carrier.add([c.SendTo(connection.number, envelope)])

    async def room(self) -> None:
        """Waits until there is room for more from the sockets."""
        while not self._has_room:
            self._room.clear()
            await self._room.wait()

    @property
    def _has_room(self) -> bool:
        if self.down is not None:
            return True
        return self.session.backlog_samples <= BACKLOG_SAMPLES_MAX and self._carrier.waiting <= COMMANDS_MAX

    def _let_in(self) -> None:
        if not self._room.is_set() and self._has_room:
            self._room.set()

    # --- the end ------------------------------------------------------------------------------------------------

    @property
    def finished(self) -> bool:
        """The session is over; only its note can still change."""
        return self._effects.finished

    @property
    def is_idle(self) -> bool:
        """Over, with nobody connected and nothing to do."""
        return self.finished and not self._effects.connections and not self._carrier.waiting

    def close_connections(self, code: int, reason: str) -> None:
        """Closes every client after what was sent to it."""
        for connection in self._effects.connections.values():
            connection.close(code, reason)

    async def stop(self, code: int, reason: str) -> None:
        """Stores and sends what is queued, lets everybody go, and ends. In the store the session lives on."""
        if self.down is None:
            await asyncio.gather(self._carrier.drained(), return_exceptions=True)
        self.retire(code, reason)
        await self._carrier.settled()

    def retire(self, code: int = 1001, reason: str = "going away") -> None:
        """Ends at once; what is queued is dropped."""
        if self.down is None:
            self._put_down(SessionDown("the session is put away: connect or ask again"), code, reason)

    async def settled(self) -> None:
        """Once the driver is down: waits until it writes nothing any more."""
        await self._carrier.settled()

    def _failed(self, error: Exception) -> None:
        self._fail(error)

    def _fail(self, error: Exception) -> ColloqueError:
        """Puts the session down; see the module's text. Gives what callers are told."""
        if self.down is not None:
            return self.down
        fault = (
            error
            if isinstance(error, StoreFault)
            else SessionDown(
                "the server made a mistake and starts the session again from what is stored: connect again"
            )
        )
        _log.error("session_failed", session=self.session_id, code=fault.code, exc_info=error)
        self._telemetry.failures.labels(fault.code).inc()
        # numbered no higher than what was sent, or a client would ask to go on from events that it never got
        t = seconds(self.session.received_samples)
        self._effects.tell_all(m.Envelope(self._effects.sent_seq, t, m.Fault(fault.code, str(fault), True)))
        self._put_down(fault, 1011, fault.code)
        self._on_change(self)
        return fault

    def _put_down(self, fault: ColloqueError, code: int, reason: str) -> None:
        self.down = fault
        if self._timer is not None:
            self._timer.cancel()
        self._carrier.end(fault)
        self._effects.close()
        for connection in self._effects.connections.values():
            connection.close(code, reason)
            connection.give_up_resync()
        self._room.set()


def close_reason(error: ColloqueError) -> str:
    """What a close frame says: the stable code, and when to come back."""
    return f"{error.code}; retry_after={error.retry_after_s}" if isinstance(error, CapacityReached) else error.code
