"""Segments depend on the probabilities alone, keep their padding, and can be found again from every `resume`."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colloque.streaming.engines import VoiceStarted, VoiceStopped
from colloque.streaming.segmenter import (
    WINDOW_SAMPLES,
    Segmenter,
    SegmenterConfig,
    SegmenterEvent,
    SegmenterState,
    SpeechSegment,
)

VOICE, BETWEEN, SILENCE = 0.9, 0.4, 0.1

SHORT = SegmenterConfig(
    lead_windows=3,
    hangover_windows=2,
    endpoint_windows=5,
    endpoint_min_windows=3,
    patience_windows=10,
    segment_max_windows=20,
    overtime_windows=6,
)
PROBABILITIES = st.lists(st.sampled_from([VOICE, VOICE, VOICE, BETWEEN, SILENCE, SILENCE, 0.0, 0.7]), max_size=150)


def at(window: int) -> int:
    """Sample at which a window starts."""
    return window * WINDOW_SAMPLES


def read(segmenter: Segmenter, probabilities: list[float]) -> list[SegmenterEvent]:
    return [event for probability in probabilities for event in segmenter.read(probability)]


def segments(events: list[SegmenterEvent]) -> list[SpeechSegment]:
    return [event for event in events if isinstance(event, SpeechSegment)]


def spans(events: list[SegmenterEvent]) -> list[tuple[int, int, str]]:
    return [(s.start_sample, s.end_sample, s.reason) for s in segments(events)]


def test_a_pause_closes_a_segment_with_padding_on_both_sides() -> None:
    events = read(Segmenter(config=SHORT), [SILENCE] * 10 + [VOICE] * 6 + [SILENCE] * 5)
    assert events[:2] == [VoiceStarted(at(10)), VoiceStopped(at(16))]
    assert spans(events) == [(at(7), at(18), "pause")]
    assert segments(events)[0].probabilities == (SILENCE,) * 3 + (VOICE,) * 6 + (SILENCE,) * 2


def test_silence_gives_nothing_and_keeps_only_a_lead() -> None:
    segmenter = Segmenter(config=SHORT)
    assert read(segmenter, [SILENCE] * 100_000) == []
    assert segmenter.start_sample == segmenter.sample - at(3)
    assert segmenter.resume == SegmenterState(segmenter.sample - at(3), 0)


def test_a_click_is_not_speech_and_leaves_no_trace() -> None:
    segmenter = Segmenter(config=SHORT)
    assert read(segmenter, [SILENCE] * 4 + [VOICE] * 2) == []
    assert segmenter.resume is None
    assert not segmenter.speaking
    assert read(segmenter, [SILENCE] * 5) == []
    assert segmenter.resume == SegmenterState(at(8), 0)


def test_speech_goes_on_between_the_two_thresholds() -> None:
    segmenter = Segmenter(config=SHORT)
    events = read(segmenter, [VOICE] * 3 + [BETWEEN] * 9)
    assert segmenter.speaking
    assert spans(events + read(segmenter, [SILENCE] * 5)) == [(0, at(14), "pause")]


def test_the_longer_a_segment_the_shorter_the_silence_that_ends_it() -> None:
    assert [SHORT.silence_to_end(length) for length in (0, 10, 15, 20, 99)] == [5, 5, 4, 3, 3]
    assert spans(read(Segmenter(config=SHORT), [VOICE] * 4 + [SILENCE] * 3 + [VOICE] * 3)) == []
    assert spans(read(Segmenter(config=SHORT), [VOICE] * 13 + [SILENCE] * 4)) == [(0, at(15), "pause")]


def test_a_segment_that_grew_too_long_is_cut_at_the_first_window_without_voice() -> None:
    segmenter = Segmenter(config=SHORT)
    events = read(segmenter, [VOICE] * 10 + [SILENCE] + [VOICE] * 12)
    # Quieter windows before the greatest length do not matter: their words may be committed already.
    assert spans(events) == []
    events += read(segmenter, [SILENCE])
    assert [type(event) for event in events] == [VoiceStarted, SpeechSegment]
    assert spans(events) == [(0, at(24), "length")]
    assert segments(events)[0].resume == SegmenterState(at(24), at(24), speaking=True)
    assert len(segments(events)[0].probabilities) == 24
    assert spans(read(segmenter, [VOICE] * 2 + [SILENCE] * 5)) == [(at(24), at(28), "pause")]


def test_a_window_between_the_thresholds_is_no_place_to_cut() -> None:
    assert spans(read(Segmenter(config=SHORT), [VOICE] * 20 + [BETWEEN] * 3)) == []


def test_where_nobody_draws_breath_the_cut_comes_at_the_latest_after_the_overtime() -> None:
    longest = SHORT.segment_max_windows + SHORT.overtime_windows
    segmenter = Segmenter(config=SHORT)
    assert spans(read(segmenter, [VOICE] * (longest - 1))) == []
    assert spans(read(segmenter, [VOICE])) == [(0, at(longest), "length")]
    assert not segmenter.speaking  # nobody has spoken since
    assert spans(read(segmenter, [VOICE] * longest)) == [(at(longest), at(2 * longest), "length")]


def test_without_overtime_the_greatest_length_is_the_end() -> None:
    config = replace(SHORT, overtime_windows=0)
    assert spans(read(Segmenter(config=config), [VOICE] * 45)) == [(0, at(20), "length"), (at(20), at(40), "length")]


def test_what_is_left_after_a_cut_is_dropped_where_it_is_silent() -> None:
    segmenter = Segmenter(config=SHORT)
    events = read(segmenter, [VOICE] * 20 + [SILENCE])
    assert [s.reason for s in segments(events)] == ["length"]
    assert not segmenter.speaking
    rest = read(segmenter, [SILENCE] * 5)
    assert [type(event) for event in rest] == [VoiceStopped]
    assert segmenter.resume is not None


def test_a_flush_closes_what_is_open_up_to_the_end_of_the_audio() -> None:
    segmenter = Segmenter(config=SHORT)
    read(segmenter, [VOICE] * 5)
    end = at(5) + 100
    events = segmenter.flush(end)
    assert events[0] == VoiceStopped(at(5))
    assert spans(events) == [(0, end, "end")]
    assert segments(events)[0].resume == SegmenterState(at(5), end)
    assert segmenter.flush(end) == []


def test_a_flush_takes_even_a_single_voiced_window() -> None:
    segmenter = Segmenter(config=SHORT)
    read(segmenter, [VOICE])
    assert segmenter.flush(at(1)) == [
        VoiceStarted(0),
        VoiceStopped(at(1)),
        SpeechSegment(0, at(1), "end", (VOICE,), SegmenterState(at(1), at(1))),
    ]


def test_a_flush_leaves_long_silence_out_and_nothing_later_reaches_behind_it() -> None:
    segmenter = Segmenter(config=SHORT)
    read(segmenter, [VOICE] * 5 + [SILENCE] * 4)
    assert spans(segmenter.flush(at(9) + 7)) == [(0, at(7), "end")]
    assert spans(read(segmenter, [VOICE] * 3 + [SILENCE] * 5)) == [(at(9) + 7, at(14), "pause")]


def test_a_flush_after_a_silent_cut_still_stops_the_voice() -> None:
    segmenter = Segmenter(SegmenterState(at(4), at(4), speaking=True), SHORT)
    read(segmenter, [SILENCE] * 2)
    assert segmenter.flush(at(6)) == [VoiceStopped(at(4))]
    assert segmenter.flush(at(6)) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"hangover_windows": 9, "endpoint_min_windows": 8},
        {"endpoint_min_windows": 17},
        {"lead_windows": 17},
        {"segment_max_windows": 125},
        {"overtime_windows": -1},
    ],
)
def test_durations_that_contradict_each_other_are_refused(fields: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="windows"):
        SegmenterConfig(**fields)


@settings(deadline=None)
@given(PROBABILITIES)
def test_segments_are_in_order_bounded_and_hold_every_stretch_of_speech(probabilities: list[float]) -> None:
    segmenter = Segmenter(config=SHORT)
    events = read(segmenter, probabilities) + segmenter.flush(at(len(probabilities)))
    found = segments(events)
    assert all(a.end_sample <= b.start_sample for a, b in pairwise(found))
    assert all(0 <= s.start_sample < s.end_sample <= at(len(probabilities)) for s in found)
    assert all(len(s.probabilities) <= SHORT.segment_max_windows + SHORT.overtime_windows for s in found)
    covered = {w for s in found for w in range(s.start_sample // WINDOW_SAMPLES, -(-s.end_sample // WINDOW_SAMPLES))}
    for start in range(len(probabilities) - 2):
        if all(p >= SHORT.onset_probability for p in probabilities[start : start + 3]):
            assert {start, start + 1, start + 2} <= covered


@settings(deadline=None)
@given(PROBABILITIES)
def test_voice_starts_and_stops_in_turn(probabilities: list[float]) -> None:
    segmenter = Segmenter(config=SHORT)
    events = read(segmenter, probabilities) + segmenter.flush(at(len(probabilities)))
    changes = [type(event) for event in events if not isinstance(event, SpeechSegment)]
    assert changes == [VoiceStarted, VoiceStopped] * (len(changes) // 2)


@settings(deadline=None)
@given(PROBABILITIES, st.integers(0, 150), st.integers(0, WINDOW_SAMPLES - 1))
def test_whoever_resumes_finds_the_same_later_segments(probabilities: list[float], flushed: int, rest: int) -> None:
    """From every state that may be resumed: after a segment, a cut, a flush, and anywhere in silence."""
    flushed = min(flushed, len(probabilities))
    segmenter = Segmenter(config=SHORT)
    seen: list[SpeechSegment] = []
    resumable: list[tuple[int, bool, SegmenterState]] = []  # segments before, whether flushed, state
    for i in range(len(probabilities) + 1):
        if i == flushed:
            seen += segments(segmenter.flush(at(i) + rest))
        fresh = segments(segmenter.read(probabilities[i])) if i < len(probabilities) else []
        seen += fresh
        resumable += [(len(seen), i >= flushed, s.resume) for s in fresh]
        if segmenter.resume is not None:
            resumable.append((len(seen), i >= flushed, segmenter.resume))
    tail = segments(segmenter.flush(at(len(probabilities)) + rest))
    for before, was_flushed, state in resumable:
        again = Segmenter(state, SHORT)
        found: list[SpeechSegment] = []
        for i in range(state.sample // WINDOW_SAMPLES, len(probabilities) + 1):
            if i == flushed and not was_flushed:
                found += segments(again.flush(at(i) + rest))
            if i < len(probabilities):
                found += segments(again.read(probabilities[i]))
        found += segments(again.flush(at(len(probabilities)) + rest))
        assert found == seen[before:] + tail
