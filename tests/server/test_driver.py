"""One session driven against a real store: order, durability, back-pressure, faults."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from colloque.server.connection import Closing, Connection
from colloque.server.driver import CONNECTIONS_MAX, Driver, SessionDown
from colloque.server.effects import REPLAY_MAX, Means, StoreFault
from colloque.server.engines import Engines
from colloque.server.ports import Change, SessionRecord
from colloque.server.storage.errors import StorageFailed
from colloque.server.storage.sqlite import SqliteStore
from colloque.server.telemetry import Telemetry
from colloque.streaming import messages as m
from colloque.streaming.audio import samples
from colloque.streaming.config import SessionConfig, SessionLimits
from colloque.streaming.engines import EngineFailed, Progress
from colloque.streaming.errors import BadAudio, CapacityReached, NotAllowed, SessionOver, TooBig
from colloque.streaming.events import AudioArrived, ClientSaid, ConsentRecorded, Ended
from colloque.streaming.session import Session
from tests.server.hand_engines import HandEngine, HandNotes

CONFIG = SessionConfig("s-1", "fr")


class FragileStore(SqliteStore):
    """A real store whose disk can be full."""

    full = False

    async def commit(self, session_id: str, changes: Sequence[Change]) -> None:
        if self.full:
            raise StorageFailed("the database could not be written")
        await super().commit(session_id, changes)


class Bench:
    """A driver with all that it needs."""

    def __init__(self, folder: Path, engine: HandEngine | None = None, limits: SessionLimits | None = None) -> None:
        self.store = FragileStore(folder / "colloque.sqlite3")
        self.engine = engine or HandEngine()
        self.notes = HandNotes()
        self.telemetry = Telemetry()
        self.engines = Engines(self.engine, self.notes, self.telemetry)
        self.limits = limits or SessionLimits(draft_after_s=0.01, draft_at_least_s=0.02)
        self.changes: list[Driver] = []

    async def start(self) -> Driver:
        record = SessionRecord(CONFIG, "2031-05-04T08:30:00Z", ())
        await self.store.create(record)
        await self.engines.warm_up()
        means = Means(self.store, self.engines, self.telemetry)
        return Driver(record, (), Session(CONFIG, self.limits), means, self.changes.append)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    await bench.store.close()


class Client:
    """Reads what a connection is sent."""

    def __init__(self, driver: Driver, *, publisher: bool = False, last_seq: int | None = None) -> None:
        self.driver = driver
        self.connection: Connection = driver.attach(publisher=publisher, last_seq=last_seq, token=None)
        self.number = self.connection.number

    async def read(self) -> dict[str, Any]:
        item = await self.connection.next()
        if isinstance(item, Closing):
            return {"type": "close", "code": item.code, "reason": item.reason}
        event: dict[str, Any] = json.loads(item.text)
        return event

    async def until(self, kind: str) -> dict[str, Any]:
        while (event := await self.read())["type"] != kind:
            assert event["type"] != "close", event
        return event

    def speak(self, duration_s: float = 0.02, level: float = 0.1) -> bool:
        return self.driver.take(AudioArrived(self.number, np.full((1, samples(duration_s)), level, np.float32)))

    def say(self, message: m.ClientMessage) -> bool:
        return self.driver.take(ClientSaid(self.number, message))


async def live(bench: Bench) -> tuple[Driver, Client]:
    driver = await bench.start()
    await driver.submit(ConsentRecorded(True))
    client = Client(driver, publisher=True)
    await client.until("snapshot")
    return driver, client


async def test_a_client_is_greeted_and_hears_what_follows(bench: Bench) -> None:
    driver = await bench.start()
    client = Client(driver)
    assert (await client.read())["type"] == "session.ready"
    assert (await client.read())["type"] == "snapshot"
    await driver.submit(ConsentRecorded(True))
    assert (await client.read())["state"] == "live"


async def test_a_client_hears_nothing_before_it_is_greeted(bench: Bench) -> None:
    driver = await bench.start()
    submitted = asyncio.create_task(driver.submit(ConsentRecorded(True)))
    await asyncio.sleep(0)  # fed, and not yet carried out
    client = Client(driver, last_seq=0)
    await submitted
    assert (await client.read())["type"] == "session.ready"
    assert [(await client.read())["type"] for _ in range(1)] == ["session.state"]
    await driver.submit(Ended("test"))
    assert (await client.until("session.ended"))["seq"] == driver.session.seq


async def test_what_is_acknowledged_is_stored(bench: Bench) -> None:
    driver, client = await live(bench)
    for _ in range(50):
        client.speak(0.02)
    acked = 0
    while acked < samples(0.75):
        acked = (await client.until("audio.ack"))["samples"]
        stored = await bench.store.load("s-1")
        assert stored is not None
        assert stored.received_samples >= acked


async def test_words_are_stored_before_they_are_sent(bench: Bench) -> None:
    driver, client = await live(bench)
    client.speak(3.0)
    event = await client.until("transcript.final")
    texts = [json.loads(stored.text) for stored in await bench.store.events("s-1", 0, event["seq"])]
    assert texts[-1] == event
    await driver.submit(Ended("test"))


async def test_the_end_flushes_and_frees_the_slot(bench: Bench) -> None:
    driver, client = await live(bench)
    client.speak(2.5)
    client.say(m.End())
    ended = await client.until("session.ended")
    assert ended["summary"]["words"] == 3
    assert (await client.read())["code"] == 1000
    assert bench.engine.streams[-1].closed
    driver.detach(client.connection)
    stored = await bench.store.load("s-1")
    assert stored is not None
    assert stored.record.closed
    assert driver.is_idle
    assert bench.changes[-1] is driver


async def test_a_note_is_drafted_off_the_hot_path(bench: Bench) -> None:
    driver, client = await live(bench)
    client.speak(3.0)
    client.say(m.End())
    await client.until("session.ended")
    assert bench.notes.requests[-1].turns
    assert bench.notes.requests[-1].session_id == "s-1"


async def test_a_failing_draft_leaves_the_session_alone(bench: Bench) -> None:
    driver, client = await live(bench)
    bench.notes.answer = RuntimeError("no grammar")
    client.speak(3.0)
    client.say(m.End())
    assert (await client.until("session.ended"))["summary"]["words"] == 3


# --- refusals ---------------------------------------------------------------------------------------------------------


async def test_a_refusal_is_told_to_its_own_connection_only(bench: Bench) -> None:
    driver = await bench.start()
    publisher, viewer = Client(driver, publisher=True), Client(driver)
    await publisher.until("snapshot")
    await viewer.until("snapshot")
    assert not publisher.speak()
    error = await publisher.read()
    assert (error["type"], error["code"], error["recoverable"]) == ("error", "consent_required", True)
    await driver.submit(ConsentRecorded(True))
    assert (await viewer.read())["type"] == "session.state"


async def test_refused_audio_is_told_of_once_a_second(bench: Bench) -> None:
    driver = await bench.start()
    client = Client(driver, publisher=True)
    await client.until("snapshot")
    for _ in range(20):
        assert not client.speak()
    driver.refuse(client.number, BadAudio("odd"), often=True)
    await driver.submit(ConsentRecorded(True))
    codes = [(await client.read()).get("code") for _ in range(3)]
    assert codes == ["consent_required", "bad_audio", None]


async def test_what_cannot_go_on_is_closed_after_the_reason(bench: Bench) -> None:
    driver = await bench.start()
    client = Client(driver)
    await client.until("snapshot")
    driver.refuse(client.number, TooBig("too big"))
    assert (await client.read())["code"] == "too_big"
    assert await client.read() == {"type": "close", "code": 1009, "reason": "too_big"}


async def test_a_viewer_may_not_speak(bench: Bench) -> None:
    driver, _ = await live(bench)
    viewer = Client(driver)
    await viewer.until("snapshot")
    assert not viewer.speak()
    assert (await viewer.read())["code"] == NotAllowed.code


async def test_audio_after_the_end_is_refused_and_the_last_words_still_come(bench: Bench) -> None:
    bench.engine.by_itself = False
    driver, client = await live(bench)
    client.speak(1.0)
    client.say(m.End())
    assert not client.speak(1.0)
    assert (await client.until("error"))["code"] == SessionOver.code
    await driver.submit(Ended("test"))
    stream = bench.engine.streams[-1]
    while not stream.flushes:
        await asyncio.sleep(0)
    bench.engine.by_itself = True
    stream.flush(stream.flushes[0])
    assert (await client.until("session.ended"))["summary"]["words"] == 1


async def test_connections_are_bounded(bench: Bench) -> None:
    driver = await bench.start()
    clients = [Client(driver) for _ in range(CONNECTIONS_MAX)]
    with pytest.raises(CapacityReached):
        Client(driver)
    driver.detach(clients[0].connection)
    Client(driver)


# --- back-pressure and slow clients -----------------------------------------------------------------------------------


async def test_a_publisher_waits_while_too_much_is_not_worked_through(bench: Bench) -> None:
    bench.engine.by_itself = False
    driver, client = await live(bench)
    client.speak(21.0)
    waiting = asyncio.create_task(driver.room())
    await driver.submit(ConsentRecorded(True))
    assert not waiting.done()
    while not bench.engine.streams or bench.engine.streams[-1].samples < samples(21.0):
        await asyncio.sleep(0)
    bench.engine.say(Progress(samples(5.0)))
    await waiting


async def test_a_viewer_that_falls_behind_ends_with_the_same_state(bench: Bench) -> None:
    driver, client = await live(bench)
    slow = Client(driver)
    slow.connection._messages_max = 4
    client.speak(30.0)
    client.say(m.End())
    await client.until("session.ended")
    event = await slow.until("snapshot")
    assert sum(len(turn["words"]) for turn in event["state"]["turns"]) == 30


async def test_what_was_missed_is_replayed(bench: Bench) -> None:
    driver, client = await live(bench)
    client.speak(3.0)
    first = await client.until("transcript.final")
    driver.detach(client.connection)
    again = Client(driver, publisher=True, last_seq=first["seq"])
    assert (await again.read())["type"] == "session.ready"
    following = await again.until("transcript.final")
    assert following["words"][0]["text"] == "mot2"


async def test_too_much_to_replay_becomes_a_snapshot(bench: Bench) -> None:
    driver, client = await live(bench)
    for i in range(REPLAY_MAX + 1):
        client.say(m.SpeakerAssign("S1", name=f"name {i}"))
    client.say(m.Finalize())
    await driver.submit(ConsentRecorded(True))
    again = Client(driver, last_seq=1)
    assert (await again.read())["type"] == "session.ready"
    event = await again.read()
    assert event["type"] == "snapshot"
    assert event["seq"] == driver.session.seq


# --- faults -----------------------------------------------------------------------------------------------------------


async def test_a_full_disk_acknowledges_nothing_and_sends_the_client_away_to_come_back(bench: Bench) -> None:
    driver, client = await live(bench)
    viewer = Client(driver)
    await viewer.until("snapshot")
    bench.store.full = True
    client.speak(1.0)
    event = await client.read()
    assert (event["type"], event["code"], event["recoverable"]) == ("error", "storage", True)
    assert await client.read() == {"type": "close", "code": 1011, "reason": "storage"}
    assert (await viewer.until("error"))["code"] == "storage"
    stored = await bench.store.load("s-1")
    assert stored is not None
    assert stored.received_samples == 0
    assert event["seq"] <= stored.last_seq
    assert bench.changes[-1] is driver
    with pytest.raises(StoreFault):
        await driver.submit(Ended("test"))
    with pytest.raises(StoreFault):
        Client(driver)


async def test_an_edit_that_cannot_be_stored_is_an_error_of_its_caller(bench: Bench) -> None:
    driver, _ = await live(bench)
    bench.store.full = True
    with pytest.raises(StoreFault):
        await driver.submit(Ended("test"))


async def test_a_bug_puts_the_session_down_and_nothing_else(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    driver, client = await live(bench)
    monkeypatch.setattr(driver.session, "receive", lambda event, now: 1 / 0)
    assert not client.speak()
    assert (await client.until("error"))["code"] == "session_down"
    assert (await client.read())["code"] == 1011
    assert bench.engine.streams[-1].closed
    assert isinstance(driver.down, SessionDown)
    assert b'colloque_session_failures_total{code="session_down"} 1.0' in bench.telemetry.render()


async def test_a_failed_engine_is_opened_again_with_what_it_had_not_worked_through(bench: Bench) -> None:
    driver, client = await live(bench)
    client.speak(1.0)
    await client.until("transcript.final")
    bench.engine.say(EngineFailed("native"))
    assert (await client.until("warning"))["code"] == "engine_restarted"
    client.speak(1.0)
    client.say(m.End())
    ended = await client.until("session.ended")
    assert ended["summary"]["words"] == 2
    assert len(bench.engine.streams) == 2


async def test_stop_stores_and_sends_what_is_queued(bench: Bench) -> None:
    driver, client = await live(bench)
    client.speak(1.0)
    await driver.stop(1001, "going away")
    kinds = []
    while (event := await client.read())["type"] != "close":
        kinds.append(event["type"])
    assert "audio.ack" in kinds
    assert event["code"] == 1001
    stored = await bench.store.load("s-1")
    assert stored is not None
    assert stored.received_samples == samples(1.0)
    assert not stored.record.closed
    with pytest.raises(SessionDown):
        await driver.submit(Ended("test"))


async def test_time_limits_are_kept_without_any_client(tmp_path: Path) -> None:
    bench = Bench(tmp_path, limits=SessionLimits(publisher_wait_s=0.01))
    driver = await bench.start()
    await driver.submit(ConsentRecorded(True))
    client = Client(driver)
    assert (await client.until("session.ended"))["type"] == "session.ended"
    await bench.store.close()


async def test_events_that_need_no_storing_are_not_stored(bench: Bench) -> None:
    driver, client = await live(bench)
    client.speak(2.0)
    await client.until("lag")
    texts = [stored.text for stored in await bench.store.events("s-1", 0, 10**9)]
    assert texts
    assert not any('"type":"lag"' in text for text in texts)
