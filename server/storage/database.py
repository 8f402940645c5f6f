"""Opening the database file: its permissions, the lock that keeps a second server out, its settings and its schema."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from colloque.server.storage import tables
from colloque.server.storage.errors import StorageFailed

BUSY_WAIT_MS = 5_000


def prepare(database: Path) -> sqlite3.Connection:
    """Makes folder and file for their owner alone, and takes the lock that keeps a second server out.

    The lock is a transaction on a file of its own: the system lets go of it whatever way the process ends.
    """
    lock_file = database.with_name(database.name + ".lock")
    try:
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in (database, lock_file):
            os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
            file.chmod(0o600)
    except OSError as error:
        raise StorageFailed(
            f"the database {database} cannot be opened ({error.strerror}); make the folder writable for the server, or"
            " name another one with COLLOQUE_DATA"
        ) from None
    lock = sqlite3.connect(lock_file, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        lock.close()
        raise StorageFailed(
            f"another server has the database {database} open; stop it, or name another folder with COLLOQUE_DATA"
        ) from None
    return lock


def make_engine(database: Path) -> Engine:
    """Connections that write durably, keep foreign keys, and overwrite what they delete."""
    # hide_parameters: the text of a database error must not hold what was said
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(database)), hide_parameters=True)

    @sa.event.listens_for(engine, "connect")
    def configure(raw: sqlite3.Connection, _: Any) -> None:
        raw.isolation_level = None  # SQLAlchemy says BEGIN, not the driver
        for pragma in (
            f"busy_timeout={BUSY_WAIT_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            raw.execute(f"PRAGMA {pragma}").close()

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def bring_up(engine: Engine, database: Path) -> None:
    """Makes the tables of a new file, or checks the version of an old one."""
    try:
        with engine.begin() as connection:
            found = _version(connection)
            if found is None:
                tables.metadata.create_all(connection)
                connection.execute(tables.schema_version.insert().values(version=tables.SCHEMA_VERSION))
    except (SQLAlchemyError, sqlite3.Error):
        raise StorageFailed(
            f"{database} is no database of Colloque, or it is damaged; restore it from a copy, or name another folder"
            " with COLLOQUE_DATA"
        ) from None
    if found is not None and found > tables.SCHEMA_VERSION:
        raise StorageFailed(
            f"{database} was written by a newer version of Colloque (schema {found}, this version knows"
            f" {tables.SCHEMA_VERSION}); install that version again, or name another folder with COLLOQUE_DATA"
        )


def _version(connection: Connection) -> int | None:
    """The schema of the file; None where it is new."""
    if not sa.inspect(connection).has_table(tables.schema_version.name):
        return None
    return int(connection.execute(sa.select(tables.schema_version.c.version)).scalar_one())
