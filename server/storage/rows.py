"""Rows of the tables to values and back."""

from __future__ import annotations

import json
from typing import Any, cast

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection

from colloque.server.clinical.consent import ConsentMethod, ConsentRecord
from colloque.server.ports import AuditEntry, SessionRecord, StoredEvent, StoredSession, TokenRecord
from colloque.server.storage import tables
from colloque.streaming.commands import StoreCheckpoint
from colloque.streaming.config import SessionConfig
from colloque.streaming.events import TrackPcm
from colloque.streaming.schema import from_json

FULL_SCALE = 32768.0


def load(connection: Connection, session_id: str) -> StoredSession | None:
    """All of a session; None where there is none."""
    row = connection.execute(sa.select(tables.sessions).where(tables.sessions.c.id == session_id)).one_or_none()
    if row is None:
        return None
    record = SessionRecord(
        config=from_json(SessionConfig, json.loads(row.config)),
        created_at=row.created_at,
        tokens=_tokens(connection, session_id),
        closed=row.closed,
    )
    return StoredSession(
        record=record,
        events=events(connection, session_id, 0, row.last_seq),
        received_samples=row.received_samples,
        last_seq=row.last_seq,
        checkpoints=_checkpoints(connection, session_id),
        consent=_consent(connection, session_id),
    )


def events(connection: Connection, session_id: str, after_seq: int, until_seq: int) -> tuple[StoredEvent, ...]:
    """Events with `after_seq < seq <= until_seq`, in order."""
    table = tables.events.c
    query = (
        sa.select(table.seq, table.text)
        .where(table.session_id == session_id, table.seq > after_seq, table.seq <= until_seq)
        .order_by(table.seq)
    )
    return tuple(StoredEvent(seq, text) for seq, text in connection.execute(query))


def audio(connection: Connection, session_id: str, from_sample: int) -> tuple[tuple[int, TrackPcm], ...]:
    """(start sample, pcm) from `from_sample` on, in order; the first is cut to fit."""
    table = tables.audio.c
    query = (
        sa.select(table.start_sample, table.tracks, table.pcm)
        .where(table.session_id == session_id, table.end_sample > from_sample)
        .order_by(table.start_sample)
    )
    pieces = []
    for start_sample, tracks, blob in connection.execute(query):
        skip = max(from_sample - start_sample, 0)
        pieces.append((start_sample + skip, pcm_of(blob, tracks)[:, skip:]))
    return tuple(pieces)


def audit(connection: Connection, session_id: str) -> tuple[AuditEntry, ...]:
    """Audit entries of a session in the order in which they were written."""
    table = tables.audit.c
    query = sa.select(tables.audit).where(table.session_id == session_id).order_by(table.number)
    return tuple(AuditEntry(row.at, row.session_id, row.action, row.actor) for row in connection.execute(query))


def audio_values(start_sample: int, pcm: TrackPcm) -> dict[str, Any]:
    """Columns of journalled audio. `pcm`: float32, shape (tracks, n); what is beyond full scale is clipped."""
    steps = np.clip(np.rint(pcm * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1)
    return {
        "start_sample": start_sample,
        "end_sample": start_sample + pcm.shape[1],
        "tracks": pcm.shape[0],
        "pcm": steps.astype("<i2").tobytes(),
    }


def pcm_of(blob: bytes, tracks: int) -> TrackPcm:
    """Journalled audio as float32, shape (tracks, n)."""
    steps = np.frombuffer(blob, dtype="<i2")
    return steps.reshape(tracks, len(steps) // tracks).astype(np.float32) / np.float32(FULL_SCALE)


def token_values(session_id: str, token: TokenRecord) -> dict[str, Any]:
    """Columns of a token."""
    return {
        "session_id": session_id,
        "token_hash": token.token_hash,
        "scope": token.scope,
        "expires_at": token.expires_at,
    }


def consent_values(record: ConsentRecord) -> dict[str, Any]:
    """Columns of a consent decision."""
    return {
        "given": record.given,
        "method": record.method,
        "by": record.by,
        "at": record.at,
        "statement": record.statement,
        "erase": record.erase,
    }


def _tokens(connection: Connection, session_id: str) -> tuple[TokenRecord, ...]:
    query = sa.select(tables.tokens).where(tables.tokens.c.session_id == session_id).order_by(tables.tokens.c.scope)
    return tuple(TokenRecord(row.token_hash, row.scope, row.expires_at) for row in connection.execute(query))


def _checkpoints(connection: Connection, session_id: str) -> dict[int, StoreCheckpoint]:
    query = sa.select(tables.checkpoints).where(tables.checkpoints.c.session_id == session_id)
    return {row.track: StoreCheckpoint(row.track, row.sample, row.state) for row in connection.execute(query)}


def _consent(connection: Connection, session_id: str) -> tuple[ConsentRecord, ...]:
    table = tables.consent.c
    query = sa.select(tables.consent).where(table.session_id == session_id).order_by(table.number)
    return tuple(
        ConsentRecord(row.given, cast(ConsentMethod, row.method), row.by, row.at, row.statement, row.erase)
        for row in connection.execute(query)
    )
