"""Gives the frames of a recording to a session: as fast as they are taken, or each when it would have been spoken."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator

AHEAD_MAX = 50
"""Frames that are decoded ahead."""

Wait = Callable[[float], Awaitable[None]]
"""Waits until a moment of the loop's clock, in seconds."""


async def read_ahead(frames: Generator[bytes]) -> AsyncGenerator[bytes]:
    """The frames, decoded on a thread of their own: a recording on a slow disk or a pipe holds nothing else up.

    Raises what the generator raises, which is closed on that thread. The thread is a daemon: it may wait on a pipe for
    ever, and must not keep the program from ending.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
    room = threading.Semaphore(AHEAD_MAX)
    stopped = threading.Event()

    def put(item: bytes | Exception | None) -> None:
        try:
            loop.call_soon_threadsafe(queue.put_nowait, item)
        except RuntimeError:  # the loop is closed: nobody listens any more
            stopped.set()

    def read() -> None:
        try:
            for frame in frames:
                room.acquire()
                if stopped.is_set():
                    return
                put(frame)
            put(None)
        except Exception as error:  # for the one who awaits the frames
            put(error)
        finally:
            frames.close()

    threading.Thread(target=read, name="decoder", daemon=True).start()
    try:
        while (item := await queue.get()) is not None:
            room.release()
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        stopped.set()
        room.release()


async def in_real_time(
    frames: AsyncIterator[bytes], bytes_per_s: int, now: Callable[[], float], wait_until: Wait
) -> AsyncGenerator[bytes]:
    """Each frame when its last sample would have been spoken, counted from the first one's beginning.

    Where the source or the receiver was slow, what is late follows at once, so that the clock is kept.
    """
    start: float | None = None
    given = 0
    async for frame in frames:
        if start is None:
            start = now()
        given += len(frame)
        await wait_until(start + given / bytes_per_s)
        yield frame
