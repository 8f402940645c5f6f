"""What a pass of the recogniser brings."""

from __future__ import annotations

from dataclasses import dataclass

from colloque.streaming.engines import RecognisedWord


@dataclass(frozen=True, slots=True)
class Gap:
    """Speech without a text."""

    start_sample: int
    end_sample: int


@dataclass(frozen=True, slots=True)
class Heard:
    """What a pass has brought."""

    words: tuple[RecognisedWord, ...] = ()
    """Committed, in order, after those of earlier passes."""
    tail: str = ""
    """Tentative text after them."""
    gaps: tuple[Gap, ...] = ()
