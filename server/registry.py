"""The sessions of this server: which take a slot, which are awake, and how the others are woken up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace

import structlog

from colloque.server.clinical import consent
from colloque.server.driver import Driver, SessionDown
from colloque.server.effects import Means
from colloque.server.ports import SessionRecord, StoredSession, TokenRecord
from colloque.streaming.config import SessionConfig, SessionLimits
from colloque.streaming.engines import Writer
from colloque.streaming.errors import CapacityReached, UnknownSession
from colloque.streaming.events import ConsentRecorded, Ended, Restored
from colloque.streaming.messages import SessionConfigured
from colloque.streaming.session import Session
from colloque.streaming.view import SessionView
from colloque.streaming.wire import decode_event

RESTING_MAX = 8
"""Sessions that are over and kept in memory, so that a note which is being edited is not loaded with every request."""
STOP_WAIT_S = 1.5

_log = structlog.get_logger(__name__)


class SessionRegistry:
    """Every session has at most one driver. All methods belong to the event loop's thread."""

    def __init__(self, means: Means, limits: SessionLimits, sessions_max: Callable[[], int]) -> None:
        self._means = means
        self._limits = limits
        self._sessions_max = sessions_max
        """Asked each time: the machine is measured while the server is up already."""
        self._open: set[str] = set()
        """Sessions that are not over: each takes a slot."""
        self._drivers: dict[str, Driver] = {}
        """The sessions that are awake, the least recently used first."""
        self._waking: dict[str, asyncio.Task[Driver]] = {}
        self._erasing: set[str] = set()
        self._stopping = False
        means.telemetry.watch_sessions(lambda: len(self._open), lambda: self.in_memory)

    @property
    def in_memory(self) -> int:
        """Sessions that are awake."""
        return len(self._drivers)

    async def start(self) -> None:
        """Wakes up the sessions that were open when the server last ended, so that their time limits go on."""
        session_ids = await self._means.store.open_sessions()
        self._open.update(session_ids)
        results = await asyncio.gather(*map(self.get, session_ids), return_exceptions=True)
        for session_id, result in zip(session_ids, results, strict=True):
            if isinstance(result, BaseException):
                self._open.discard(session_id)
                _log.error("session_not_restored", session=session_id, exc_info=result)
        if session_ids:
            _log.info("sessions_restored", count=len(session_ids))

    async def create(self, config: SessionConfig, tokens: tuple[TokenRecord, ...], created_at: str) -> None:
        """Opens a session. Raises `CapacityReached`."""
        sessions_max = self._sessions_max()
        if len(self._open) >= sessions_max or self._stopping:
            raise CapacityReached(
                f"all {sessions_max} session slots are taken: one more would make every session late; try again"
                " later, or end a session that is no longer needed"
            )
        session_id = config.session_id
        self._open.add(session_id)
        record = SessionRecord(config, created_at, tokens)
        try:
            await self._means.store.create(record)
        except BaseException:
            self._open.discard(session_id)
            raise
        self._drivers[session_id] = self._drive(record, (), Session(config, self._limits, self._means.engines.writer))
        _log.info("session_created", session=session_id)

    async def get(self, session_id: str) -> Driver:
        """The session's driver; wakes the session up from the store where needed. Raises `UnknownSession`."""
        if session_id in self._erasing:
            raise _unknown()
        if self._stopping:
            raise SessionDown("the server is going away: connect again when it is back")
        driver = self._drivers.get(session_id)
        if driver is not None and driver.down is None:
            self._drivers[session_id] = self._drivers.pop(session_id)
            return driver
        task = self._waking.get(session_id)
        if task is None:
            task = asyncio.create_task(self._wake_up(session_id), name=session_id)
            self._waking[session_id] = task
            task.add_done_callback(self._awake)
        # several may wait for it; one that goes away must not take it from the others
        return await asyncio.shield(task)

    def _awake(self, task: asyncio.Task[Driver]) -> None:
        del self._waking[task.get_name()]
        if not task.cancelled():
            task.exception()  # seen by those who wait for it; there may be none left

    async def _wake_up(self, session_id: str) -> Driver:
        former = self._drivers.pop(session_id, None)
        if former is not None:
            await former.settled()
        stored = await self._means.store.load(session_id)
        if stored is None:
            raise _unknown()
        session = _restore(stored, self._limits, self._means.engines.writer)
        record = stored.record
        if session.state == "closed" and not record.closed:
            # the server ended between the last word and this mark
            await self._means.store.set_closed(session_id)
            record = replace(record, closed=True)
        driver = self._drive(record, stored.consent, session)
        self._drivers[session_id] = driver
        if record.closed:
            self._open.discard(session_id)
        else:
            self._open.add(session_id)
            await driver.submit(Restored())
            await _keep_consent(driver)
        self._retire_resting()
        return driver

    def _drive(self, record: SessionRecord, history: tuple[consent.ConsentRecord, ...], session: Session) -> Driver:
        return Driver(record, history, session, self._means, self._changed)

    def _changed(self, driver: Driver) -> None:
        """A driver has finished its session, lost a client, or was put down."""
        if driver.finished:
            self._open.discard(driver.session_id)
        self._retire_resting()

    def _retire_resting(self) -> None:
        resting = [driver for driver in self._drivers.values() if driver.is_idle]
        for driver in resting[: max(0, len(resting) - RESTING_MAX)]:
            del self._drivers[driver.session_id]
            driver.retire()

    async def erase(self, session_id: str) -> None:
        """Ends the session and deletes everything of it. Raises `UnknownSession`."""
        driver = await self.get(session_id)
        self._erasing.add(session_id)
        try:
            # a driver that fails over this is put down, and what it knew is erased all the same
            await asyncio.gather(driver.submit(Ended("erased")), return_exceptions=True)
            await driver.stop(1000, "erased")
            await self._means.store.erase(session_id)
            self._means.engines.forget(session_id)
            self._drivers.pop(session_id, None)
            self._open.discard(session_id)
            _log.info("session_erased", session=session_id)
        finally:
            self._erasing.discard(session_id)

    def close_connections(self) -> None:
        """The server is going away: every client is closed with 1001, and resumes where the server comes back."""
        for driver in self._drivers.values():
            driver.close_connections(1001, "the server is going away; connect again")

    async def stop(self) -> None:
        """Puts all sessions away; they go on from the store after a restart."""
        self._stopping = True
        await asyncio.gather(*self._waking.values(), return_exceptions=True)
        drivers = _named(self._drivers.values())
        if drivers:
            done, late = await asyncio.wait(drivers, timeout=STOP_WAIT_S)
            for task in late:
                _log.error("session_not_flushed", session=task.get_name())
                task.cancel()
        self._drivers.clear()


