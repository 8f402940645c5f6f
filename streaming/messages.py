"""What client and server say to each other. One frozen dataclass per message; `wire.py` turns them into JSON and back.

Times are seconds of audio time unless a name ends in `_at` (RFC 3339). The contract for client writers is
`docs/protocol.md`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from colloque.streaming.config import TrackSpec
from colloque.streaming.engines import Language
from colloque.streaming.note import Statement
from colloque.streaming.transcript import Role, SpeakerState, TurnEnd, Word, WrittenWords

Encoding = Literal["pcm_s16le", "pcm_f32le", "opus", "webm"]


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """How binary frames are to be read."""

    encoding: Encoding = "pcm_s16le"
    rate: int = 16_000
    """Hertz, per channel. For `opus` and `webm` the unit in which `audio.ack` counts."""
    channels: int = 1
    """1, or 2 where each channel is one track."""


# --- what a client says -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SessionStart:
    """Declares the audio of this connection."""

    TYPE: ClassVar[str] = "session.start"
    audio: AudioFormat = field(default_factory=AudioFormat)


@dataclass(frozen=True, slots=True)
class Keepalive:
    """Says that the client is alive."""

    TYPE: ClassVar[str] = "keepalive"


@dataclass(frozen=True, slots=True)
class Finalize:
    """Flush: all audio so far becomes final words; the session goes on."""

    TYPE: ClassVar[str] = "finalize"


@dataclass(frozen=True, slots=True)
class Pause:
    """Stops taking audio until `resume`."""

    TYPE: ClassVar[str] = "pause"


@dataclass(frozen=True, slots=True)
class Resume:
    """Takes audio again."""

    TYPE: ClassVar[str] = "resume"


@dataclass(frozen=True, slots=True)
class Configure:
    """Changes the session; what is not given stays. Heard from the next stretch of speech on."""

    TYPE: ClassVar[str] = "configure"
    language: Language | None = None
    keyterms: tuple[str, ...] | None = None
    speakers_max: int | None = None


@dataclass(frozen=True, slots=True)
class SpeakerAssign:
    """A person says who a speaker is. It wins over any guess."""

    TYPE: ClassVar[str] = "speaker.assign"
    speaker: str
    role: Role | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class End:
    """Flush, finish the note, and end the session."""

    TYPE: ClassVar[str] = "end"


ClientMessage = SessionStart | Keepalive | Finalize | Pause | Resume | Configure | SpeakerAssign | End

# --- what the server says -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AudioPosition:
    """The audio that a publisher's connection is read as, and where the server expects it to go on."""

    encoding: Encoding
    rate: int
    channels: int
    samples: int
    """Samples per channel, at `rate`, that the session has already accepted: send from here."""


@dataclass(frozen=True, slots=True)
class SessionReady:
    """First word of a connection, and the answer to `session.start`. To this connection only."""

    TYPE: ClassVar[str] = "session.ready"
    session_id: str
    resume_token: str | None
    audio: AudioPosition | None
    """None for a viewer."""
    limits: dict[str, float]
    last_seq: int


@dataclass(frozen=True, slots=True)
class AudioAck:
    """Audio that is safe on disk: it need not be kept any longer. To the publisher only."""

    TYPE: ClassVar[str] = "audio.ack"
    samples: int
    """Samples per channel at the declared rate, counted from the session's first."""


SessionState = Literal["waiting_consent", "live", "paused", "closing", "closed"]


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The session's lifecycle."""

    TYPE: ClassVar[str] = "session.state"
    state: SessionState
    reason: str


@dataclass(frozen=True, slots=True)
class SessionConfigured:
    """What the session now works with; sent when a client changes it."""

    TYPE: ClassVar[str] = "session.configured"
    language: Language
    tracks: tuple[TrackSpec, ...]
    keyterms: tuple[str, ...] = ()
    speakers_max: int | None = None


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Voice begins on a track."""

    TYPE: ClassVar[str] = "speech.started"
    track: int
    at: float


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """Voice has ended on a track."""

    TYPE: ClassVar[str] = "speech.stopped"
    track: int
    at: float


@dataclass(frozen=True, slots=True)
class TranscriptPartial:
    """Tentative text after the turn's committed words; replaces the previous partial of the same turn."""

    TYPE: ClassVar[str] = "transcript.partial"
    turn: str
    track: int
    speaker: str | None
    text: str


