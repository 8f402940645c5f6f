"""What waits to be sent to one client: bounded, whatever the client does.

Sessions write, one task of the connection reads. A client that does not keep up is never waited for:

* a **viewer**'s queue is emptied, and once it has drained what was on its way it gets one `snapshot` instead;
* a **publisher** is closed with 1013; its audio is safe up to the last ack, and it may come back with `last_seq`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

MESSAGES_MAX = 1000
BYTES_MAX = 4 * 1024 * 1024
"""Characters of text that may wait, snapshots not counted (the whole state of a long session may be larger)."""
REASON_BYTES_MAX = 120
"""Room for a close reason in a WebSocket control frame (RFC 6455, section 5.5)."""


@dataclass(frozen=True, slots=True)
class Closing:
    """The last thing that a connection is told."""

    code: int
    """WebSocket close code."""
    reason: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event on its way."""

    text: str
    """JSON as on the wire."""
    seq: int | None
    """Where a client that got it may go on after a reconnect; None where it says nothing about that."""


class Connection:
    """The outbound side of one client."""

    def __init__(
        self,
        number: int,
        publisher: bool,
        on_drained: Callable[[Connection], None],
        *,
        messages_max: int = MESSAGES_MAX,
    ) -> None:
        self.number = number
        """Never used again in the session's life."""
        self.publisher = publisher
        self.greeted = False
        """The session has spoken to it: from then on it hears what is said to all."""
        self._on_drained = on_drained
        self._messages_max = messages_max
        self._queue: deque[tuple[Outgoing, int]] = deque()
        self._bytes = 0
        self._closing: Closing | None = None
        self._behind = False
        """The queue was emptied; everything is dropped until `resync`."""
        self._asked = False
        """`on_drained` was called, the snapshot is on its way."""
        self._changed = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Messages in the queue."""
        return len(self._queue)

    @property
    def is_behind(self) -> bool:
        """True from the loss of the queue until the snapshot."""
        return self._behind

    @property
    def closing(self) -> Closing | None:
        """Set once the connection is to be closed."""
        return self._closing

    def send(self, event: Outgoing) -> None:
        """Queues an event; drops it where the connection is closing or waits for its snapshot."""
        size = len(event.text)
        if self._closing or self._behind:
            return
        if len(self._queue) >= self._messages_max or (self._queue and self._bytes + size > BYTES_MAX):
            self._overflow()
            return
        self._put(event, size)

    def _overflow(self) -> None:
        if self.publisher:
            self._empty()
            self.close(1013, "too slow to take what is sent; retry_after=1")
        else:
            self.fall_behind()

    def fall_behind(self) -> None:
        """Empties the queue: the client gets a snapshot once it has taken what is on its way."""
        self._empty()
        self._behind, self._asked = True, False
        self._changed.set()

    def resync(self, snapshot: Outgoing) -> None:
        """Queues the snapshot that a client which fell behind gets; from here on it hears everything again."""
        if not self._behind:
            return
        self._behind = False
        self._put(snapshot, 0)

    def give_up_resync(self) -> None:
        """No snapshot will come any more."""
        self._behind = False
        self._changed.set()

    def close(self, code: int, reason: str) -> None:
        """Closes after what is queued, or after the snapshot that stands for it. The first call counts."""
        if self._closing is None:
            self._closing = Closing(code, reason.encode()[:REASON_BYTES_MAX].decode(errors="ignore"))
            self._changed.set()

    async def next(self) -> Outgoing | Closing:
        """What to send now. `Closing` comes last, and again if asked again. Only one task may call this."""
        while True:
            if self._queue:
                event, size = self._queue.popleft()
                self._bytes -= size
                return event
            if self._behind and not self._asked:
                self._asked = True
                self._on_drained(self)
                continue
            if self._closing and not self._behind:
                return self._closing
            self._changed.clear()
            await self._changed.wait()

    def _put(self, event: Outgoing, size: int) -> None:
        self._queue.append((event, size))
        self._bytes += size
        self._changed.set()

    def _empty(self) -> None:
        self._queue.clear()
        self._bytes = 0
