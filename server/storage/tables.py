"""Tables of the store. A change of them is a new `SCHEMA_VERSION` and a migration from the one before."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, LargeBinary, MetaData, String, Table, Text

SCHEMA_VERSION = 1

metadata = MetaData()


def _session_key(*, primary_key: bool) -> Column[str]:
    """Every row of a session goes with it."""
    return Column(
        "session_id",
        String(64),
        ForeignKey("sessions.id", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=False,
        index=None if primary_key else True,
    )


schema_version = Table("schema_version", metadata, Column("version", Integer, primary_key=True, autoincrement=False))

sessions = Table(
    "sessions",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("created_at", String(32), nullable=False),
    Column("closed", Boolean, nullable=False, default=False),
    Column("config", Text, nullable=False),  # JSON of SessionConfig
    Column("received_samples", Integer, nullable=False, default=0),  # outlives the journalled audio: the clock
    Column("last_seq", Integer, nullable=False, default=0),  # outlives erased events: numbers are never used again
)

tokens = Table(
    "tokens",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    _session_key(primary_key=False),
    Column("scope", String(16), nullable=False),
    Column("expires_at", String(32), nullable=False),
)

events = Table(
    "events",
    metadata,
    _session_key(primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),  # JSON text of the wire, as sent
    sqlite_with_rowid=False,  # rows lie in the order in which they are read
)

audio = Table(
    "audio",
    metadata,
    _session_key(primary_key=True),
    Column("start_sample", Integer, primary_key=True, autoincrement=False),
    Column("end_sample", Integer, nullable=False),
    Column("tracks", Integer, nullable=False),
    Column("pcm", LargeBinary, nullable=False),  # s16le, one track after the other
)

checkpoints = Table(
    "checkpoints",
    metadata,
    _session_key(primary_key=True),
    Column("track", Integer, primary_key=True, autoincrement=False),
    Column("sample", Integer, nullable=False),
    Column("state", LargeBinary, nullable=False),
)

consent = Table(
    "consent",
    metadata,
    Column("number", Integer, primary_key=True),
    _session_key(primary_key=False),
    Column("given", Boolean, nullable=False),
    Column("method", String(16), nullable=False),
    Column("by", Text, nullable=False),
    Column("at", String(32), nullable=False),
    Column("statement", Text),
    Column("erase", Boolean, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", String(32), nullable=False),
    Column("session_id", String(64), nullable=False, index=True),  # no foreign key: it outlives the session
    Column("action", String(64), nullable=False),
    Column("actor", String(64), nullable=False),
)
