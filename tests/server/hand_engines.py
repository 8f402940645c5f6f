"""Engines worked by hand: a test sees what came in and says what comes out, step by step."""

from __future__ import annotations

import threading

from colloque.streaming.audio import SAMPLE_RATE, AudioChunk
from colloque.streaming.engines import (
    Deliver,
    Draft,
    DraftRequest,
    EngineFull,
    Flushed,
    Language,
    Progress,
    Recognised,
    RecognisedWord,
    SpeakerActivity,
    SpeakerSpan,
    SpeechResult,
    StreamSpec,
)


class HandStream:
    """One track. By itself it works audio off at once, and says one word a second; see `HandEngine`."""

    def __init__(self, engine: HandEngine, spec: StreamSpec, deliver: Deliver) -> None:
        self.engine = engine
        self.spec = spec
        self.deliver = deliver
        self.chunks: list[AudioChunk] = []
        self.flushes: list[int] = []
        self.closed = False
        self._said = spec.start_sample // SAMPLE_RATE
        self._segment = 0

    @property
    def samples(self) -> int:
        """End of the audio so far."""
        return self.chunks[-1].end_sample if self.chunks else self.spec.start_sample

    def push(self, chunk: AudioChunk) -> None:
        assert not self.closed
        assert chunk.start_sample == self.samples, "chunks are contiguous"
        self.chunks.append(chunk)
        if self.engine.by_itself:
            self._say(chunk.end_sample // SAMPLE_RATE)
            self.deliver(Progress(chunk.end_sample))

    def flush(self, token: int) -> None:
        self.flushes.append(token)
        if self.engine.by_itself:
            self._say(-(-self.samples // SAMPLE_RATE))
            self.deliver(Flushed(token))

    def _say(self, until_s: int) -> None:
        for second in range(self._said, until_s):
            start = second * SAMPLE_RATE
            word = RecognisedWord(f"mot{second + 1}", start, start + SAMPLE_RATE // 2, 0.9)
            self.deliver(Recognised(self._segment, start, start + SAMPLE_RATE, (word,), "pause"))
            if self.spec.diarise:
                span = SpeakerSpan(1, start, start + SAMPLE_RATE, confirmed=True)
                self.deliver(SpeakerActivity((span,), start + SAMPLE_RATE))
            self._segment += 1
        self._said = max(self._said, until_s)

    def close(self) -> None:
        self.closed = True


class HandEngine:
    """With `by_itself` False it only keeps what it gets. `warm` holds the warm-up back."""

    def __init__(self, slots: int = 2, by_itself: bool = True) -> None:
        self.slots = slots
        self.capacity = slots // 2
        self.by_itself = by_itself
        self.streams: list[HandStream] = []
        self.warm = threading.Event()
        self.warm.set()
        self.fault: Exception | None = None
        self.is_shut_down = False

    def warm_up(self) -> None:
        assert self.warm.wait(60)
        if self.fault is not None:
            raise self.fault

    def open(self, spec: StreamSpec, deliver: Deliver) -> HandStream:
        if sum(not stream.closed for stream in self.streams) >= self.slots:
            raise EngineFull
        if self.fault is not None:
            raise self.fault
        stream = HandStream(self, spec, deliver)
        self.streams.append(stream)
        return stream

    def say(self, result: SpeechResult) -> None:
        """The latest stream delivers a result."""
        self.streams[-1].deliver(result)

    def statistics(self) -> dict[str, float]:
        return {"slots": self.slots, "slots_used": sum(not stream.closed for stream in self.streams)}

    def shut_down(self) -> None:
        self.is_shut_down = True


class HandNotes:
    """Gives the drafts that a test has put there, else empty ones."""

    def __init__(self) -> None:
        self.requests: list[DraftRequest] = []
        self.forgotten: list[str] = []
        self.languages: tuple[Language, ...] = ()
        self.answer: Draft | Exception = Draft(())

    def warm_up(self, languages: tuple[Language, ...]) -> None:
        self.languages = languages

    def draft(self, request: DraftRequest) -> Draft:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def forget(self, session_id: str) -> None:
        self.forgotten.append(session_id)

    def shut_down(self) -> None:
        return
