"""Playing streams to a system."""

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence

import numpy as np

from benchmarks.recognition.measuring import measure
from benchmarks.recognition.stream import Pcm16, SpokenWord, Stream, Update
from benchmarks.recognition.systems.system import StreamRefused

STREAM = Stream("x", "fr", np.zeros(1_600, np.int16), (SpokenWord("un", 0.0, 0.1, 0),), "reference")


class OneStreamSystem:
    """Takes one stream at once, and says what it was told to."""

    name = "scripted"

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._taken = False

    async def start(self, language: str, streams: int) -> None:
        self.calls.append(f"start {language} {streams}")

    @property
    def pids(self) -> Sequence[int]:
        return [os.getpid()]

    async def recognise(self, pcm: Pcm16, language: str) -> AsyncGenerator[Update]:
        if self._taken:
            raise StreamRefused("full")
        self._taken = True
        yield Update(0.0, "")
        yield Update(0.5, "un")

    async def stop(self) -> None:
        self.calls.append("stop")


class EndlessSystem(OneStreamSystem):
    """Is never done."""

    async def recognise(self, pcm: Pcm16, language: str) -> AsyncGenerator[Update]:
        yield Update(0.0, "")
        await asyncio.Event().wait()


async def test_scores_and_refusals() -> None:
    system = OneStreamSystem()
    measurement = await measure(system, [STREAM, STREAM], drain_s=1.0)
    assert system.calls == ["start fr 2", "stop"]
    assert [score.errors for score in measurement.scores] == [0]
    assert measurement.refusals == ("full",)
    assert measurement.audio_s == STREAM.duration_s
    assert measurement.peak_bytes > 0


async def test_a_system_that_does_not_end_is_cut_off() -> None:
    measurement = await measure(EndlessSystem(), [STREAM], drain_s=0.0)
    (score,) = measurement.scores
    assert score.is_cut_off
    assert score.deletions == 1
