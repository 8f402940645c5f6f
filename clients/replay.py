"""What a client has said and cannot yet be sure of: audio until it is acknowledged, messages in their place between.

Positions are samples per channel on the session's clock, as `audio.ack` and `session.ready` count them.
"""

from __future__ import annotations

from collections import deque

from colloque.streaming.messages import ClientMessage


class AcknowledgedAudioLost(Exception):
    """The server asks for audio that it had acknowledged before: it has lost what it promised to keep."""


class ReplayBuffer:
    """A queue with two marks: `base`, before which all is safe on the server, and a cursor for what is sent."""

    def __init__(self, bytes_per_sample: int) -> None:
        self._bytes_per_sample = bytes_per_sample
        """Of one sample of all channels."""
        self._items: deque[bytes | ClientMessage] = deque()
        self._cursor = 0
        """Index of the next item to send."""
        self.base = 0
        """Position of the first item."""
        self.end = 0
        """Position after the last item."""

    @property
    def unacked_samples(self) -> int:
        """Samples that are kept for a replay."""
        return self.end - self.base

    @property
    def has_unsent(self) -> bool:
        """Something waits to be sent on the present connection."""
        return self._cursor < len(self._items)

    def add_audio(self, frame: bytes) -> None:
        """Appends a frame of whole samples."""
        self._items.append(frame)
        self.end += self._samples(frame)

    def add_message(self, message: ClientMessage) -> None:
        """Appends a message; it is sent after the audio before it, also in a replay."""
        self._items.append(message)

    def next(self) -> bytes | ClientMessage:
        """The next item to send; it stays in the buffer. Raises `IndexError` where there is none."""
        item = self._items[self._cursor]
        self._cursor += 1
        return item

    def acknowledge(self, position: int) -> None:
        """Lets go of the audio before `position`, and of messages that were sent before it."""
        while self._cursor and self.base < position:
            item = self._items[0]
            if isinstance(item, bytes):
                if self.base + self._samples(item) > position:
                    return
                self.base += self._samples(item)
            self._items.popleft()
            self._cursor -= 1

    def forget_unsent(self) -> None:
        """Lets go of what was not sent on the present connection."""
        while self.has_unsent:
            item = self._items.pop()
            if isinstance(item, bytes):
                self.end -= self._samples(item)

    def rewind(self, position: int) -> None:
        """A new connection, on which the server goes on from `position`: what follows it is to be sent again.

        Raises `AcknowledgedAudioLost` where that lies before what was let go.
        """
        if position < self.base:
            raise AcknowledgedAudioLost
        while self.base < min(position, self.end):
            item = self._items.popleft()
            if not isinstance(item, bytes):
                continue
            size = self._samples(item)
            if self.base + size > position:
                self._items.appendleft(item[(position - self.base) * self._bytes_per_sample :])
                self.base = position
            else:
                self.base += size
        self._cursor = 0
        self._place(position)

    def settle(self, position: int) -> None:
        """The server has refused some of what was sent (it was paused) and stands at `position`: what was sent is
        settled either way, what was not follows it."""
        for _ in range(self._cursor):
            self._items.popleft()
        self._cursor = 0
        self._place(position)

    def _place(self, position: int) -> None:
        self.base = position
        self.end = position + sum(self._samples(item) for item in self._items if isinstance(item, bytes))

    def _samples(self, frame: bytes) -> int:
        return len(frame) // self._bytes_per_sample
