"""The group writer: jobs that wait together share a transaction, and a fault stays with the job that has it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from colloque.server.storage.database import make_engine
from colloque.server.storage.errors import StorageFailed
from colloque.server.storage.writer import BATCH_MAX, GroupWriter


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    made = make_engine(tmp_path / "numbers.sqlite3")
    with made.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE numbers (n INTEGER PRIMARY KEY)")
    return made


@pytest.fixture
async def writer(engine: Engine) -> AsyncIterator[GroupWriter]:
    made = GroupWriter(engine)
    yield made
    await made.close()
    engine.dispose()


def insert(number: int) -> Callable[[Connection], int]:
    """A job that stores a number and gives it back."""

    def work(connection: Connection) -> int:
        connection.exec_driver_sql("INSERT INTO numbers VALUES (?)", (number,))
        return number

    return work


def numbers(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.execute(sa.text("SELECT n FROM numbers ORDER BY n")).scalars())


async def test_jobs_that_wait_together_share_transactions(writer: GroupWriter, engine: Engine) -> None:
    commits: list[None] = []
    sa.event.listen(engine, "commit", lambda _: commits.append(None))
    gate = threading.Event()
    held = asyncio.create_task(writer.run(lambda _: gate.wait(60)))
    jobs = [asyncio.create_task(writer.run(insert(n))) for n in range(2 * BATCH_MAX)]
    await asyncio.sleep(0)  # all of them are queued behind the first
    gate.set()
    await held
    assert await asyncio.gather(*jobs) == list(range(2 * BATCH_MAX))
    assert numbers(engine) == list(range(2 * BATCH_MAX))
    assert len(commits) <= 4


async def test_a_fault_stays_with_its_job(writer: GroupWriter, engine: Engine) -> None:
    gate = threading.Event()
    held = asyncio.create_task(writer.run(lambda _: gate.wait(60)))
    jobs = [asyncio.create_task(writer.run(insert(n))) for n in (1, 2, 2, 3)]
    await asyncio.sleep(0)
    gate.set()
    await held
    first, second, double, third = await asyncio.gather(*jobs, return_exceptions=True)
    assert (first, second, third) == (1, 2, 3)
    assert isinstance(double, StorageFailed)
    assert numbers(engine) == [1, 2, 3]


async def test_a_full_disk_fails_the_job_that_does_not_fit(tmp_path: Path) -> None:
    engine = make_engine(tmp_path / "small.sqlite3")
    sa.event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA max_page_count=64").close())
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE numbers (n INTEGER PRIMARY KEY, filling BLOB)")

    def fill(number: int, size_bytes: int) -> Callable[[Connection], None]:
        def work(connection: Connection) -> None:
            connection.exec_driver_sql("INSERT INTO numbers VALUES (?, zeroblob(?))", (number, size_bytes))

        return work

    writer = GroupWriter(engine)
    gate = threading.Event()
    held = asyncio.create_task(writer.run(lambda _: gate.wait(60)))
    jobs = [asyncio.create_task(writer.run(fill(n, size))) for n, size in ((1, 1), (2, 10_000_000), (3, 1))]
    await asyncio.sleep(0)
    gate.set()
    await held
    first, too_large, third = await asyncio.gather(*jobs, return_exceptions=True)
    assert (first, third) == (None, None)
    assert isinstance(too_large, StorageFailed)
    assert "disk is full" in str(too_large)
    assert numbers(engine) == [1, 3]
    await writer.close()
    engine.dispose()


async def test_what_a_job_raises_comes_to_its_caller(writer: GroupWriter, engine: Engine) -> None:
    def fails(connection: Connection) -> None:
        insert(1)(connection)
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        await writer.run(fails)
    assert numbers(engine) == []


async def test_after_is_called_outside_of_the_transaction(writer: GroupWriter, engine: Engine) -> None:
    seen: list[list[int]] = []
    await writer.run(insert(1), lambda: seen.append(numbers(engine)))
    assert seen == [[1]]


async def test_a_fault_in_after_undoes_nothing(writer: GroupWriter, engine: Engine) -> None:
    def fails() -> None:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        await writer.run(insert(1), fails)
    assert numbers(engine) == [1]


async def test_close_finishes_what_is_queued(writer: GroupWriter, engine: Engine) -> None:
    jobs = [asyncio.create_task(writer.run(insert(n))) for n in range(200)]
    await asyncio.sleep(0)
    await writer.close()
    await asyncio.gather(*jobs)
    assert len(numbers(engine)) == 200
    with pytest.raises(StorageFailed, match="closed"):
        await writer.run(insert(1000))