@dataclass(frozen=True, slots=True)
class TranscriptFinal:
    """Committed words of a turn, after those already committed."""

    TYPE: ClassVar[str] = "transcript.final"
    turn: str
    track: int
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class SpeakerRelabel:
    """Words that were given to the wrong speaker; or to the right one, but not for sure until now (`from` is `to`).

    They take over the state of the speaker that they are given to.
    """

    TYPE: ClassVar[str] = "speaker.relabel"
    source: str
    """`from` on the wire."""
    target: str
    """`to` on the wire."""
    word_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SpeakerUpdate:
    """Who a speaker is thought, or known, to be. `confirmed` holds for all words of the speaker."""

    TYPE: ClassVar[str] = "speaker.update"
    speaker: str
    role: Role
    confidence: float
    state: SpeakerState
    name: str | None = None
    """Only where a person gave it."""


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """No more words will come for the turn."""

    TYPE: ClassVar[str] = "turn.end"
    turn: str
    reason: TurnEnd
    written: tuple[WrittenWords, ...] = ()
    """What of the turn is written otherwise than it was said."""


@dataclass(frozen=True, slots=True)
class NoteUpsert:
    """A statement is new or changed."""

    TYPE: ClassVar[str] = "note.upsert"
    rev: int
    statement: Statement


@dataclass(frozen=True, slots=True)
class NoteDiscard:
    """A statement is gone."""

    TYPE: ClassVar[str] = "note.discard"
    rev: int
    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class NoteWithheld:
    """What was found but not offered."""

    TYPE: ClassVar[str] = "note.withheld"
    count: int
    reasons: dict[str, int]


@dataclass(frozen=True, slots=True)
class NoteSigned:
    """The note as of `rev` is signed; later changes are amendments."""

    TYPE: ClassVar[str] = "note.signed"
    rev: int
    by: str
    signed_at: str
    digest: str
    """SHA-256 over the signed statements."""


@dataclass(frozen=True, slots=True)
class Lag:
    """How far the work is behind the audio, in audio seconds."""

    TYPE: ClassVar[str] = "lag"
    received: float
    processed: float


@dataclass(frozen=True, slots=True)
class Gap:
    """Audio that was lost or not understood."""

    TYPE: ClassVar[str] = "gap"
    start: float
    end: float
    reason: str
    track: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole state, as `SessionView.to_json` gives it; forget what you had. To this connection only."""

    TYPE: ClassVar[str] = "snapshot"
    state: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Warn:
    """Something is wrong, and the session goes on."""

    TYPE: ClassVar[str] = "warning"
    code: str
    message: str
    recoverable: bool = True


@dataclass(frozen=True, slots=True)
class Fault:
    """A request was refused, or the session cannot go on (`recoverable` false)."""

    TYPE: ClassVar[str] = "error"
    code: str
    message: str
    recoverable: bool


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The last word. `summary` holds counts and durations."""

    TYPE: ClassVar[str] = "session.ended"
    summary: dict[str, Any]


ServerEvent = (
    SessionReady
    | AudioAck
    | StateChanged
    | SessionConfigured
    | SpeechStarted
    | SpeechStopped
    | TranscriptPartial
    | TranscriptFinal
    | SpeakerRelabel
    | SpeakerUpdate
    | TurnEnded
    | NoteUpsert
    | NoteDiscard
    | NoteWithheld
    | NoteSigned
    | Lag
    | Gap
    | Snapshot
    | Warn
    | Fault
    | SessionEnded
)

EPHEMERAL: tuple[type, ...] = (TranscriptPartial, Lag)
"""Broadcast, but superseded by what follows: neither stored nor replayed."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event with its place in the session. `seq` grows with every broadcast event (there may be holes after a
    resume); what is said to one connection only carries the last one."""

    seq: int
    t: float
    """Audio time in seconds."""
    event: ServerEvent
