"""Named deadlines of a session; the driver arms one timer for the earliest."""

from __future__ import annotations

from typing import Literal

Name = Literal["consent", "publisher", "flush", "draft_wait", "lag", "reopen"]


class Deadlines:
    """Monotonic seconds by name."""

    def __init__(self) -> None:
        self._times: dict[Name, float] = {}

    def set(self, name: Name, at: float) -> None:
        """Sets or moves a deadline."""
        self._times[name] = at

    def set_first(self, name: Name, at: float) -> None:
        """Sets a deadline unless it is set already."""
        self._times.setdefault(name, at)

    def clear(self, name: Name) -> None:
        """Takes a deadline away."""
        self._times.pop(name, None)

    def clear_all(self) -> None:
        """Takes all away."""
        self._times.clear()

    def next(self, other: float | None = None) -> float | None:
        """The earliest, `other` included."""
        times = [*self._times.values(), *([] if other is None else [other])]
        return min(times, default=None)

    def pop_due(self, now: float) -> list[Name]:
        """Takes out what is due, earliest first."""
        due = sorted((at, name) for name, at in self._times.items() if at <= now)
        for _, name in due:
            del self._times[name]
        return [name for _, name in due]
