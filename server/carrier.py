"""Carries the commands of one session out, in order, under the law that what is sent is already stored.

Waiting for the disk with every 20 ms of audio would cost a sync each. So changes gather until something is to be sent
(an acknowledgement, four times a second; a word), or somebody waits; one commit then takes them all. While it is under
way, commands gather for the next one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

import numpy as np

from colloque.server.ports import Change
from colloque.streaming.commands import (
    Broadcast,
    CloseStream,
    Command,
    EraseCapture,
    FlushStream,
    ForgetAudio,
    OpenStream,
    PushAudio,
    RequestDraft,
    StoreAudio,
    StoreCheckpoint,
)

Barrier = asyncio.Future[None]
"""Done once everything before it is carried out."""
Item = Command | Barrier


def can_wait(item: Item) -> bool:
    """True where nobody outside learns of anything by the command, so that what came before need not be stored yet."""
    match item:
        case StoreAudio() | StoreCheckpoint() | ForgetAudio():
            return True
        case PushAudio() | FlushStream() | CloseStream() | RequestDraft() | OpenStream(replay=False):
            return True
        case _:
            return False


def changes_of(commands: Iterable[object]) -> list[Change]:
    """What the commands change in the store, in order; audio that follows on is joined into one piece."""
    changes: list[Change] = []
    run: list[StoreAudio] = []
    for command in commands:
        match command:
            case StoreAudio():
                run.append(command)
            case StoreCheckpoint() | ForgetAudio() | EraseCapture() | Broadcast(durable=True):
                changes += _joined(run)
                run = []
                changes.append(command)
    return changes + _joined(run)


def _joined(run: list[StoreAudio]) -> list[StoreAudio]:
    if len(run) < 2:
        return run
    return [StoreAudio(run[0].start_sample, np.concatenate([audio.pcm for audio in run], axis=1), run[-1].seq)]


class Carrier:
    """One per session."""

    def __init__(
        self,
        commit: Callable[[list[Change]], Awaitable[None]],
        perform: Callable[[Command], Awaitable[None]],
        failed: Callable[[Exception], None],
    ) -> None:
        self._commit = commit
        self._perform = perform
        self._failed = failed
        self._queue: deque[Item] = deque()
        self._batch: deque[Item] = deque()
        self._changes: list[Change] = []
        """Not stored yet, since nothing was sent after them."""
        self._wake = asyncio.Event()
        self._over: Exception | None = None
        self._task = asyncio.create_task(self._run())

    @property
    def waiting(self) -> int:
        """Commands that are not carried out yet."""
        return len(self._queue) + len(self._batch)

    def add(self, commands: Iterable[Command]) -> None:
        """Queues commands. After the end they are dropped."""
        if self._over is None:
            self._queue.extend(commands)
            self._wake.set()

    async def drained(self) -> None:
        """Waits for all that was queued before. Raises what ended the carrier, if something did meanwhile."""
        if self._over is not None:
            raise self._over
        barrier: Barrier = asyncio.get_running_loop().create_future()
        self._queue.append(barrier)
        self._wake.set()
        await barrier

    def end(self, error: Exception) -> None:
        """Drops what waits; whoever waits for it gets `error`. A commit that is under way goes on, see `settled`."""
        if self._over is not None:
            return
        self._over = error
        for item in (*self._batch, *self._queue):
            if isinstance(item, asyncio.Future) and not item.done():
                item.set_exception(error)
        self._batch.clear()
        self._queue.clear()
        self._wake.set()

    async def settled(self) -> None:
        """After `end`: waits until nothing is written any more."""
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            while self._over is None:
                await self._wake.wait()
                self._wake.clear()
                self._batch, self._queue = self._queue, deque()
                await self._carry_out()
        except Exception as error:  # whatever it was, this session is over here and no other is touched
            self.end(error)
            self._failed(error)

    async def _carry_out(self) -> None:
        self._changes = changes_of([*self._changes, *self._batch])
        if self._changes and not all(map(can_wait, self._batch)):
            changes, self._changes = self._changes, []
            await self._commit(changes)
        # an item is taken out once it is done, so that `waiting` counts it; `end` may empty the batch meanwhile
        while self._batch:
            item = self._batch[0]
            if not isinstance(item, asyncio.Future):
                await self._perform(item)
            elif not item.done():
                item.set_result(None)
            if self._batch:
                self._batch.popleft()
