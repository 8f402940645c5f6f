"""How many sessions this machine holds: measured at start-up, so that the next one is refused before all are late.

A pass over a typical window is timed with the weights that will serve. What a second of speech costs follows from it:
passes come at fixed points of the audio, and voice activity and diarisation cost a known share beside them. Where a
session has a track for each party they speak in turns: it costs about what one track with both would.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from colloque.models.compute import Compute, cores
from colloque.models.whisper import Whisper

PASSES_PER_S = 2.2
"""Of typical windows, a second of speech: while it grows, at pauses, and what is read twice."""
BESIDE_S = 0.12
"""Processor seconds a second of audio for voice activity, diarisation, drafting and the server."""
LOAD_MAX = 0.85
"""Of the processor: passes do not come evenly, and a second of one stream may cost twice another's."""
REHEARSALS = 5


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a typical pass takes."""

    pass_s: float
    """From its beginning to its end."""
    busy_s: float
    """Of the processor, all threads together."""


def sessions_held(whispers: Iterable[Whisper], compute: Compute) -> int:
    """Sessions that may be open at once: one at least. The slowest recogniser counts."""
    return min(held(rehearse(whisper), compute, cores()) for whisper in whispers)


def rehearse(whisper: Whisper) -> Rehearsal:
    """A typical pass, timed: the least of some, since other programs come between for a moment."""
    times = [_timed(whisper) for _ in range(REHEARSALS)]
    return Rehearsal(min(time.pass_s for time in times), min(time.busy_s for time in times))


def _timed(whisper: Whisper) -> Rehearsal:
    started, busy = time.perf_counter(), time.process_time()
    whisper.rehearse()
    return Rehearsal(time.perf_counter() - started, time.process_time() - busy)


def held(typical: Rehearsal, compute: Compute, core_count: int) -> int:
    """Sessions for passes like this one.

    Bounded by the recogniser's workers, and by the processor that the recogniser shares with everything else.
    """
    of_workers = LOAD_MAX * compute.workers / (PASSES_PER_S * typical.pass_s)
    on_processor = 0.0 if compute.device == "cuda" else PASSES_PER_S * typical.busy_s
    of_processor = LOAD_MAX * core_count / (on_processor + BESIDE_S)
    return max(1, int(min(of_workers, of_processor)))
