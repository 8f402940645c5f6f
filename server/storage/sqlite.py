"""The store in one SQLite file: durable at every commit, erasable without traces.

* `synchronous=FULL` and write-ahead logging: when a method returns, a power cut does not undo it.
* `secure_delete` overwrites what is deleted, and after an erasure the log is emptied: the words are out of the files.
* Audio is journalled as 16-bit integers. That is exact for 16-bit input at 16 kHz; other input (float, resampled) is
  rounded to the nearest step, 96 dB below full scale, in what a restarted server hears again.
* The files are readable by their owner alone. They are not encrypted in this version.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from colloque.server.clinical.consent import ConsentRecord
from colloque.server.ports import AuditEntry, Change, SessionRecord, StoredEvent, StoredSession
from colloque.server.storage import database, rows, tables
from colloque.server.storage.errors import StorageFailed
from colloque.server.storage.writer import GroupWriter
from colloque.streaming.commands import Broadcast, EraseCapture, ForgetAudio, StoreAudio, StoreCheckpoint
from colloque.streaming.errors import UnknownSession
from colloque.streaming.events import TrackPcm
from colloque.streaming.schema import to_json
from colloque.streaming.wire import encode_event

T = TypeVar("T")


class SqliteStore:
    """Implements `colloque.server.ports.Store`. One process may have the file open."""

    def __init__(self, file: Path) -> None:
        """Opens or makes the file (blocking). Raises `StorageFailed` with what to do."""
        self._lock = database.prepare(file)
        self._engine = database.make_engine(file)
        try:
            database.bring_up(self._engine, file)
        except BaseException:
            self._engine.dispose()
            self._lock.close()
            raise
        self._writer = GroupWriter(self._engine)
        self._reader = ThreadPoolExecutor(1, "storage-reader")

    # --- writing ------------------------------------------------------------------------------------------------

    async def create(self, record: SessionRecord) -> None:
        """Keeps a new session."""
        config = record.config

        def work(connection: Connection) -> None:
            connection.execute(
                tables.sessions.insert().values(
                    id=config.session_id,
                    created_at=record.created_at,
                    closed=record.closed,
                    config=json.dumps(to_json(config), ensure_ascii=False),
                )
            )
            if record.tokens:
                values = [rows.token_values(config.session_id, token) for token in record.tokens]
                connection.execute(tables.tokens.insert(), values)

        await self._writer.run(work)

    async def commit(self, session_id: str, changes: Sequence[Change]) -> None:
        """Stores the changes in order, all or nothing.

        Raises `UnknownSession` where the session was erased meanwhile, or `StorageFailed`.
        """
        if not changes:
            return
        erases = any(isinstance(change, EraseCapture) for change in changes)
        await self._writer.run(lambda c: _commit(c, session_id, changes), self._scrub if erases else None)

    async def set_closed(self, session_id: str) -> None:
        """Marks the session as over, and clears the log of what its journal held."""
        statement = tables.sessions.update().where(tables.sessions.c.id == session_id).values(closed=True)
        await self._writer.run(lambda c: _execute(c, statement), self._scrub)

    async def add_consent(self, session_id: str, record: ConsentRecord) -> None:
        """Appends to the consent history."""
        statement = tables.consent.insert().values(session_id=session_id, **rows.consent_values(record))
        await self._writer.run(lambda c: _execute(c, statement))

    async def add_audit(self, entry: AuditEntry) -> None:
        """Appends to the audit trail."""
        statement = tables.audit.insert().values(
            at=entry.at, session_id=entry.session_id, action=entry.action, actor=entry.actor
        )
        await self._writer.run(lambda c: _execute(c, statement))

    async def erase(self, session_id: str) -> None:
        """Deletes everything of the session but the audit entries, also from the log."""
        statement = tables.sessions.delete().where(tables.sessions.c.id == session_id)
        await self._writer.run(lambda c: _execute(c, statement), self._scrub)

    # --- reading ------------------------------------------------------------------------------------------------

    async def load(self, session_id: str) -> StoredSession | None:
        """None where there is no such session."""
        return await self._read(lambda c: rows.load(c, session_id))

    async def open_sessions(self) -> tuple[str, ...]:
        """Ids of the sessions that were not closed, oldest first."""
        sessions = tables.sessions.c
        query = sa.select(sessions.id).where(sessions.closed.is_(False)).order_by(sessions.number)
        return await self._read(lambda c: tuple(c.execute(query).scalars()))

    async def events(self, session_id: str, after_seq: int, until_seq: int) -> tuple[StoredEvent, ...]:
        """Durable events with `after_seq < seq <= until_seq`, in order."""
        return await self._read(lambda c: rows.events(c, session_id, after_seq, until_seq))

    async def audio(self, session_id: str, from_sample: int) -> tuple[tuple[int, TrackPcm], ...]:
        """Journalled audio from a sample on, as contiguous (start sample, pcm) in order; the first is cut to fit."""
        return await self._read(lambda c: rows.audio(c, session_id, from_sample))

    async def audit_trail(self, session_id: str) -> tuple[AuditEntry, ...]:
        """Audit entries of a session in order, also of an erased one."""
        return await self._read(lambda c: rows.audit(c, session_id))

    async def close(self) -> None:
        """Finishes what is queued and closes the files."""
        await self._writer.close()
        await asyncio.to_thread(self._reader.shutdown)
        with contextlib.suppress(StorageFailed):
            await asyncio.to_thread(self._scrub)
        self._engine.dispose()
        self._lock.close()

    async def _read(self, query: Callable[[Connection], T]) -> T:
        def work() -> T:
            try:
                with self._engine.connect() as connection:
                    return query(connection)
            except SQLAlchemyError as error:
                raise StorageFailed("the database could not be read; it may be damaged") from error

        try:
            return await asyncio.get_running_loop().run_in_executor(self._reader, work)
        except RuntimeError:
            raise StorageFailed("the store is closed: the server is shutting down") from None

    def _scrub(self) -> None:
        """Moves the log into the file and empties it (blocking), so that nothing deleted is left in it."""
        raw = self._engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        except sqlite3.Error as error:
            raise StorageFailed("the log of the database could not be emptied") from error
        finally:
            raw.close()


# --- statements ---------------------------------------------------------------------------------------------------


def _execute(connection: Connection, statement: sa.Executable) -> None:
    connection.execute(statement)


def _commit(connection: Connection, session_id: str, changes: Sequence[Change]) -> None:
    """Applies the changes, then moves the session's clock and numbers on."""
    received = max((c.start_sample + c.pcm.shape[1] for c in changes if isinstance(c, StoreAudio)), default=0)
    last_seq = max((_seq(change) for change in changes), default=0)
    sessions, own = tables.sessions, tables.sessions.c
    known = connection.execute(
        sessions.update()
        .where(own.id == session_id)
        .values(
            received_samples=sa.case((own.received_samples < received, received), else_=own.received_samples),
            last_seq=sa.case((own.last_seq < last_seq, last_seq), else_=own.last_seq),
        )
    )
    if known.rowcount == 0:
        raise UnknownSession("the session was erased: nothing more is kept of it")
    for change in changes:
        _apply(connection, session_id, change)


