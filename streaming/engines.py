"""What a session needs of its engines. The consumer owns these protocols; `colloque.models` implements them.

Requests and results are plain data, so that an engine may live in this process, in a supervised one, or on another
machine. Weights belong to the engine and are shared; a stream is the state of one track of one session.

Laws that every implementation keeps:

* **Order.** The results of one stream are delivered in order, and depend on its audio only: any split of the same
  audio into chunks gives the same `Recognised` and `SpeakerActivity` (interim `Hypothesis` may differ). An engine that
  cannot keep up with live audio may commit later, and then words may differ; audio that comes faster than live waits.
* **Completeness.** After `flush`, every sample pushed before it is covered by `Recognised`, silence or `NotUnderstood`.
* **Watermarks only grow.** `Progress.sample` and `SpeakerActivity.until_sample` never go back.
* **Isolation.** A failing stream delivers `EngineFailed` for itself alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from colloque.streaming.audio import AudioChunk
from colloque.streaming.note import DraftStatement
from colloque.streaming.transcript import Turn

Language = Literal["fr", "en", "de"]


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """How to open a stream: one track of one session."""

    session_id: str
    track: int
    """Index of the track in the session, from 0."""
    language: Language
    """Locked for the session; never guessed."""
    keyterms: tuple[str, ...] = ()
    """Words to expect (drugs, names of procedures), a bias for the recogniser."""
    diarise: bool = True
    """False where the track is the speaker: the engine then sends no `SpeakerActivity`."""
    speakers_max: int | None = None
    start_sample: int = 0
    """Sample index of the first audio that will be pushed (above 0 after a restart)."""
    state: bytes | None = None
    """The `state` of the last `Checkpoint`, so that speakers keep their labels over a restart."""


@dataclass(frozen=True, slots=True)
class RecognisedWord:
    """One word of a final recognition."""

    text: str
    """As written, with punctuation and case, without surrounding spaces."""
    start_sample: int
    end_sample: int
    confidence: float
    """0..1, calibrated: of the words with 0.8 about eight in ten are right."""


@dataclass(frozen=True, slots=True)
class VoiceStarted:
    """Voice begins at this sample."""

    sample: int


@dataclass(frozen=True, slots=True)
class VoiceStopped:
    """Voice has ended at this sample."""

    sample: int


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """Tentative text of an open segment; replaces the previous one of the same segment."""

    segment: int
    start_sample: int
    text: str


SegmentEnd = Literal["pause", "length", "end"]
"""Why a segment was closed: silence, its greatest length, or a flush."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """Final words of a segment, or of its next stretch. `words` may be empty (a cough)."""

    segment: int
    start_sample: int
    """Where the last `Recognised` of the segment ended, if there was one."""
    end_sample: int
    words: tuple[RecognisedWord, ...]
    reason: SegmentEnd | None
    """None while more of the segment will follow."""


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """Speech from which no text could be had (loop, engine fault); becomes a `gap`."""

    start_sample: int
    end_sample: int
    reason: str
    """A stable code such as `no_text` or `engine`."""


@dataclass(frozen=True, slots=True)
class SpeakerSpan:
    """One speaker is active. Spans of different speakers may overlap."""

    speaker: int
    """Number in order of first speech, from 1. Never re-used, never permuted."""
    start_sample: int
    end_sample: int
    confirmed: bool
    """False while the evidence for this voice is thin."""


@dataclass(frozen=True, slots=True)
class SpeakerActivity:
    """Spans between the previous watermark and this one; they will not change but by `SpeakerMerged`."""

    spans: tuple[SpeakerSpan, ...]
    until_sample: int


@dataclass(frozen=True, slots=True)
class SpeakerMerged:
    """What was taken for two speakers is one: every word of `source` belongs to `target`."""

    source: int
    target: int


@dataclass(frozen=True, slots=True)
class SpeakerConfirmed:
    """Enough evidence: the speaker's words, past and future, are no longer provisional."""

    speaker: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Audio before this sample has been read by voice activity and, where there was speech, by a recogniser pass."""

    sample: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The stream may be opened anew at `sample` with `state`, without losing or repeating a word."""

    sample: int
    state: bytes


