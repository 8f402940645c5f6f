"""Real speech for the tests, and somebody who listens to an engine."""

from __future__ import annotations

import threading
import wave
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import moonshine_voice
import numpy as np
import soxr

from colloque.streaming.audio import SAMPLE_RATE, AudioChunk, Pcm
from colloque.streaming.engines import (
    Flushed,
    NotUnderstood,
    Progress,
    Recognised,
    SpeechEngine,
    SpeechResult,
    SpeechStream,
    StreamSpec,
    VoiceStarted,
    VoiceStopped,
)

WAIT_S = 120.0
"""Longer than anything takes here: who waits so long waits for ever."""

Result = TypeVar("Result")


@cache
def recording(name: str) -> Pcm:
    """A recording of the package's: `two_cities` (44 s) or `beckett` (10 s), English; float32 (n,), 16 kHz."""
    with wave.open(str(Path(moonshine_voice.__file__).parent / "assets" / f"{name}.wav")) as file:
        values = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        rate = file.getframerate()
    pcm: Pcm = soxr.resample(values.astype(np.float32) / 32768, rate, SAMPLE_RATE)
    return pcm


def piece(name: str, start_s: float, end_s: float) -> Pcm:
    """A part of a recording."""
    return recording(name)[round(start_s * SAMPLE_RATE) : round(end_s * SAMPLE_RATE)]


def silence(duration_s: float) -> Pcm:
    """Digital silence."""
    return np.zeros(round(duration_s * SAMPLE_RATE), np.float32)


def noise(duration_s: float, loudness: float, seed: int = 7) -> Pcm:
    """White noise of this standard deviation."""
    values = np.random.default_rng(seed).normal(0, loudness, round(duration_s * SAMPLE_RATE))
    return values.clip(-1, 1).astype(np.float32)


def tone(duration_s: float, frequencies_hz: Sequence[float], loudness: float = 0.2) -> Pcm:
    """Something like music: a note every quarter of a second, with its octave, each fading."""
    at_s = np.arange(round(duration_s * SAMPLE_RATE)) / SAMPLE_RATE
    pitch = np.asarray(frequencies_hz)[(at_s * 4).astype(int) % len(frequencies_hz)]
    sound = np.sin(2 * np.pi * pitch * at_s) + 0.5 * np.sin(4 * np.pi * pitch * at_s)
    return (loudness * sound * np.exp(-3 * (at_s % 0.25))).astype(np.float32)


SPEC = StreamSpec("session", 0, "en", diarise=False)
"""Of a stream without speakers."""
SHORT = piece("beckett", 3, 4.8)
"""`No matter`, and the pause after it."""
SPEECH = np.concatenate([piece("two_cities", 0.8, 4.9), silence(1), SHORT])
"""Nearly seven seconds: two sentences, and the short piece after a pause."""