def _named(drivers: Iterable[Driver]) -> list[asyncio.Task[None]]:
    return [
        asyncio.create_task(driver.stop(1001, "the server is going away; connect again"), name=driver.session_id)
        for driver in drivers
    ]


def _restore(stored: StoredSession, limits: SessionLimits, writer: Writer | None) -> Session:
    config = stored.record.config
    view = SessionView(
        config=SessionConfigured(config.language, config.tracks, config.keyterms, config.speakers_max),
    )
    for event in stored.events:
        envelope = decode_event(event.text)
        if envelope is not None:
            view.apply(envelope.event)
    return Session.restore(
        config,
        view,
        received_samples=stored.received_samples,
        last_seq=stored.last_seq,
        checkpoints=stored.checkpoints,
        limits=limits,
        writer=writer,
    )


async def _keep_consent(driver: Driver) -> None:
    """A decision is written down before the session hears of it: where the server ended in between, it hears now."""
    status = consent.status(driver.consent)
    if status == "given" and driver.session.state == "waiting_consent":
        await driver.submit(ConsentRecorded(True))
    elif status in ("refused", "withdrawn") and driver.session.state != "closed":
        await driver.submit(ConsentRecorded(False, driver.consent[-1].erase))


def _unknown() -> UnknownSession:
    return UnknownSession("there is no session with this id here: it never was, or it was erased; open a new one")
