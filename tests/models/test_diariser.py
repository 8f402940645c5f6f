from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from colloque.models.catalogue import locate
from colloque.models.diariser import Diariser, DiariserConfig, DiariserResult, DiariserStream
from colloque.models.segmentation import FRAME_SAMPLES
from colloque.models.speaker_state import BadSpeakerState
from colloque.streaming.audio import SAMPLE_RATE, Pcm, samples
from colloque.streaming.engines import SpeakerActivity, SpeakerConfirmed, SpeakerMerged, SpeakerSpan
from tests.models.voices import dialogue, noise

MAN_S, WOMAN_S = (5.0, 8.0), (8.9, 11.2)
"""Where each of the two talks alone, in seconds of `dialogue`."""
LAG_LIMIT = samples(1.5)


@pytest.fixture(scope="module")
def diariser() -> Diariser:
    return Diariser(locate("segmentation-3.0"), locate("campplus"))


def push_all(stream: DiariserStream, pcm: Pcm, sizes: list[int]) -> list[DiariserResult]:
    """Pushes in chunks of these sizes, over and over."""
    results: list[DiariserResult] = []
    at = turn = 0
    while at < len(pcm):
        size = sizes[turn % len(sizes)]
        results += stream.push(pcm[at : at + size])
        at, turn = at + size, turn + 1
    return results


def spans_of(results: list[DiariserResult]) -> list[SpeakerSpan]:
    return [span for result in results if isinstance(result, SpeakerActivity) for span in result.spans]


def speaker_in(results: list[DiariserResult], start_s: float, end_s: float, offset: int = 0) -> int:
    """Who speaks most of the time; merged numbers are followed."""
    merged = {r.source: r.target for r in results if isinstance(r, SpeakerMerged)}
    heard: dict[int, int] = {}
    for span in spans_of(results):
        number = span.speaker
        while number in merged:
            number = merged[number]
        common = min(span.end_sample, offset + samples(end_s)) - max(span.start_sample, offset + samples(start_s))
        heard[number] = heard.get(number, 0) + max(0, common)
    assert sum(heard.values()) > 0.5 * samples(end_s - start_s), "most of it must be somebody's"
    return max(heard, key=heard.__getitem__)


@pytest.fixture(scope="module")
def whole(diariser: Diariser) -> list[DiariserResult]:
    stream = diariser.open()
    return [*push_all(stream, dialogue(), [1600]), *stream.flush()]


def test_two_people_are_two_speakers(whole: list[DiariserResult]) -> None:
    numbers = {span.speaker for span in spans_of(whole)} - {r.source for r in whole if isinstance(r, SpeakerMerged)}
    assert numbers == {1, 2}
    assert (speaker_in(whole, *MAN_S), speaker_in(whole, *WOMAN_S)) == (1, 2)
    assert speaker_in(whole, 11.95, 14.0) == 1
    assert speaker_in(whole, 14.7, 16.9) == 2


def test_who_talks_most_is_confirmed_once(whole: list[DiariserResult]) -> None:
    confirmed = [result.speaker for result in whole if isinstance(result, SpeakerConfirmed)]
    assert 1 in confirmed and len(confirmed) == len(set(confirmed))
    assert not spans_of(whole)[0].confirmed
    at = whole.index(SpeakerConfirmed(1))
    assert all(span.confirmed for span in spans_of(whole[at:]) if span.speaker == 1)


def test_spans_lie_between_the_watermarks(whole: list[DiariserResult]) -> None:
    until = 0
    for result in whole:
        if isinstance(result, SpeakerActivity):
            assert result.until_sample >= until
            for span in result.spans:
                assert until <= span.start_sample < span.end_sample <= result.until_sample
            until = result.until_sample
    assert until == len(dialogue())


def test_the_watermark_stays_close_behind(diariser: Diariser) -> None:
    stream = diariser.open()
    until = 0
    for start in range(0, samples(6), 160):
        for result in stream.push(dialogue()[start : start + 160]):
            if isinstance(result, SpeakerActivity):
                until = result.until_sample
        assert start + 160 - until <= LAG_LIMIT


@pytest.mark.parametrize("sizes", [[160], [5333], [1, 4000, 37, 15000, 270], [10**6]])
def test_chunks_do_not_matter(diariser: Diariser, sizes: list[int]) -> None:
    pcm = dialogue()[: samples(12)]
    stream = diariser.open()
    expected = [*push_all(stream, pcm, [3200]), *stream.flush()]
    stream = diariser.open()
    assert [*push_all(stream, pcm, sizes), *stream.flush()] == expected


