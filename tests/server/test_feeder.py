"""One track's audio reaches the engine whole, in order, and no faster than it is worked off."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np

from colloque.server.engines import Engines
from colloque.server.feeder import INBOX_SAMPLES, Feeder
from colloque.server.ports import SessionRecord
from colloque.server.storage.sqlite import SqliteStore
from colloque.server.telemetry import Telemetry
from colloque.streaming.audio import AudioChunk, samples
from colloque.streaming.commands import OpenStream, StoreAudio
from colloque.streaming.config import SessionConfig
from colloque.streaming.engines import EngineFailed, Flushed, Progress, SpeechResult, StreamSpec
from tests.server.hand_engines import HandEngine, HandNotes


class Bench:
    """A feeder between a real store and an engine by hand."""

    def __init__(self, store: SqliteStore, engine: HandEngine) -> None:
        self.engine = engine
        self.store = store
        self.engines = Engines(engine, HandNotes(), Telemetry())
        self.results: list[SpeechResult] = []
        self._arrived = asyncio.Event()

    def open(self, start_sample: int = 0, *, replay: bool = False) -> Feeder:
        command = OpenStream(StreamSpec("s-1", 0, "fr", start_sample=start_sample), 1, replay)
        return Feeder(command, self.engines, self.store, self._deliver)

    def _deliver(self, result: SpeechResult) -> None:
        self.results.append(result)
        self._arrived.set()

    async def until(self, result: SpeechResult) -> None:
        while result not in self.results:
            self._arrived.clear()
            await self._arrived.wait()


def chunk(start: int, count: int) -> AudioChunk:
    return AudioChunk(start, ramp(start, count))


def ramp(start: int, count: int) -> np.ndarray:
    """Samples that tell their place: exact in 16 bits, as the journal keeps them."""
    return (np.arange(start, start + count) % 30_000 / 32_768).astype(np.float32)


def heard(engine: HandEngine) -> np.ndarray:
    return np.concatenate([piece.pcm for piece in engine.streams[-1].chunks])


async def bench(tmp_path: Path, engine: HandEngine | None = None) -> Bench:
    store = SqliteStore(tmp_path / "colloque.sqlite3")
    await store.create(SessionRecord(SessionConfig("s-1", "fr"), "2031-05-04T08:30:00Z", ()))
    return Bench(store, engine or HandEngine())


async def test_audio_waits_for_the_engine_to_be_warm(tmp_path: Path) -> None:
    it = await bench(tmp_path)
    feeder = it.open()
    feeder.push(chunk(0, 320))
    feeder.flush(1)
    await asyncio.sleep(0)
    assert it.engine.streams == []
    await it.engines.warm_up()
    await it.until(Flushed(1))
    assert np.array_equal(heard(it.engine), ramp(0, 320))
    await it.store.close()


async def test_the_journal_comes_before_what_is_new_and_nothing_comes_twice(tmp_path: Path) -> None:
    it = await bench(tmp_path)
    await it.engines.warm_up()
    for start in (0, 1000, 2000):
        await it.store.commit("s-1", [StoreAudio(start, ramp(start, 1000)[None], 0)])
    feeder = it.open(500, replay=True)
    feeder.push(chunk(2000, 1000))  # journalled meanwhile
    feeder.push(chunk(2900, 600))
    feeder.flush(1)
    await it.until(Flushed(1))
    assert np.array_equal(heard(it.engine), ramp(500, 3000))
    await it.store.close()


async def test_long_audio_is_pushed_in_pieces(tmp_path: Path) -> None:
    it = await bench(tmp_path)
    await it.engines.warm_up()
    feeder = it.open()
    feeder.push(chunk(0, samples(5.5)))
    feeder.flush(1)
    await it.until(Flushed(1))
    assert [len(piece.pcm) for piece in it.engine.streams[-1].chunks] == [samples(1)] * 5 + [samples(0.5)]
    await it.store.close()


async def test_tiny_frames_are_gathered_and_the_rest_comes_with_the_flush(tmp_path: Path) -> None:
    it = await bench(tmp_path)
    await it.engines.warm_up()
    feeder = it.open()
    for start in range(0, 1000, 10):
        feeder.push(chunk(start, 10))
    feeder.flush(1)
    await it.until(Flushed(1))
    assert [len(piece.pcm) for piece in it.engine.streams[-1].chunks] == [320, 320, 320, 40]
    assert np.array_equal(heard(it.engine), ramp(0, 1000))
    await it.store.close()


async def test_the_engine_is_never_given_more_than_its_inbox(tmp_path: Path) -> None:
    it = await bench(tmp_path, HandEngine(by_itself=False))
    await it.engines.warm_up()
    feeder = it.open()
    feeder.push(chunk(0, INBOX_SAMPLES * 2))
    feeder.flush(1)
    stream = None
    while stream is None or stream.samples < INBOX_SAMPLES:
        await asyncio.sleep(0)
        stream = it.engine.streams[-1] if it.engine.streams else None
    for _ in range(20):
        await asyncio.sleep(0)
    assert stream.samples == INBOX_SAMPLES
    assert stream.flushes == []
    stream.deliver(Progress(samples(3)))
    await it.until(Progress(samples(3)))
    while stream.samples < INBOX_SAMPLES + samples(3):
        await asyncio.sleep(0)
    stream.deliver(Progress(INBOX_SAMPLES + samples(3)))
    while not stream.flushes:
        await asyncio.sleep(0)
    assert stream.samples == INBOX_SAMPLES * 2
    feeder.close()
    await it.store.close()


async def test_a_full_engine_is_an_answer(tmp_path: Path) -> None:
    it = await bench(tmp_path, HandEngine(slots=0))
    await it.engines.warm_up()
    it.open()
    await it.until(EngineFailed("full"))
    await it.store.close()


async def test_an_engine_that_could_not_be_started_is_an_answer(tmp_path: Path) -> None:
    engine = HandEngine()
    engine.fault = FileNotFoundError("no model")
    it = await bench(tmp_path, engine)
    await it.engines.warm_up()
    it.open()
    await it.until(EngineFailed("not_ready"))
    await it.store.close()


async def test_a_fault_of_the_engine_stays_with_the_stream(tmp_path: Path) -> None:
    it = await bench(tmp_path)
    await it.engines.warm_up()
    it.engine.fault = RuntimeError("native")
    it.open()
    await it.until(EngineFailed("engine"))
    await it.store.close()


async def test_nothing_is_delivered_after_the_end(tmp_path: Path) -> None:
    it = await bench(tmp_path)
    await it.engines.warm_up()
    feeder = it.open()
    feeder.flush(1)
    await it.until(Flushed(1))
    feeder.close()
    assert it.engine.streams[-1].closed
    it.engine.say(Progress(320))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert it.results == [Flushed(1)]
    await it.store.close()


async def test_a_stream_that_the_engine_gave_up_is_not_closed_again(tmp_path: Path) -> None:
    it = await bench(tmp_path)
    await it.engines.warm_up()
    feeder = it.open()
    feeder.flush(1)
    await it.until(Flushed(1))
    it.engine.say(EngineFailed("native"))
    await it.until(EngineFailed("native"))
    feeder.close()
    assert not it.engine.streams[-1].closed
    await it.store.close()
