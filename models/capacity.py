"""How many sessions this machine holds, and how much context a pass may have: measured at start-up.

A pass over a typical window is timed with the weights that will serve. What a second of speech costs follows from it:
passes come at fixed points of the audio, and voice activity and diarisation cost a known share beside them. Where a
session has a track for each party they speak in turns: it costs about what one track with both would.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from colloque.models.compute import Compute
from colloque.models.whisper import Whisper
from colloque.models.window import CONTEXT_SAMPLES
from colloque.streaming.audio import samples

PASSES_PER_S = 2.2
"""Of typical windows, a second of speech: while it grows, at pauses, and what is read twice."""
BESIDE_S = 0.12
"""Processor seconds a second of audio for voice activity, diarisation, drafting and the server."""
STREAM_MAX_S = 0.6
"""Processor seconds a second of audio that context may bring a stream to, if nothing else bounds it."""
CONTEXT_LOAD_MAX = 0.6
"""Of the processor, all streams together: context is what can be spared."""
CONTEXT_MIN_SAMPLES = samples(2.0)
"""With so much context a window is on average as long as that of the rehearsal."""
CONTEXT_COST = 0.1
"""Of a pass, a second of context more: encoding, for the most part."""
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


def slowest(whispers: Iterable[Whisper]) -> Rehearsal:
    """Typical passes of several recognisers: the one that takes longest counts."""
    return max(map(rehearse, whispers), key=lambda typical: typical.pass_s)


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


def context_samples(typical: Rehearsal, compute: Compute, core_count: int, streams: int) -> int:
    """How much of the past a pass over live audio may hear again, so many streams being open.

    More than the least wherever the processor has room for it: with context fewer words go wrong.
    """
    if compute.device == "cuda":
        return CONTEXT_SAMPLES
    spared_s = min(STREAM_MAX_S, CONTEXT_LOAD_MAX * core_count / max(1, streams)) - BESIDE_S
    more_s = (spared_s / (PASSES_PER_S * typical.busy_s) - 1) / CONTEXT_COST
    return min(CONTEXT_SAMPLES, max(CONTEXT_MIN_SAMPLES, CONTEXT_MIN_SAMPLES + samples(more_s)))
