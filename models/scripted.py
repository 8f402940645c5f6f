"""Engines without models, for tests and for trying out a client: what is said, and when, is written in a script.

They keep every law of `streaming/engines.py`, and answer at once, in the thread that pushes. The first half of a line
is final while the other half is still spoken; the diariser has then passed its first word only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from colloque.models.pipeline import pack, unpack
from colloque.models.vad import VoiceState
from colloque.streaming.audio import AudioChunk, samples
from colloque.streaming.engines import (
    Checkpoint,
    Deliver,
    Draft,
    DraftRequest,
    EngineFull,
    Flushed,
    Hypothesis,
    Language,
    Progress,
    Recognised,
    RecognisedWord,
    SegmentEnd,
    SpeakerActivity,
    SpeakerSpan,
    SpeechResult,
    SpeechStream,
    StreamSpec,
    VoiceStarted,
    VoiceStopped,
)
from colloque.streaming.note import DraftStatement, Evidence
from colloque.streaming.segmenter import SegmenterState
from colloque.streaming.transcript import Turn


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody says something; times in seconds of audio."""

    start_s: float
    end_s: float
    text: str
    speaker: int = 1


DEMONSTRATION = (
    Line(0.5, 2.5, "Bonjour, qu'est-ce qui vous amène ?", 1),
    Line(3.0, 5.0, "J'ai de la fièvre depuis hier.", 2),
    Line(5.5, 7.0, "Vous toussez ?", 1),
    Line(7.2, 8.0, "Non.", 2),
)


EARLY_AFTER = samples(0.1)
"""So long after the first half of a line its words are final."""


