"""Opening the database file: who may read it, who else may have it open, and which files are refused."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine

from colloque.server.storage import database
from colloque.server.storage.errors import StorageFailed


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "colloque.sqlite3"


@contextmanager
def opened(file: Path) -> Iterator[Engine]:
    """The file, opened as the store does."""
    with closing(database.prepare(file)):
        engine = database.make_engine(file)
        try:
            database.bring_up(engine, file)
            yield engine
        finally:
            engine.dispose()


def run(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute(statement)


def test_the_files_are_the_owners_alone(file: Path) -> None:
    with opened(file), closing(sqlite3.connect(file)) as reader:
        reader.execute("SELECT * FROM sessions")
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert {f"{file.name}-wal", f"{file.name}.lock"} < modes.keys()
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_file_that_others_may_read_is_closed_to_them(file: Path) -> None:
    file.parent.mkdir()
    file.touch(0o644)
    with opened(file):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_every_connection_is_durable_and_overwrites_what_it_deletes(file: Path) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    with opened(file) as engine, engine.connect() as first, engine.connect() as second:
        for connection in (first, second):
            assert {key: connection.exec_driver_sql(f"PRAGMA {key}").scalar() for key in wanted} == wanted


def test_a_second_server_is_kept_out_until_the_first_is_gone(file: Path) -> None:
    with opened(file), pytest.raises(StorageFailed, match="another server has the database"):
        database.prepare(file)
    with opened(file):
        pass


def test_a_file_is_opened_again(file: Path) -> None:
    for _ in range(2):
        with opened(file) as engine, engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT version FROM schema_version").scalars().all() == [1]


def test_a_file_of_a_newer_version_is_left_alone(file: Path) -> None:
    with opened(file):
        pass
    run(file, "UPDATE schema_version SET version = 99")
    run(file, "DROP TABLE consent")
    with pytest.raises(StorageFailed, match=r"newer version of Colloque \(schema 99"), opened(file):
        pass
    with closing(sqlite3.connect(file)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert "consent" not in tables


def test_a_file_that_is_no_database_is_refused(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"a recipe for onion soup, which is no database" * 100)
    with pytest.raises(StorageFailed, match="is no database of Colloque"), opened(file):
        pass


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageFailed, match="COLLOQUE_DATA"):
        database.prepare(tmp_path / "file" / "colloque.sqlite3")
