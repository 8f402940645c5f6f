"""What the server needs of storage. `server/storage/` implements it; another store may take its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from colloque.server.clinical.consent import ConsentRecord
from colloque.streaming.commands import Broadcast, EraseCapture, ForgetAudio, StoreAudio, StoreCheckpoint
from colloque.streaming.config import SessionConfig
from colloque.streaming.events import TrackPcm

Change = StoreAudio | StoreCheckpoint | ForgetAudio | EraseCapture | Broadcast
"""Commands of a session that change what is stored; a `Broadcast` here is always a durable one."""


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A session token as it is kept: hashed, bound to session and scope."""

    token_hash: str
    """SHA-256 of the token, hexadecimal; tokens are random, so no slow hash is needed."""
    scope: str
    """`publisher` or `viewer`"""
    expires_at: str
    """RFC 3339"""


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A session as created, with what later happened to it as a whole."""

    config: SessionConfig
    created_at: str
    """RFC 3339"""
    tokens: tuple[TokenRecord, ...]
    closed: bool = False
    """True once `session.ended` is stored: it takes no slot after a restart."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A durable event as it was sent."""

    seq: int
    text: str
    """The JSON text of the wire."""


@dataclass(frozen=True, slots=True)
class StoredSession:
    """All that is needed to wake a session up."""

    record: SessionRecord
    events: tuple[StoredEvent, ...]
    received_samples: int
    """End of the journalled audio: the session's clock."""
    last_seq: int
    """The highest `seq` known to have been given out (events and journalled audio)."""
    checkpoints: dict[int, StoreCheckpoint]
    """By track."""
    consent: tuple[ConsentRecord, ...]
    """In order of time."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to a session, without clinical content."""

    at: str
    """RFC 3339"""
    session_id: str
    action: str
    """Stable code such as `session.create`, `consent.give`, `statement.edit`, `note.sign`, `session.erase`."""
    actor: str
    """Key or token fingerprint, never a name."""


class Store(Protocol):
    """Everything durable. Methods return when the data are on disk (or read)."""

    async def create(self, record: SessionRecord) -> None:
        """Keeps a new session."""

    async def load(self, session_id: str) -> StoredSession | None:
        """None where there is no such session."""

    async def open_sessions(self) -> tuple[str, ...]:
        """Ids of the sessions that were not closed, oldest first."""

    async def commit(self, session_id: str, changes: Sequence[Change]) -> None:
        """Stores the changes in order, all or nothing. Commits of several sessions may share one transaction."""

    async def set_closed(self, session_id: str) -> None:
        """Marks the session as over."""

    async def events(self, session_id: str, after_seq: int, until_seq: int) -> tuple[StoredEvent, ...]:
        """Durable events with `after_seq < seq <= until_seq`, in order."""

    async def audio(self, session_id: str, from_sample: int) -> tuple[tuple[int, TrackPcm], ...]:
        """Journalled audio from a sample on, as contiguous (start sample, pcm) in order; the first is cut to fit."""

    async def add_consent(self, session_id: str, record: ConsentRecord) -> None:
        """Appends to the consent history."""

    async def add_audit(self, entry: AuditEntry) -> None:
        """Appends to the audit trail."""

    async def erase(self, session_id: str) -> None:
        """Deletes everything of the session but the audit entries."""

    async def close(self) -> None:
        """Finishes what is queued and closes the files."""