class ScriptedSpeechEngine:
    """Says the script as its audio passes, whatever the audio holds; the script starts again every `period_s`."""

    def __init__(self, script: Sequence[Line] = DEMONSTRATION, period_s: float = 10.0, slots: int = 64) -> None:
        self._script = tuple(script)
        self._period = samples(period_s)
        self._slots = slots
        self.capacity = slots
        self._used = 0

    def warm_up(self) -> None:
        """Nothing to load."""

    def open(self, spec: StreamSpec, deliver: Deliver) -> SpeechStream:
        """Takes a slot. Raises `EngineFull`."""
        if self._used >= self._slots:
            raise EngineFull(f"all {self._slots} slots are taken: wait until a session ends")
        self._used += 1
        return ScriptedStream(self, spec, deliver)

    def freed(self) -> None:
        """A stream has been closed."""
        self._used -= 1

    def line(self, number: int) -> Line:
        """The line with this number in the endless script."""
        line = self._script[number % len(self._script)]
        shift = (number // len(self._script)) * self._period / samples(1.0)
        return Line(line.start_s + shift, line.end_s + shift, line.text, line.speaker)

    def statistics(self) -> dict[str, float]:
        """Slots."""
        return {"slots": float(self._slots), "slots_used": float(self._used)}

    def shut_down(self) -> None:
        """Nothing runs."""


class ScriptedStream:
    """One track."""

    def __init__(self, engine: ScriptedSpeechEngine, spec: StreamSpec, deliver: Deliver) -> None:
        self._engine = engine
        self._spec = spec
        self._tell = deliver
        self._sample = spec.start_sample
        self._is_open = True
        self._segment = 0
        # A line that a flush ended early was said to its end: `floor_sample` is where it would have ended.
        resumed = max(spec.start_sample, unpack(spec.state)[0].floor_sample if spec.state else 0)
        self._line = 0
        while samples(engine.line(self._line).end_s) <= resumed:
            self._line += 1
        self._started = False
        self._early = 0
        """Words of the line that are final already."""

    def push(self, chunk: AudioChunk) -> None:
        """Takes audio, and says the lines that it passes."""
        self._sample = chunk.end_sample
        while self._is_open and self._say_next():
            pass
        if self._is_open:
            if self._spec.diarise:
                self._deliver(SpeakerActivity((), self._quiet_until()))
            self._deliver(Progress(self._sample))

    def flush(self, token: int) -> None:
        """Says what has begun, and answers."""
        if self._is_open and self._started:
            line = self._engine.line(self._line)
            self._finish(line, min(self._sample, samples(line.end_s)), "end")
        self._deliver(Flushed(token))

    def close(self) -> None:
        """Frees the slot."""
        if self._is_open:
            self._is_open = False
            self._engine.freed()

    def _deliver(self, result: SpeechResult) -> None:
        if self._is_open:
            self._tell(result)

    def _quiet_until(self) -> int:
        """As far as the diariser has come: while somebody speaks it lags behind."""
        start, step = _pace(self._engine.line(self._line))
        return min(self._sample, start + step if self._early else start)

    def _say_next(self) -> bool:
        """One step of the script; False where its audio has not come yet."""
        line = self._engine.line(self._line)
        if not self._started:
            if self._sample <= samples(line.start_s):
                return False
            self._started = True
            self._deliver(VoiceStarted(samples(line.start_s)))
            self._deliver(Hypothesis(self._segment, samples(line.start_s), line.text.partition(" ")[0]))
        if not self._early and self._say_half(line):
            return True
        if self._sample < samples(line.end_s):
            return False
        self._finish(line, samples(line.end_s), "pause")
        return True

    def _say_half(self, line: Line) -> bool:
        """The first half of the line's words, once there is room for the others; False where it is not their turn."""
        start, step = _pace(line)
        texts = line.text.split(" ")
        half = len(texts) // 2
        end = start + half * step
        if not half or self._sample < end + EARLY_AFTER or end + EARLY_AFTER >= samples(line.end_s):
            return False
        self._early = half
        self._deliver(Recognised(self._segment, start, end, _words(texts[:half], start, end), None))
        self._deliver(Hypothesis(self._segment, end, texts[half]))
        if self._spec.diarise:
            span = SpeakerSpan(line.speaker, start, start + step, confirmed=True)
            self._deliver(SpeakerActivity((span,), start + step))
        return True

    def _finish(self, line: Line, end_sample: int, reason: SegmentEnd) -> None:
        start, step = _pace(line)
        said, known = start + self._early * step, start + bool(self._early) * step
        words = _words(line.text.split(" ")[self._early :], said, end_sample)
        self._deliver(VoiceStopped(end_sample))
        self._deliver(Recognised(self._segment, said, end_sample, words, reason))
        if self._spec.diarise:
            span = SpeakerSpan(line.speaker, known, end_sample, confirmed=True)
            self._deliver(SpeakerActivity((span,), end_sample))
        self._deliver(
            Checkpoint(end_sample, pack(SegmenterState(end_sample, samples(line.end_s)), VoiceState.fresh(), b""))
        )
        self._segment += 1
        self._line += 1
        self._started = False
        self._early = 0


def _pace(line: Line) -> tuple[int, int]:
    """Where the line begins, and how long each of its words takes; in samples."""
    start = samples(line.start_s)
    return start, (samples(line.end_s) - start) // len(line.text.split(" "))


def _words(texts: list[str], start: int, end: int) -> tuple[RecognisedWord, ...]:
    step = max(1, (end - start) // len(texts))
    return tuple(RecognisedWord(t, start + i * step, start + (i + 1) * step, 0.9) for i, t in enumerate(texts))


class ScriptedNoteEngine:
    """One statement for each turn that holds a keyword of the script: text as it was said."""

    KEYWORDS = ("fièvre", "toux", "tousse", "fever", "cough", "Fieber", "Husten")

    def warm_up(self, languages: tuple[Language, ...]) -> None:
        """Nothing to load."""

    def draft(self, request: DraftRequest) -> Draft:
        """The same turns give the same draft."""
        found: dict[str, DraftStatement] = {}
        for turn in request.turns:
            for keyword in self.KEYWORDS:
                if keyword.casefold() in turn.text.casefold():
                    found[keyword] = _statement(keyword, turn)
        return Draft(tuple(found.values()))

    def forget(self, session_id: str) -> None:
        """Keeps nothing."""

    def shut_down(self) -> None:
        """Nothing runs."""


def _statement(keyword: str, turn: Turn) -> DraftStatement:
    ids = tuple(word.id for word in turn.words)
    evidence = Evidence(ids, turn.words[0].start, turn.words[-1].end, turn.speaker, turn.text)
    return DraftStatement(
        f"scripted:{keyword}", "history_of_present_illness", turn.text, "present", "patient", 0.9, (evidence,)
    )
