"""Received events as JSON lines, each with the time at which it came."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from colloque.clients.errors import ClientError
from colloque.streaming.messages import Envelope
from colloque.streaming.wire import event_to_json


class EventLog:
    """Writes `OUT.jsonl`: one event a line, with `wall`, monotonic seconds since the first audio frame was sent.

    Events that come before that frame have a negative `wall`; they are written once it is sent, or at the end.
    """

    def __init__(self, path: Path | None, now: Callable[[], float]) -> None:
        """Without a path nothing is written. `now` gives monotonic seconds. Raises `ClientError`."""
        self._now = now
        self._start: float | None = None
        self._early: list[tuple[float, Envelope]] = []
        self._file: TextIO | None = None
        if path is not None:
            try:
                self._file = path.open("w", encoding="utf-8")
            except OSError as error:
                raise ClientError(f"the events cannot be written to {path}: {error.strerror}") from None

    def first_frame(self) -> None:
        """Says that the first audio frame is sent now; further calls do nothing."""
        if self._start is None:
            self._start = self._now()
            self._write_early(self._start)

    def write(self, envelope: Envelope) -> None:
        """Writes an event that has just come."""
        if self._file is None:
            return
        if self._start is None:
            self._early.append((self._now(), envelope))
        else:
            self._line(envelope, self._now() - self._start)

    def close(self) -> None:
        """Writes what is left and closes the file."""
        if self._early:
            self._write_early(self._early[-1][0])
        if self._file is not None:
            self._file.close()

    def _write_early(self, start: float) -> None:
        for came, envelope in self._early:
            self._line(envelope, came - start)
        self._early.clear()

    def _line(self, envelope: Envelope, wall: float) -> None:
        if self._file is not None:
            record = {**event_to_json(envelope), "wall": round(wall, 4)}
            self._file.write(json.dumps(record, ensure_ascii=False) + "\n")
            self._file.flush()
