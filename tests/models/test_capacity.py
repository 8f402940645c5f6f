from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colloque.models.capacity import CONTEXT_MIN_SAMPLES, Rehearsal, context_samples, held, rehearse, slowest
from colloque.models.compute import Compute
from colloque.models.whisper import Whisper
from colloque.models.window import CONTEXT_SAMPLES

PASS_S = st.floats(1e-4, 100)
CORES = st.integers(1, 256)


def passes(pass_s: float, threads: int = 1) -> Rehearsal:
    """Passes that keep so many threads busy."""
    return Rehearsal(pass_s, threads * pass_s)


def on_processor(workers: int = 2, threads: int = 1) -> Compute:
    return Compute("cpu", "int8", workers, threads)


@pytest.mark.parametrize("core_count", [1, 2, 8, 64])
def test_the_slower_a_pass_the_fewer_sessions(core_count: int) -> None:
    counts = [held(passes(milliseconds / 1000), on_processor(), core_count) for milliseconds in range(5, 3000, 5)]
    assert all(quick >= slow for quick, slow in pairwise(counts))
    assert counts[-1] == 1


@settings(deadline=None)
@given(PASS_S, CORES, st.integers(1, 8), st.integers(1, 8))
def test_there_is_room_for_one_and_more_of_the_machine_is_never_less(
    pass_s: float, core_count: int, workers: int, threads: int
) -> None:
    compute = on_processor(workers, threads)
    count = held(passes(pass_s, threads), compute, core_count)
    assert count >= 1
    assert held(passes(pass_s, threads), compute, core_count + 1) >= count
    assert held(passes(pass_s, threads), on_processor(workers + 1, threads), core_count) >= count


@settings(deadline=None)
@given(PASS_S, CORES)
def test_workers_beyond_the_cores_bring_nothing(pass_s: float, core_count: int) -> None:
    enough = on_processor(4 * core_count)
    assert held(passes(pass_s), enough, core_count) == held(passes(pass_s), on_processor(100 * core_count), core_count)


@settings(deadline=None)
@given(PASS_S, CORES)
def test_on_a_gpu_the_processor_is_free_for_what_stands_beside(pass_s: float, core_count: int) -> None:
    gpu = Compute("cuda", "float16", workers=2, threads=1)
    assert held(passes(pass_s), gpu, core_count) >= held(passes(pass_s), on_processor(2), core_count)


def test_on_a_gpu_voice_activity_and_diarisation_still_bound_the_sessions() -> None:
    gpu = Compute("cuda", "float16", workers=1, threads=1)
    instant = 1e-9
    assert held(passes(instant), gpu, 2) == held(passes(instant), on_processor(), 2) < held(passes(instant), gpu, 16)
    # A slow GPU is the bound, however many cores there are.
    assert held(passes(0.2), gpu, 16) == held(passes(0.2), gpu, 256) < held(passes(0.02), gpu, 256)


def test_the_weights_that_will_serve_are_measured(whisper: Whisper) -> None:
    for typical in (rehearse(whisper), slowest([whisper, whisper])):
        assert typical.pass_s > 0
        assert typical.busy_s > 0


@settings(deadline=None)
@given(PASS_S, CORES, st.integers(1, 50))
def test_the_more_is_to_do_the_less_context(pass_s: float, core_count: int, streams: int) -> None:
    def context(pass_s: float, streams: int) -> int:
        return context_samples(passes(pass_s), on_processor(), core_count, streams)

    found = context(pass_s, streams)
    assert CONTEXT_MIN_SAMPLES <= context(pass_s, streams + 1) <= found <= CONTEXT_SAMPLES
    assert context(2 * pass_s, streams) <= found
    assert context(1e-4, 1) == CONTEXT_SAMPLES and context(10, 1) == CONTEXT_MIN_SAMPLES


def test_on_a_gpu_context_is_cheap() -> None:
    gpu = Compute("cuda", "float16", workers=1, threads=1)
    assert context_samples(passes(1), gpu, 1, 100) == CONTEXT_SAMPLES
