"""Who speaks when: spans, merges, and the moment from which nothing more can change."""

from __future__ import annotations

from colloque.streaming.audio import samples
from colloque.streaming.timeline import SpeakerTimeline
from tests.playbook import activity, span, word


def timeline(until_s: float, *spans: tuple[int, float, float]) -> SpeakerTimeline:
    known = SpeakerTimeline()
    known.add(activity(until_s, *(span(*s) for s in spans)))
    return known


def test_the_longest_overlap_decides() -> None:
    known = timeline(5.0, (1, 0.0, 2.0), (2, 1.7, 3.0))
    assert known.speaker_of(word("a", 1.5, 1.9), None) == 1
    assert known.speaker_of(word("a", 1.9, 2.4), None) == 2


def test_who_was_speaking_goes_on_while_two_speak_at_once() -> None:
    known = timeline(5.0, (1, 0.0, 2.0), (2, 1.0, 3.0))
    assert known.speaker_of(word("a", 1.2, 1.8), 1) == 1
    assert known.speaker_of(word("a", 1.2, 1.8), 2) == 2
    assert known.speaker_of(word("a", 1.2, 1.8), None) == 1


def test_beside_all_spans_the_near_one_decides_else_the_word_before() -> None:
    known = timeline(20.0, (1, 0.0, 1.0), (2, 9.0, 10.0))
    assert known.speaker_of(word("a", 1.2, 1.4), 2) == 1
    assert known.speaker_of(word("a", 5.0, 5.2), 2) == 2
    assert known.speaker_of(word("a", 5.0, 5.2), None) is None


def test_a_word_is_passed_once_nothing_can_change_its_speaker() -> None:
    overlapped, beside = word("a", 0.5, 1.0), word("b", 1.2, 1.4)
    assert not timeline(0.9, (1, 0.0, 0.9)).has_passed(overlapped)
    assert timeline(1.0, (1, 0.0, 0.9)).has_passed(overlapped)
    assert not timeline(1.9, (1, 0.0, 0.9)).has_passed(beside)  # a nearer span may follow
    assert timeline(1.91, (1, 0.0, 0.9)).has_passed(beside)


def test_a_merge_counts_in_the_choice_only_where_it_came_before_the_word_was_passed() -> None:
    """Together the two would be heard longer than the third: when that became known decides, not who asks when."""
    spans = (span(1, 0.0, 0.4), span(2, 0.3, 0.7), span(3, 0.0, 0.6))
    said = word("a", 0.0, 1.0)
    early, late = SpeakerTimeline(), SpeakerTimeline()
    early.add(activity(0.9, *spans))
    early.merge(2, 1)
    early.add(activity(2.0))
    late.add(activity(0.9, *spans))
    late.add(activity(2.0))
    late.merge(2, 1)
    assert early.speaker_of(said, None) == 1
    assert late.speaker_of(said, None) == 3


def test_merges_chain() -> None:
    known = timeline(1.0, (3, 0.0, 1.0))
    known.merge(3, 2)
    known.merge(2, 1)
    assert known.current(3) == known.current(2) == known.current(1) == 1
    assert known.current(4) == 4


def test_spans_are_forgotten() -> None:
    known = timeline(3.0, (1, 0.0, 1.0), (2, 1.5, 2.5))
    known.forget(samples(2.0))
    assert known.near(0, samples(0.5)) is None
    assert known.near(samples(2.6), samples(2.7)) == 2
