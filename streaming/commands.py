"""What leaves a session: every effect it wants, as plain data, for the driver to carry out in order.

One law binds the driver: **what is sent is already stored.** Every `StoreAudio`, `StoreCheckpoint` and durable
`Broadcast` is on disk before any later command of the same session that sends something.
"""

from __future__ import annotations

from dataclasses import dataclass

from colloque.streaming.audio import AudioChunk
from colloque.streaming.engines import DraftRequest, StreamSpec
from colloque.streaming.events import TrackPcm
from colloque.streaming.messages import Envelope


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Send to every attached connection, in this order; store first where `durable`."""

    envelope: Envelope
    durable: bool


@dataclass(frozen=True, slots=True)
class SendTo:
    """Send to one connection; nothing where it is gone."""

    connection: int
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class ReplayTo:
    """Send the stored events with `after_seq < seq <= until_seq` to one connection."""

    connection: int
    after_seq: int
    until_seq: int


@dataclass(frozen=True, slots=True)
class CloseConnection:
    """Close a connection after what was sent to it before."""

    connection: int
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class StoreAudio:
    """Journal accepted audio until `ForgetAudio`."""

    start_sample: int
    pcm: TrackPcm
    """shape (tracks, n), float32, 16 kHz"""
    seq: int
    """The last `seq` given out: a restarted session must go on above it."""


@dataclass(frozen=True, slots=True)
class StoreCheckpoint:
    """Where a track's stream can be opened anew; replaces the track's previous one."""

    track: int
    sample: int
    state: bytes


@dataclass(frozen=True, slots=True)
class ForgetAudio:
    """Delete journalled audio that ends at or before this sample."""

    before_sample: int


@dataclass(frozen=True, slots=True)
class OpenStream:
    """Open the speech engine for a track. With `replay`, push the stored audio from `spec.start_sample` on first."""

    spec: StreamSpec
    generation: int
    replay: bool


@dataclass(frozen=True, slots=True)
class PushAudio:
    """Audio for the track's stream."""

    track: int
    chunk: AudioChunk


@dataclass(frozen=True, slots=True)
class FlushStream:
    """Flush the track's stream; it answers `Flushed(token)`."""

    track: int
    token: int


@dataclass(frozen=True, slots=True)
class CloseStream:
    """Free the track's slot."""

    track: int


@dataclass(frozen=True, slots=True)
class RequestDraft:
    """Draft the note off the hot path; answer with `NoteDrafted`."""

    request: DraftRequest


@dataclass(frozen=True, slots=True)
class EraseCapture:
    """Delete audio, checkpoints and events of the session (consent withdrawn with erasure)."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The session is over: nothing will be sent or stored for it any more, but for edits of its note."""


Command = (
    Broadcast
    | SendTo
    | ReplayTo
    | CloseConnection
    | StoreAudio
    | StoreCheckpoint
    | ForgetAudio
    | OpenStream
    | PushAudio
    | FlushStream
    | CloseStream
    | RequestDraft
    | EraseCapture
    | Finished
)