def _seq(change: Change) -> int:
    """The number that was given out with the change; 0 where none was."""
    match change:
        case StoreAudio():
            return change.seq
        case Broadcast():
            return change.envelope.seq
        case _:
            return 0


def _apply(connection: Connection, session_id: str, change: Change) -> None:
    audio, checkpoints = tables.audio, tables.checkpoints
    match change:
        case Broadcast(envelope):
            values = {"session_id": session_id, "seq": envelope.seq, "text": encode_event(envelope)}
            connection.execute(tables.events.insert(), values)
        case StoreAudio(start_sample, pcm):
            connection.execute(audio.insert(), {"session_id": session_id, **rows.audio_values(start_sample, pcm)})
        case StoreCheckpoint(track, sample, state):
            same = (checkpoints.c.session_id == session_id) & (checkpoints.c.track == track)
            connection.execute(checkpoints.delete().where(same))
            values = {"session_id": session_id, "track": track, "sample": sample, "state": state}
            connection.execute(checkpoints.insert(), values)
        case ForgetAudio(before_sample):
            over = (audio.c.session_id == session_id) & (audio.c.end_sample <= before_sample)
            connection.execute(audio.delete().where(over))
        case EraseCapture():
            for table in (tables.events, audio, checkpoints):
                connection.execute(table.delete().where(table.c.session_id == session_id))
