"""Does audio come as it is spoken, or faster, from a file or a store?"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from colloque.streaming.audio import samples, seconds

SPAN_SAMPLES = samples(5.0)
"""The pace is judged over so much audio."""
MARK_SAMPLES = samples(0.5)
LIVE_MIN = 0.9
"""Seconds that a second of audio takes at least where it is live: a network makes it uneven."""


class Pace:
    """Of one stream. `clock` gives seconds; both methods may be called from different threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._marks: deque[tuple[int, float]] = deque()
        self.is_live = False
        """The last seconds came no faster than anybody speaks. False until there were so many."""

    def heard(self, sample: int) -> None:
        """Audio up to `sample` has come."""
        if self._marks and sample - self._marks[-1][0] < MARK_SAMPLES:
            return
        now = self._clock()
        self._marks.append((sample, now))
        while len(self._marks) > 2 and sample - self._marks[1][0] >= SPAN_SAMPLES:
            self._marks.popleft()
        first, then = self._marks[0]
        self.is_live = sample - first >= SPAN_SAMPLES and now - then >= LIVE_MIN * seconds(sample - first)
