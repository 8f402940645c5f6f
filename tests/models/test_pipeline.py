"""Voice lane without a recogniser: what becomes due, and in which order it is told."""

from __future__ import annotations

import pytest

from colloque.models.catalogue import locate
from colloque.models.pipeline import (
    INTERIM_EVERY_SAMPLES,
    FinalPass,
    InterimPass,
    Outlet,
    TrackPipeline,
    pack,
    unpack,
    voice_state,
)
from colloque.models.vad import VoiceActivity, VoiceState
from colloque.streaming.audio import AudioChunk, samples
from colloque.streaming.engines import (
    Checkpoint,
    EngineFailed,
    Progress,
    StreamSpec,
    VoiceStarted,
    VoiceStopped,
)
from colloque.streaming.segmenter import SegmenterState
from tests.models.speech import Listener, chunks, piece, random_sizes, silence

SPEC = StreamSpec("session", 0, "en", diarise=False)
SPEECH = piece("two_cities", 0, 24)


@pytest.fixture(scope="module")
def activity() -> VoiceActivity:
    return VoiceActivity(locate("silero-vad"))


def run(
    activity: VoiceActivity, sizes: int | list[int]
) -> tuple[list[FinalPass | InterimPass | Checkpoint], Listener, TrackPipeline]:
    listener = Listener()
    pipeline = TrackPipeline(SPEC, Outlet(listener, 0), activity.open(), None)
    due = [work for chunk in chunks(SPEECH, sizes) for work in pipeline.push(chunk)]
    return [*due, *pipeline.flush()], listener, pipeline


def test_every_segment_has_the_audio_that_it_names(activity: VoiceActivity) -> None:
    due, listener, _ = run(activity, 1600)
    finals = [work for work in due if isinstance(work, FinalPass)]
    assert [final.segment for final in finals] == list(range(len(finals)))
    assert len(finals) >= 2
    for final in finals:
        assert (final.pcm == SPEECH[final.speech.start_sample : final.speech.end_sample]).all()
        # The window that makes a segment of the greatest length due may be heard before the cut.
        assert final.checkpoint.sample <= final.speech.end_sample + samples(0.6)
    for look in (work for work in due if isinstance(work, InterimPass)):
        assert (look.pcm == SPEECH[look.start_sample : look.start_sample + len(look.pcm)]).all()
        assert len(look.pcm) >= INTERIM_EVERY_SAMPLES - 512
    assert len(listener.of(VoiceStarted)) == len(listener.of(VoiceStopped)) >= 2


@pytest.mark.parametrize("sizes", [160, 5328, len(SPEECH), random_sizes(len(SPEECH), 9)])
def test_any_split_makes_the_same_work_due(activity: VoiceActivity, sizes: int | list[int]) -> None:
    def told(due: list[FinalPass | InterimPass | Checkpoint]) -> list[tuple[object, ...]]:
        finals = [(w.speech, w.pcm.tobytes(), w.checkpoint) for w in due if isinstance(w, FinalPass)]
        looks = [(w.segment, w.start_sample, w.pcm.tobytes()) for w in due if isinstance(w, InterimPass)]
        return [*finals, *looks]

    assert told(run(activity, sizes)[0]) == told(run(activity, 320)[0])


def test_progress_waits_for_the_recogniser(activity: VoiceActivity) -> None:
    """No pass was carried out, so that the watermark stands where the first segment begins."""
    due, listener, pipeline = run(activity, 1600)
    first = next(work for work in due if isinstance(work, FinalPass))
    told = listener.of(Progress)[-1].sample
    assert first.speech.start_sample <= told <= first.speech.start_sample + samples(0.5)
    for work in due:
        if isinstance(work, FinalPass):
            pipeline.outlet.done(work.segment)
    assert listener.of(Progress)[-1].sample == len(SPEECH)
    marks = [progress.sample for progress in listener.of(Progress)]
    assert marks == sorted(set(marks))


def test_a_look_moves_progress_within_an_open_segment() -> None:
    listener = Listener()
    outlet = Outlet(listener, 100)
    outlet.heard(1000, (0, 600))
    outlet.seen(0, 900)
    outlet.heard(1500, (0, 600))
    outlet.seen(0, 700)  # an old look takes nothing back
    outlet.awaits(0, 600)
    outlet.heard(2000, (1, 1800))
    outlet.done(0)
    outlet.seen(0, 5000)  # a look at what is over
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
