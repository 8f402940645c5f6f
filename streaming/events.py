"""What enters a session. Plain data; the time comes as an argument of `Session.receive`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from colloque.streaming.engines import Draft, SpeechResult
from colloque.streaming.messages import ClientMessage
from colloque.streaming.note import Section, StatementState

TrackPcm = npt.NDArray[np.float32]
"""One row a track, shape (tracks, n), float32 in [-1, 1], 16 kHz."""


@dataclass(frozen=True, slots=True)
class ClientAttached:
    """A client has connected (and was authorised)."""

    connection: int
    """Number of the connection, never used again."""
    publisher: bool
    """True where it may send audio; a newer publisher supersedes an older one."""
    last_seq: int | None
    """The last event that it has seen; None for a newcomer."""
    token: str | None = None
    """Handed back as `resume_token`."""


@dataclass(frozen=True, slots=True)
class ClientDetached:
    """A connection is gone, for whatever reason."""

    connection: int


@dataclass(frozen=True, slots=True)
class ClientSaid:
    """A text message."""

    connection: int
    message: ClientMessage


@dataclass(frozen=True, slots=True)
class AudioArrived:
    """Audio of one binary frame, decoded and resampled; it follows what the session has accepted so far."""

    connection: int
    pcm: TrackPcm


@dataclass(frozen=True, slots=True)
class ConsentRecorded:
    """Consent was given, refused or withdrawn, as `server/clinical/consent.py` has checked and kept it."""

    given: bool
    erase: bool = False
    """With a withdrawal: delete what was captured."""


@dataclass(frozen=True, slots=True)
class SpeechDelivered:
    """A result of the speech engine."""

    track: int
    generation: int
    """Which opening of the track's stream it belongs to; results of an older one are stale."""
    result: SpeechResult


@dataclass(frozen=True, slots=True)
class NoteDrafted:
    """A draft is ready; None where drafting failed (the note stays as it is)."""

    draft: Draft | None


@dataclass(frozen=True, slots=True)
class StatementEdited:
    """The clinician's edit. `receive` raises `UnknownStatement`, `StaleRevision` or `SessionOver`."""

    statement_id: str
    base_rev: int
    """Revision of the statement (or of the note) that the edit rests on."""
    text: str | None = None
    section: Section | None = None
    state: StatementState | None = None


@dataclass(frozen=True, slots=True)
class NoteSignedBy:
    """The clinician signs the note as it stands. `receive` raises `StaleRevision`."""

    by: str
    base_rev: int
    signed_at: str
    digest: str


@dataclass(frozen=True, slots=True)
class Restored:
    """First event of a session that was woken up after a restart: engines open, stored audio is replayed."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The server ends the session (deleted, too old, shutting down for good)."""

    reason: str


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The deadline that `next_deadline` gave has come."""


SessionEvent = (
    ClientAttached
    | ClientDetached
    | ClientSaid
    | AudioArrived
    | ConsentRecorded
    | SpeechDelivered
    | NoteDrafted
    | StatementEdited
    | NoteSignedBy
    | Restored
    | Ended
    | TimerFired
)
