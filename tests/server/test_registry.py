"""Slots, waking up from the store, restarts, erasure."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest

from colloque.server.clinical.consent import ConsentRecord
from colloque.server.connection import Closing, Connection
from colloque.server.driver import Driver, SessionDown
from colloque.server.effects import Means
from colloque.server.engines import Engines
from colloque.server.registry import RESTING_MAX, SessionRegistry
from colloque.server.storage.sqlite import SqliteStore
from colloque.server.telemetry import Telemetry
from colloque.streaming.audio import samples
from colloque.streaming.config import SessionConfig, SessionLimits
from colloque.streaming.errors import CapacityReached, UnknownSession
from colloque.streaming.events import AudioArrived, ConsentRecorded, Ended
from tests.server.hand_engines import HandEngine, HandNotes

AT = "2031-05-04T08:30:00Z"
GIVEN = ConsentRecord(True, "verbal", "dr-1", AT)


class Server:
    """A registry over a folder; another one over the same folder is the server after a restart."""

    def __init__(self, folder: Path, sessions_max: int = 2) -> None:
        self.store = SqliteStore(folder / "colloque.sqlite3")
        self.engine = HandEngine(slots=16)
        self.notes = HandNotes()
        telemetry = Telemetry()
        self.engines = Engines(self.engine, self.notes, telemetry)
        means = Means(self.store, self.engines, telemetry)
        self.registry = SessionRegistry(means, SessionLimits(), lambda: sessions_max)

    async def start(self) -> Server:
        await self.engines.warm_up()
        await self.registry.start()
        return self

    async def open(self, session_id: str, language: str = "fr") -> Driver:
        await self.registry.create(SessionConfig(session_id, language), (), AT)  # type: ignore[arg-type]
        return await self.registry.get(session_id)

    async def live(self, session_id: str) -> tuple[Driver, Connection]:
        driver = await self.open(session_id)
        await self.store.add_consent(session_id, GIVEN)
        driver.consent = (GIVEN,)
        await driver.submit(ConsentRecorded(True))
        return driver, driver.attach(publisher=True, last_seq=None, token=None)

    async def stop(self) -> None:
        await self.registry.stop()
        await self.store.close()


def speak(driver: Driver, connection: Connection, duration_s: float) -> None:
    assert driver.take(AudioArrived(connection.number, np.full((1, samples(duration_s)), 0.1, np.float32)))


async def kinds(connection: Connection) -> list[str]:
    """Everything until the connection is closed."""
    found = []
    while not isinstance(item := await connection.next(), Closing):
        found.append(json.loads(item.text)["type"])
    return [*found, f"close {item.code}"]


async def words(driver: Driver) -> list[str]:
    return [word.text for turn in driver.session.view.transcript() for word in turn.words]


async def test_slots_are_bounded_and_freed_at_the_end(tmp_path: Path) -> None:
    server = await Server(tmp_path, sessions_max=1).start()
    driver = await server.open("s-1")
    with pytest.raises(CapacityReached) as refused:
        await server.open("s-2")
    assert refused.value.retry_after_s > 0
    await driver.submit(Ended("test"))
    await server.open("s-2")
    await server.stop()


async def test_a_session_that_could_not_be_kept_takes_no_slot(tmp_path: Path) -> None:
    server = await Server(tmp_path, sessions_max=2).start()
    await server.open("s-1")
    with pytest.raises(Exception, match="database"):
        await server.open("s-1")
    await server.registry.get("s-1")
    await server.stop()


async def test_unknown_sessions_are_unknown(tmp_path: Path) -> None:
    server = await Server(tmp_path).start()
    with pytest.raises(UnknownSession):
        await server.registry.get("nobody")
    await server.stop()


async def test_a_session_has_one_driver_however_many_ask(tmp_path: Path) -> None:
    server = await Server(tmp_path).start()
    await server.open("s-1")
    await server.stop()
    again = Server(tmp_path)
    first, second = await asyncio.gather(again.registry.get("s-1"), again.registry.get("s-1"))
    assert first is second
    await again.stop()


async def test_one_who_stops_waiting_does_not_take_it_from_the_others(tmp_path: Path) -> None:
    server = await Server(tmp_path).start()
    await server.open("s-1")
    await server.stop()
    again = Server(tmp_path)
    impatient = asyncio.create_task(again.registry.get("s-1"))
    patient = asyncio.create_task(again.registry.get("s-1"))
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await patient).session_id == "s-1"
    await again.stop()


async def test_a_restart_loses_no_word_and_no_acknowledged_audio(tmp_path: Path) -> None:
    server = await Server(tmp_path).start()
    driver, connection = await server.live("s-1")
    speak(driver, connection, 2.5)
    await driver.submit(ConsentRecorded(True))
    while await words(driver) != ["mot1", "mot2"]:
        await asyncio.sleep(0)
    await server.stop()
    assert "close 1001" in await kinds(connection)

    again = await Server(tmp_path).start()
    driver = await again.registry.get("s-1")
    assert driver.consent == (GIVEN,)
    assert driver.session.state == "live"
    assert driver.session.received_samples == samples(2.5)
    assert await words(driver) == ["mot1", "mot2"]
    connection = driver.attach(publisher=True, last_seq=None, token=None)
    speak(driver, connection, 0.5)
    await driver.submit(Ended("test"))
    assert "session.ended" in await kinds(connection)
    assert await words(driver) == ["mot1", "mot2", "mot3"]
    await again.stop()


async def test_open_sessions_keep_their_slots_over_a_restart(tmp_path: Path) -> None:
    server = await Server(tmp_path, sessions_max=1).start()
    await server.open("s-1")
    await server.stop()
    again = await Server(tmp_path, sessions_max=1).start()
    with pytest.raises(CapacityReached):
        await again.open("s-2")
    await again.stop()


async def test_the_language_survives_a_restart(tmp_path: Path) -> None:
    server = await Server(tmp_path).start()
    await server.open("s-1", "de")
    await server.stop()
    again = await Server(tmp_path).start()
    assert (await again.registry.get("s-1")).session.view.config.language == "de"
    await again.stop()


@pytest.mark.parametrize(
    ("decision", "state"),
    [(GIVEN, "live"), (ConsentRecord(False, "verbal", "dr-1", AT), "closed")],
)
async def test_consent_that_was_kept_but_not_acted_on_is_acted_on(
    tmp_path: Path, decision: ConsentRecord, state: str
) -> None:
    server = await Server(tmp_path).start()
    await server.open("s-1")
    await server.store.add_consent("s-1", decision)
    await server.stop()
    again = await Server(tmp_path).start()
    assert (await again.registry.get("s-1")).session.state == state
    await again.stop()


async def test_a_session_that_was_put_down_is_woken_up_as_it_was_stored(tmp_path: Path) -> None:
    server = await Server(tmp_path).start()
    driver, connection = await server.live("s-1")
    speak(driver, connection, 1.0)
    while not await words(driver):
        await asyncio.sleep(0)
    await driver.submit(ConsentRecorded(True))
    driver.retire()
    woken = await server.registry.get("s-1")
    assert woken is not driver
    assert await words(woken) == ["mot1"]
    await server.stop()


async def test_sessions_that_are_over_leave_the_memory_but_can_be_read(tmp_path: Path) -> None:
    server = await Server(tmp_path, sessions_max=1).start()
    for number in range(RESTING_MAX + 3):
        driver = await server.open(f"s-{number}")
        await driver.submit(Ended("test"))
    await asyncio.sleep(0)
    assert server.registry.in_memory == RESTING_MAX
    oldest = await server.registry.get("s-0")
    assert oldest.finished
    assert oldest.session.state == "closed"
    assert server.registry.in_memory == RESTING_MAX
    await server.stop()


async def test_erasing_ends_the_session_and_leaves_nothing(tmp_path: Path) -> None:
    server = await Server(tmp_path, sessions_max=1).start()
    driver, connection = await server.live("s-1")
    speak(driver, connection, 1.0)
    erasing = asyncio.create_task(server.registry.erase("s-1"))
    told = await kinds(connection)
    await erasing
    assert told[-1] == "close 1000"
    assert await server.store.load("s-1") is None
    with pytest.raises(UnknownSession):
        await server.registry.get("s-1")
    with pytest.raises(UnknownSession):
        await server.registry.erase("s-1")
    with pytest.raises(SessionDown):
        await driver.submit(Ended("test"))
    assert server.engine.streams[-1].closed
    await server.open("s-2")
    await server.stop()


async def test_a_server_that_stops_takes_nothing_more(tmp_path: Path) -> None:
    server = await Server(tmp_path).start()
    await server.open("s-1")
    await server.registry.stop()
    with pytest.raises(SessionDown):
        await server.registry.get("s-1")
    with pytest.raises(CapacityReached):
        await server.open("s-2")
    await server.store.close()
