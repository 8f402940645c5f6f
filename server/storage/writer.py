"""Group commit: one thread writes for all sessions, and what waits together shares one transaction and one `fsync`."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from colloque.server.storage.errors import StorageFailed

T = TypeVar("T")
BATCH_MAX = 64
"""Jobs of one transaction: bounds the time that the first of them waits."""
WAITING_MAX = 1024
"""Jobs that may wait. Whoever comes later is held back before it queues."""


@dataclass(frozen=True, slots=True)
class _Job(Generic[T]):
    work: Callable[[Connection], T]
    after: Callable[[], None] | None
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[T]

    def settle(self, result: T | None, error: Exception | None) -> None:
        """Wakes the caller up, from the writer's thread."""
        with contextlib.suppress(RuntimeError):  # its loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(self._settle, result, error)

    def _settle(self, result: Any, error: Exception | None) -> None:
        if self.answer.done():  # the caller was cancelled
            return
        if error is not None:
            self.answer.set_exception(error)
        else:
            self.answer.set_result(result)


class GroupWriter:
    """Runs jobs in the order of their coming, each as a whole or not at all.

    A job must do nothing but talk to the database: where one of a batch fails, the batch is rolled back and its jobs
    are run again, each in a transaction of its own, so that the fault stays with the job that has it.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._room = asyncio.Semaphore(WAITING_MAX)
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="storage-writer", daemon=True)
        self._thread.start()

    async def run(self, work: Callable[[Connection], T], after: Callable[[], None] | None = None) -> T:
        """What `work` returns, once its transaction is on disk (and `after` was called, outside of it).

        Raises what `work` raised, or `StorageFailed`. A caller that is cancelled leaves its job to be done.
        """
        async with self._room:
            if self._closed:
                raise StorageFailed("the store is closed: the server is shutting down")
            loop = asyncio.get_running_loop()
            job: _Job[T] = _Job(work, after, loop, loop.create_future())
            self._jobs.put(job)
            return await job.answer

    async def close(self) -> None:
        """Finishes what is queued and ends the thread."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    # --- on the writer's thread ---------------------------------------------------------------------------------

    def _run(self) -> None:
        with self._engine.connect() as connection:
            while True:
                batch = self._take()
                if batch is None:
                    return
                self._write(connection, batch)

    def _take(self) -> list[_Job[Any]] | None:
        """Waits for a job, and takes what has come in the meantime. None when the writer is to end."""
        first = self._jobs.get()
        if first is None:
            return None
        batch = [first]
        while len(batch) < BATCH_MAX:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                self._jobs.put(None)  # for the next turn; nothing can come behind it
                break
            batch.append(job)
        return batch

    def _write(self, connection: Connection, batch: list[_Job[Any]]) -> None:
        try:
            with connection.begin():
                results = [job.work(connection) for job in batch]
        except Exception as error:
            if len(batch) == 1:
                batch[0].settle(None, _translated(error))
                return
            for job in batch:
                self._write(connection, [job])
            return
        for job, result in zip(batch, results, strict=True):
            job.settle(result, _call(job.after))


def _call(after: Callable[[], None] | None) -> Exception | None:
    try:
        if after is not None:
            after()
    except Exception as error:
        return _translated(error)
    return None


def _translated(error: Exception) -> Exception:
    if not isinstance(error, SQLAlchemyError):
        return error
    failed = StorageFailed(
        "the database could not be written; what was not acknowledged is not kept. Look whether the disk is full"
    )
    failed.__cause__ = error
    return failed
