"""How many sessions this machine holds: measured at start-up, so that the next one is refused before all are late.

A pass over a typical window is timed with the weights that will serve. What a second of speech costs follows from it:
passes come at fixed points of the audio, and voice activity and diarisation cost a known share beside them. Where a
session has a track for each party they speak in turns: it costs about what one track with both would.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from colloque.models.compute import Compute, cores
from colloque.models.whisper import Whisper

PASSES_PER_S = 2.2
"""Of typical windows, a second of speech: while it grows, at pauses, and what is read twice."""
BESIDE_S = 0.12
"""Processor seconds a second of audio for voice activity, diarisation, drafting and the server."""
LOAD_MAX = 0.85
"""Of the processor: passes do not come evenly, and a second of one stream may cost twice another's."""
REHEARSALS = 5


def sessions_held(whispers: Iterable[Whisper], compute: Compute) -> int:
    """Sessions that may be open at once: one at least. The slowest recogniser counts."""
    pass_s = max(rehearse(whisper) for whisper in whispers)
    return held(pass_s, compute, cores())


def rehearse(whisper: Whisper) -> float:
    """Seconds that a typical pass takes: the least of some, since other programs come between for a moment."""
    return min(_timed(whisper) for _ in range(REHEARSALS))


def _timed(whisper: Whisper) -> float:
    started = time.perf_counter()
    whisper.rehearse()
    return time.perf_counter() - started


def held(pass_s: float, compute: Compute, core_count: int) -> int:
    """Sessions for a pass of `pass_s` seconds.

    Bounded by the recogniser's workers, and by the processor that the recogniser shares with everything else.
    """
    of_workers = LOAD_MAX * compute.workers / (PASSES_PER_S * pass_s)
    on_processor = 0.0 if compute.device == "cuda" else PASSES_PER_S * pass_s * compute.threads
    of_processor = LOAD_MAX * core_count / (on_processor + BESIDE_S)
    return max(1, int(min(of_workers, of_processor)))
