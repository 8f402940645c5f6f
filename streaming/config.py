"""What a session is opened with, and the bounds that it keeps."""

from __future__ import annotations

from dataclasses import dataclass

from colloque.streaming.engines import Language
from colloque.streaming.transcript import Role


@dataclass(frozen=True, slots=True)
class TrackSpec:
    """One audio track of a session."""

    id: str
    role: Role = "unknown"
    """Who speaks on it, where the track is the speaker (telehealth)."""


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """What `POST /v1/sessions` asks for."""

    session_id: str
    language: Language
    tracks: tuple[TrackSpec, ...] = (TrackSpec("room"),)
    """One track is a room whose speakers are told apart; with several, each track is one speaker."""
    keyterms: tuple[str, ...] = ()
    speakers_max: int | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """Bounds of a session, in seconds."""

    consent_wait_s: float = 900.0
    """Without consent for so long, the session is closed."""
    publisher_wait_s: float = 3600.0
    """Without a publisher for so long, a live session is ended (what was heard is kept)."""
    flush_wait_s: float = 120.0
    """So long `end` waits for the engines; what is missing then becomes a `gap`."""
    draft_after_s: float = 1.5
    """Quiet time after committed words before a draft is asked for."""
    draft_at_least_s: float = 4.0
    """While words keep coming, a draft is asked for so often."""
    draft_wait_s: float = 30.0
    """So long `end` waits for the last draft."""
    lag_every_s: float = 1.0
    """Interval of `lag` while audio flows."""
    duration_max_s: float = 4 * 3600.0
    """Audio time after which a session is ended."""
