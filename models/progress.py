"""What a fetch reports while it goes on, and a printer of it for terminals and logs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TextIO

Action = Literal["waiting", "checking", "downloading", "assembling", "building", "ready", "failed"]


@dataclass(frozen=True, slots=True)
class Step:
    """Where the fetch of one model stands."""

    model: str
    """Name in the catalogue."""
    action: Action
    detail: str = ""
    """Of what: a file, a package, a repository."""
    done_bytes: int = 0
    total_bytes: int = 0
    """0 where it is not known."""


Report = Callable[[Step], None]
"""Called often, from the thread that fetches or from one that watches it; it should return at once."""


def silent(_: Step) -> None:
    """Reports nothing."""


class TerminalProgress:
    """Prints steps: one line that is written over in a terminal, a line for each tenth elsewhere.

    At most five lines a second, but for the first and last of each step.
    """

    INTERVAL_S = 0.2
    TENTHS = 10
    SMALL_BYTES = 100_000
    """Numbers are not shown for less."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._overwrites = stream.isatty()
        self._open_line = 0
        """Characters of the line that may be written over."""
        self._last: Step | None = None
        self._printed_at = float("-inf")

    def __call__(self, step: Step) -> None:
        """Prints the step, unless a line like it has just been printed."""
        last = self._last
        same = last is not None and (last.model, last.action, last.detail) == (step.model, step.action, step.detail)
        if same and not self._is_due(step):
            return
        self._last = step
        self._printed_at = self._clock()
        self._write(_line(step), stays=step.action in ("ready", "failed") or _is_complete(step))

    def _is_due(self, step: Step) -> bool:
        assert self._last is not None
        if _is_complete(step):
            return not _is_complete(self._last)
        if self._clock() - self._printed_at < self.INTERVAL_S:
            return False
        return self._overwrites or _tenth(step) != _tenth(self._last)

    def _write(self, line: str, stays: bool) -> None:
        if not self._overwrites:
            self._stream.write(line + "\n")
        else:
            self._stream.write("\r" + line.ljust(self._open_line) + ("\n" if stays else ""))
            self._open_line = 0 if stays else len(line)
        self._stream.flush()

    def close(self) -> None:
        """Ends the line that is open. Call it when the fetch is over, also after an error."""
        if self._open_line:
            self._stream.write("\n")
            self._stream.flush()
            self._open_line = 0


def _is_complete(step: Step) -> bool:
    return 0 < step.total_bytes <= step.done_bytes


def _tenth(step: Step) -> int:
    return TerminalProgress.TENTHS * step.done_bytes // step.total_bytes if step.total_bytes else 0


def _line(step: Step) -> str:
    words = f"{step.model}: {step.action}" + (f" {step.detail}" if step.detail else "")
    if step.total_bytes < TerminalProgress.SMALL_BYTES:
        return words
    percent = min(100, 100 * step.done_bytes // step.total_bytes)
    return f"{words}  {percent:3d} %  {step.done_bytes / 1e6:.1f} of {step.total_bytes / 1e6:.1f} MB"
