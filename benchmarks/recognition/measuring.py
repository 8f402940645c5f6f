"""Plays streams to a system, several at once or one after the other, and meters it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

from benchmarks.recognition.meter import MachineMeter, ProcessMeter
from benchmarks.recognition.scoring import StreamScore, StreamScorer
from benchmarks.recognition.stream import Stream
from benchmarks.recognition.systems.system import StreamRefused, System

STAGGER_S = 0.37
"""Streams that play at once begin so much after one another, so that they do not ask for work in step."""
REPEAT_S = 2.9
"""So much more where a stream is played a second time."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one start of a system gave."""

    scores: tuple[StreamScore, ...]
    refusals: tuple[str, ...]
    """What the system said to each stream that it did not take."""
    cpu_s: float
    """Of the system's processes, from the first sample of the first stream to the end of the last."""
    span_s: float
    peak_bytes: int
    machine_busy_s: float
    """Of all processes of the machine, this one included."""

    @property
    def audio_s(self) -> float:
        """Audio of the streams that were not refused."""
        return sum(score.audio_s for score in self.scores)


async def measure(system: System, streams: Sequence[Stream], drain_s: float) -> Measurement:
    """Starts the system, plays all streams at once, ends it. A stream that is not done `drain_s` after its end is cut
    off. Raises `SystemFailed`."""
    try:
        await system.start(streams[0].language, len(streams))
        machine, started_s = MachineMeter(), time.monotonic()
        with ProcessMeter(system.pids) as meter:
            scorers = await _play_all(system, streams, drain_s)
            cpu_s, span_s, busy_s = meter.cpu_s_now(), time.monotonic() - started_s, machine.busy_s()
    finally:
        await system.stop()
    return Measurement(
        scores=tuple(scorer.score() for scorer in scorers if isinstance(scorer, StreamScorer)),
        refusals=tuple(str(refusal) for refusal in scorers if isinstance(refusal, StreamRefused)),
        cpu_s=cpu_s,
        span_s=span_s,
        peak_bytes=meter.peak_bytes,
        machine_busy_s=busy_s,
    )


async def _play_all(system: System, streams: Sequence[Stream], drain_s: float) -> list[StreamScorer | StreamRefused]:
    """The scorer of each stream, or why it was refused."""
    async with asyncio.TaskGroup() as group:
        before: dict[str, int] = {}
        tasks = []
        for place, stream in enumerate(streams):
            delay_s = STAGGER_S * place + REPEAT_S * before.get(stream.name, 0)
            before[stream.name] = before.get(stream.name, 0) + 1
            tasks.append(group.create_task(_play(system, stream, delay_s, drain_s)))
    return [task.result() for task in tasks]


async def _play(system: System, stream: Stream, delay_s: float, drain_s: float) -> StreamScorer | StreamRefused:
    scorer = StreamScorer(stream)
    await asyncio.sleep(delay_s)
    try:
        async with (
            asyncio.timeout(stream.duration_s + drain_s),
            aclosing(system.recognise(stream.pcm, stream.language)) as updates,
        ):
            async for update in updates:
                scorer.add(update)
    except TimeoutError:
        scorer.is_cut_off = True
    except StreamRefused as refusal:
        return refusal
    return scorer
