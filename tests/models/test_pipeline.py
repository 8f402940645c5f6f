"""Voice lane without a recogniser: what becomes due, and in which order it is told."""

from __future__ import annotations

import numpy as np
import pytest

from colloque.models.pipeline import (
    BREATH_WINDOWS,
    GROW_EVERY_SAMPLES,
    GROW_FIRST_SAMPLES,
    FinalPass,
    Outlet,
    Pass,
    TrackPipeline,
    pack,
    unpack,
    voice_state,
)
from colloque.models.vad import VoiceActivity, VoiceState
from colloque.streaming.audio import AudioChunk, Pcm, samples
from colloque.streaming.engines import (
    Checkpoint,
    EngineFailed,
    Progress,
    StreamSpec,
    VoiceStarted,
    VoiceStopped,
)
from colloque.streaming.segmenter import WINDOW_SAMPLES, SegmenterState
from tests.models.speech import Listener, chunks, piece, random_sizes, recording, silence

LONG = np.tile(piece("two_cities", 1.3, 1.9), 30)
"""Eighteen seconds without a breath."""
SPEC = StreamSpec("session", 0, "en", diarise=False)
SPEECH = np.concatenate([piece("two_cities", 0, 13), recording("beckett"), LONG])


Work = FinalPass | Pass | Checkpoint


def run(activity: VoiceActivity, sizes: int | list[int], pcm: Pcm = SPEECH) -> tuple[list[Work], Listener]:
    listener = Listener()
    pipeline = TrackPipeline(SPEC, Outlet(listener, 0), activity.open(), None)
    due = [work for chunk in chunks(pcm, sizes) for work in pipeline.push(chunk)]
    return [*due, *pipeline.flush()], listener


def passes(due: list[Work]) -> list[Pass]:
    """All passes, the final ones among them."""
    return [work.work if isinstance(work, FinalPass) else work for work in due if not isinstance(work, Checkpoint)]


def told(due: list[Work]) -> list[tuple[object, ...]]:
    """All that there is to a piece of work, so that it can be compared."""
    rows: list[tuple[object, ...]] = []
    for work in due:
        if isinstance(work, Checkpoint):
            rows.append((work,))
            continue
        one = work.work if isinstance(work, FinalPass) else work
        rest = (work.speech, work.checkpoint) if isinstance(work, FinalPass) else ()
        place = (one.kind, one.segment, one.start_sample, one.voice_end_sample)
        rows.append((*place, one.pcm.tobytes(), one.voice, *rest))
    return rows


@pytest.fixture(scope="module")
def due(activity: VoiceActivity) -> list[Work]:
    """The work of `SPEECH` in frames of 20 ms."""
    return run(activity, 320)[0]


def test_the_passes_of_a_segment_hand_its_audio_over_once_and_wholly(due: list[Work]) -> None:
    finals = [work for work in due if isinstance(work, FinalPass)]
    assert [final.work.segment for final in finals] == list(range(len(finals)))
    assert {final.speech.reason for final in finals} >= {"pause", "length"}
    for final in finals:
        mine = [work for work in passes(due) if work.segment == final.work.segment]
        assert {work.start_sample for work in mine} == {final.speech.start_sample}
        assert mine[-1] is final.work and final.work.kind == "final"
        audio = np.concatenate([work.pcm for work in mine])
        assert (audio == SPEECH[final.speech.start_sample : final.speech.end_sample]).all()
        assert tuple(p for work in mine for p in work.voice) == final.speech.probabilities
        assert final.checkpoint.sample <= final.speech.end_sample


def test_a_pass_comes_where_enough_new_was_said_or_a_pause_begins(due: list[Work]) -> None:
    seen: dict[int, int] = {}
    for work in passes(due):
        first = work.segment not in seen
        end = seen.get(work.segment, work.start_sample) + len(work.pcm)
        seen[work.segment] = end
        if work.kind == "growth":
            assert len(work.pcm) >= (GROW_FIRST_SAMPLES if first else GROW_EVERY_SAMPLES)
            assert work.voice_end_sample == end
        elif work.kind in ("breath", "rest"):
            assert work.voice_end_sample == end - BREATH_WINDOWS * WINDOW_SAMPLES
            assert len(work.pcm) == 0 or work.kind == "breath"
        else:
            assert work.voice_end_sample <= end
    assert {work.kind for work in passes(due)} == {"growth", "breath", "rest", "final"}