def chunks(pcm: Pcm, sizes: int | Iterable[int] = SAMPLE_RATE // 10, start_sample: int = 0) -> Iterator[AudioChunk]:
    """The audio in frames of the given sizes in samples; the last is as short as it must be."""
    ends = range(sizes, len(pcm) + sizes, sizes) if isinstance(sizes, int) else np.cumsum(list(sizes)).tolist()
    at = 0
    for end in ends:
        if at < len(pcm):
            yield AudioChunk(start_sample + at, pcm[at:end])
        at = end
    if at < len(pcm):
        yield AudioChunk(start_sample + at, pcm[at:])


def random_sizes(count: int, seed: int) -> list[int]:
    """Sizes from one sample to half a second that add up to `count` at least."""
    sizes = np.random.default_rng(seed).integers(1, SAMPLE_RATE // 2, 1 + count // (SAMPLE_RATE // 8))
    return [1, 511, 513, *sizes.tolist()]


class Listener:
    """Hears what a stream delivers: call it with results, from any thread."""

    def __init__(self) -> None:
        self.results: list[SpeechResult] = []
        self._came = threading.Condition()

    def __call__(self, result: SpeechResult) -> None:
        with self._came:
            self.results.append(result)
            self._came.notify_all()

    def of(self, kind: type[Result]) -> list[Result]:
        """The results of a kind, in order."""
        with self._came:
            return [result for result in self.results if isinstance(result, kind)]

    def wait_for(self, kind: type[SpeechResult], count: int = 1) -> None:
        """Until so many of a kind have come."""
        with self._came:
            heard = self._came.wait_for(
                lambda: sum(isinstance(result, kind) for result in self.results) >= count, WAIT_S
            )
        assert heard, f"no {kind.__name__} came"

    def wait_until(self, sample: int) -> None:
        """Until the watermark has passed the sample."""
        with self._came:
            heard = self._came.wait_for(
                lambda: any(isinstance(result, Progress) and result.sample >= sample for result in self.results), WAIT_S
            )
        assert heard, "the watermark stands still"

    @property
    def words(self) -> list[str]:
        """Texts of all words."""
        return [word.text for result in self.of(Recognised) for word in result.words]


def say(stream: SpeechStream, listener: Listener, frames: Iterable[AudioChunk], token: int = 1) -> None:
    """Pushes everything, flushes, and waits for the answer."""
    for frame in frames:
        stream.push(frame)
    stream.flush(token)
    listener.wait_for(Flushed, len(listener.of(Flushed)) + 1)


def run(engine: SpeechEngine, pcm: Pcm, sizes: int | list[int] = 1600, spec: StreamSpec = SPEC) -> Listener:
    """One stream from opening to close."""
    listener = Listener()
    stream = engine.open(spec, listener)
    say(stream, listener, chunks(pcm, sizes, spec.start_sample))
    stream.close()
    return listener


def whole_segments(results: Iterable[SpeechResult]) -> list[Recognised]:
    """What was recognised, each segment as a whole; checks that its stretches join and that only the last one ends."""
    whole: list[Recognised] = []
    for result in results:
        if not isinstance(result, Recognised):
            continue
        if whole and whole[-1].reason is None:
            first = whole.pop()
            assert (result.segment, result.start_sample) == (first.segment, first.end_sample)
            result = replace(result, start_sample=first.start_sample, words=first.words + result.words)
        whole.append(result)
    return whole


def check_laws(results: Sequence[SpeechResult], end_sample: int) -> None:
    """What holds for every run that was flushed at `end_sample` and not closed before."""
    for stretch in (result for result in results if isinstance(result, Recognised)):
        _check_words(stretch)
        # A stretch in the middle of a segment is told for its words' sake.
        assert stretch.words or stretch.reason is not None
    segments = whole_segments(results)
    assert [segment.segment for segment in segments] == list(range(len(segments)))
    last = 0
    for segment in segments:
        assert segment.reason is not None
        assert last <= segment.start_sample < segment.end_sample <= end_sample
        last = segment.end_sample
        _check_words(segment)
    spoken = [r.sample for r in results if isinstance(r, VoiceStarted | VoiceStopped)]
    gaps = [(r.start_sample, r.end_sample) for r in results if isinstance(r, NotUnderstood)]
    for start, end in [*zip(spoken[::2], spoken[1::2], strict=True), *gaps]:
        assert start < end and _is_covered(segments, start, end), f"nothing was said of {start} to {end}"
    assert all(end <= start for (_, end), (start, _) in pairwise(gaps))
    progress = [result.sample for result in results if isinstance(result, Progress)]
    assert progress == sorted(set(progress))
    assert progress[-1] == end_sample
    assert isinstance(results[-1], Flushed)


def _check_words(stretch: Recognised) -> None:
    """In order, inside, and written as they should be."""
    for times in ([w.start_sample for w in stretch.words], [w.end_sample for w in stretch.words]):
        assert times == sorted(times)
    for word in stretch.words:
        assert stretch.start_sample <= word.start_sample <= word.end_sample <= stretch.end_sample
        assert word.text == word.text.strip() != ""
        assert 0 <= word.confidence <= 1


def _is_covered(segments: Iterable[Recognised], start_sample: int, end_sample: int) -> bool:
    """No sample lies outside all segments, which are in order."""
    for segment in segments:
        if segment.start_sample <= start_sample < segment.end_sample:
            start_sample = segment.end_sample
    return start_sample >= end_sample