def test_the_clock_starts_where_the_stream_does(diariser: Diariser) -> None:
    pcm = dialogue()[: samples(6)]
    first, later = diariser.open(), diariser.open(start_sample=123_457)
    for one, other in zip(spans_of(first.push(pcm)), spans_of(later.push(pcm)), strict=True):
        assert (one.start_sample + 123_457, one.end_sample + 123_457) == (other.start_sample, other.end_sample)


def test_flush_gives_everything_and_more_may_come(diariser: Diariser) -> None:
    stream = diariser.open()
    results = stream.push(dialogue()[: samples(7)])
    flushed = stream.flush()
    assert isinstance(flushed[-1], SpeakerActivity) and flushed[-1].until_sample == samples(7)
    assert spans_of(flushed)[-1].end_sample == samples(7), "he is still talking"
    assert stream.flush() == []
    results += flushed
    for start in range(samples(7), samples(12), 100):
        results += stream.push(dialogue()[start : start + 100])
        if start % 7_000 == 0:
            results += stream.flush()
    untils = [result.until_sample for result in results if isinstance(result, SpeakerActivity)]
    assert untils == sorted(untils)
    assert (speaker_in(results, *MAN_S), speaker_in(results, *WOMAN_S)) == (1, 2)


def test_flush_of_a_few_samples(diariser: Diariser) -> None:
    stream = diariser.open(start_sample=50)
    assert stream.flush() == []
    assert stream.push(np.zeros(0, dtype=np.float32)) == []
    assert stream.push(np.zeros(3, dtype=np.float32)) == []
    assert stream.flush() == [SpeakerActivity((), 53)]


@pytest.mark.parametrize("pcm", [np.zeros(8 * SAMPLE_RATE, np.float32), noise(8, -70), noise(8, -45)])
def test_silence_is_nobody(diariser: Diariser, pcm: Pcm) -> None:
    stream = diariser.open()
    results = [*stream.push(pcm), *stream.flush()]
    assert spans_of(results) == []
    assert results[-1] == SpeakerActivity((), len(pcm))


def test_broken_samples_are_nobody(diariser: Diariser) -> None:
    stream = diariser.open()
    assert spans_of(stream.push(np.full(samples(3), np.nan, dtype=np.float32))) == []
    assert spans_of(stream.push(np.full(samples(3), np.inf, dtype=np.float32))) == []


def test_no_more_speakers_than_allowed(diariser: Diariser) -> None:
    stream = diariser.open(speakers_max=1)
    results = [*stream.push(dialogue()), *stream.flush()]
    assert {span.speaker for span in spans_of(results)} == {1}


def test_speakers_keep_their_numbers_over_a_restart(diariser: Diariser) -> None:
    stream = diariser.open()
    stream.push(dialogue()[: samples(18)])
    state = stream.state()
    assert len(state) < 4096
    again = diariser.open(start_sample=samples(18), state=state)
    assert again.state() == state
    results = again.push(dialogue()[samples(WOMAN_S[0] - 0.5) : samples(14.5)])  # she is the first to speak now
    offset = samples(18) - samples(WOMAN_S[0] - 0.5)
    assert speaker_in(results, *WOMAN_S, offset=offset) == 2
    assert speaker_in(results, 12.0, 14.0, offset=offset) == 1


def test_a_bad_state_is_refused(diariser: Diariser) -> None:
    with pytest.raises(BadSpeakerState):
        diariser.open(state=b"no state")


def test_memory_does_not_grow(diariser: Diariser) -> None:
    """Ten minutes: a little speech each minute, silence between."""
    minute = np.zeros(60 * SAMPLE_RATE, dtype=np.float32)
    minute[: samples(1)] = dialogue()[samples(5) : samples(6)]
    stream = diariser.open()
    stream.push(minute)
    buffered = stream.buffered_samples
    assert buffered <= 2 * (DiariserConfig().window_frames + 100) * FRAME_SAMPLES
    tracemalloc.start()
    try:
        stream.push(minute)
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(8):
            stream.push(minute)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert stream.buffered_samples == buffered
    assert after - before < 200_000, "eight minutes of audio would be thirty megabytes"