@pytest.mark.parametrize("sizes", [160, 5328, len(SPEECH), random_sizes(len(SPEECH), 9)])
def test_any_split_makes_the_same_work_due(activity: VoiceActivity, due: list[Work], sizes: int | list[int]) -> None:
    other, listener = run(activity, sizes)
    assert told(other) == told(due)
    assert len(listener.of(VoiceStarted)) == len(listener.of(VoiceStopped)) >= 2


def test_where_nobody_speaks_no_pass_is_due(activity: VoiceActivity) -> None:
    found, listener = run(activity, 1600, silence(25))
    assert found and all(isinstance(work, Checkpoint) for work in found)
    assert listener.of(Progress)[-1].sample == samples(25)


def test_progress_waits_for_the_recogniser(activity: VoiceActivity) -> None:
    """No pass was carried out, so that the watermark stands where the first segment begins."""
    listener = Listener()
    pipeline = TrackPipeline(SPEC, Outlet(listener, 0), activity.open(), None)
    due = [work for chunk in chunks(SPEECH) for work in pipeline.push(chunk)]
    due += pipeline.flush()
    first = next(work for work in due if isinstance(work, FinalPass))
    told = listener.of(Progress)[-1].sample
    assert first.speech.start_sample <= told <= first.speech.start_sample + samples(0.5)
    for work in due:
        if isinstance(work, FinalPass):
            pipeline.outlet.done(work.work.segment)
    assert listener.of(Progress)[-1].sample == len(SPEECH)
    marks = [progress.sample for progress in listener.of(Progress)]
    assert marks == sorted(set(marks))


def test_a_pass_moves_progress_within_an_open_segment() -> None:
    listener = Listener()
    outlet = Outlet(listener, 100)
    outlet.heard(1000, (0, 600))
    outlet.seen(0, 900)
    outlet.heard(1500, (0, 600))
    outlet.seen(0, 700)  # an old pass takes nothing back
    outlet.awaits(0, 600)
    outlet.heard(2000, (1, 1800))
    outlet.done(0)
    outlet.seen(0, 5000)  # a pass over what is closed
    assert listener.results == [Progress(600), Progress(900), Progress(1800)]


def test_nothing_leaves_a_closed_outlet() -> None:
    listener = Listener()
    outlet = Outlet(listener, 0)
    outlet.close(EngineFailed("voice"))
    outlet.close(EngineFailed("voice"))
    outlet.send(VoiceStarted(1))
    outlet.heard(500, None)
    assert listener.results == [EngineFailed("voice")]


def test_a_hole_in_the_audio_is_an_error(activity: VoiceActivity) -> None:
    pipeline = TrackPipeline(SPEC, Outlet(Listener(), 0), activity.open(), None)
    assert list(pipeline.push(AudioChunk(0, silence(0.1)))) == []
    with pytest.raises(ValueError, match="must go on at sample 1600, not at 1601"):
        list(pipeline.push(AudioChunk(1601, silence(0.1))))


def test_a_state_is_read_back() -> None:
    resume = SegmenterState(5120, 5000, speaking=True)
    state = pack(resume, VoiceState.fresh(), b"voices")
    found, voice, voices = unpack(state)
    assert (found, voice.to_bytes(), voices) == (resume, VoiceState.fresh().to_bytes(), b"voices")
    for broken in (b"", b"cqp", state[:-20], b"x" + state[1:]):
        with pytest.raises(ValueError, match="cannot be resumed"):
            unpack(broken)


def test_voice_activity_goes_on_only_at_its_own_sample() -> None:
    state = pack(SegmenterState(5120, 5120), VoiceState.fresh(), b"")
    assert voice_state(SPEC) is None
    assert voice_state(StreamSpec("session", 0, "en", start_sample=5120, state=state)) is not None
    assert voice_state(StreamSpec("session", 0, "en", start_sample=9999, state=state)) is None