@dataclass(frozen=True, slots=True)
class Flushed:
    """Answer to `flush(token)`: all results for earlier audio have been delivered."""

    token: int


@dataclass(frozen=True, slots=True)
class EngineFailed:
    """The stream is closed and must be opened anew from the last checkpoint."""

    code: str
    """Stable; holds no speech."""


SpeechResult = (
    VoiceStarted
    | VoiceStopped
    | Hypothesis
    | Recognised
    | NotUnderstood
    | SpeakerActivity
    | SpeakerMerged
    | SpeakerConfirmed
    | Progress
    | Checkpoint
    | Flushed
    | EngineFailed
)

Deliver = Callable[[SpeechResult], None]
"""Called by the engine, from any thread, in order per stream. It must not block."""


class EngineFull(Exception):
    """Every slot is taken. Answer with `capacity` and try again later."""


class SpeechStream(Protocol):
    """State of one track. The methods return at once and may be called from one thread at a time."""

    def push(self, chunk: AudioChunk) -> None:
        """Appends audio. Chunks are contiguous: each starts where the last one ended."""

    def flush(self, token: int) -> None:
        """Closes the open segment and the diariser's look-ahead; answered by `Flushed(token)`. More audio may come."""

    def close(self) -> None:
        """Frees the slot; nothing is delivered afterwards."""


class SpeechEngine(Protocol):
    """Voice activity, recognition and diarisation of many streams."""

    capacity: int
    """Sessions that it holds without making any of them late; 0 until it is warm."""

    def warm_up(self) -> None:
        """Loads the weights and runs them once (blocking). Raises `colloque.models.catalogue.ModelMissing`."""

    def open(self, spec: StreamSpec, deliver: Deliver) -> SpeechStream:
        """Takes a slot. Raises `EngineFull`."""

    def statistics(self) -> dict[str, float]:
        """Counts and times for the metrics: slots, slots_used, queue depths, step seconds."""

    def shut_down(self) -> None:
        """Ends the threads (blocking)."""


@dataclass(frozen=True, slots=True)
class Written:
    """Some words of a turn as a clinician would write them: `trente huit cinq` as `38,5 °C`."""

    first: int
    """Index of the first word that it stands for."""
    last: int
    """Index after the last word that it stands for."""
    text: str


class Writer(Protocol):
    """Knows the written form of numbers, units, doses and drug names. Fast and pure: called in the session."""

    def write(self, words: Sequence[str], language: Language) -> tuple[Written, ...]:
        """What is written otherwise than it was said, in order, without overlap. The words stay as the evidence."""


@dataclass(frozen=True, slots=True)
class DraftRequest:
    """All that a draft may rest on."""

    session_id: str
    """Key for the engine's own caches only; it never appears in a result."""
    language: Language
    turns: tuple[Turn, ...]
    """Committed turns in order of time, with speakers and roles as known now."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A whole draft. The session merges it into the note (`colloque.streaming.note`)."""

    statements: tuple[DraftStatement, ...]
    withheld: dict[str, int] = field(default_factory=dict)
    """Reason code → how many statements were found but not offered."""


class NoteEngine(Protocol):
    """Writes statements from committed turns. Called off the hot path, one request of a session at a time."""

    def warm_up(self, languages: tuple[Language, ...]) -> None:
        """Loads what the languages need (blocking)."""

    def draft(self, request: DraftRequest) -> Draft:
        """Blocking; the same turns give the same draft. May cache per session what it read before."""

    def forget(self, session_id: str) -> None:
        """Drops the caches of a session."""

    def shut_down(self) -> None:
        """Ends helpers (blocking)."""
