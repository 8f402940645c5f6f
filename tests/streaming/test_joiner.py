"""Words and speakers join the same way however their results interleave."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from colloque.streaming.engines import Recognised, SpeakerActivity
from colloque.streaming.joiner import Run, WordJoiner
from tests.playbook import activity, recognised, span, word

RECOGNISED = [
    recognised(0, word("a", 0.2, 0.6), word("b", 0.7, 1.1), word("c", 1.2, 1.6)),
    recognised(1),
    recognised(2, word("d", 2.2, 2.6), word("e", 2.7, 3.1)),
    recognised(3, word("f", 5.0, 5.4)),
]
ACTIVITY = [
    activity(0.9, span(1, 0.1, 0.65), span(2, 0.66, 0.9)),
    activity(1.8, span(2, 0.9, 1.15), span(1, 1.15, 1.7)),
    activity(3.0, span(2, 2.1, 3.0)),
    activity(4.0, span(2, 3.0, 3.2)),
    activity(6.0, span(1, 4.9, 5.5)),
]


def run(order: list[Recognised | SpeakerActivity]) -> list[Run]:
    joiner = WordJoiner()
    out: list[Run] = []
    for result in order:
        out += joiner.recognised(result) if isinstance(result, Recognised) else joiner.activity(result)
    return out + joiner.release_all()


@given(st.lists(st.booleans(), min_size=9, max_size=9))
def test_any_interleaving_gives_the_same_runs(choices: list[bool]) -> None:
    words, spans = list(RECOGNISED), list(ACTIVITY)
    order: list[Recognised | SpeakerActivity] = []
    for take_words in choices:
        source: list[Recognised] | list[SpeakerActivity] = words if (take_words and words) or not spans else spans
        if source:
            order.append(source.pop(0))
    merged = run([*order, *spans, *words])
    assert merged == run([*ACTIVITY, *RECOGNISED])
    assert [(r.segment, r.speaker, [w.text for w in r.words]) for r in merged] == [
        (0, 1, ["a"]),
        (0, 2, ["b"]),
        (0, 1, ["c"]),
        (2, 2, ["d", "e"]),
        (3, 1, ["f"]),
    ]


def test_a_word_between_spans_belongs_to_the_near_one_else_to_who_was_speaking() -> None:
    joiner = WordJoiner()
    joiner.activity(activity(20.0, span(1, 0.0, 1.0), span(2, 9.0, 10.0)))
    runs = joiner.recognised(recognised(0, word("a", 0.5, 0.9), word("b", 1.2, 1.4), word("c", 5.0, 5.2)))
    assert [(r.speaker, len(r.words)) for r in runs] == [(1, 3)]


def test_without_any_speaker_the_word_has_none() -> None:
    joiner = WordJoiner()
    assert not joiner.recognised(recognised(0, word("a", 0.5, 0.9)))
    assert [r.speaker for r in joiner.release_all()] == [None]


def test_who_was_speaking_goes_on_while_two_speak_at_once() -> None:
    joiner = WordJoiner()
    joiner.activity(activity(5.0, span(1, 0.0, 2.0), span(2, 1.0, 3.0)))
    runs = joiner.recognised(recognised(0, word("a", 0.2, 0.8), word("b", 1.2, 1.8), word("c", 2.2, 2.8)))
    assert [(r.speaker, [w.text for w in r.words]) for r in runs] == [(1, ["a", "b"]), (2, ["c"])]


def test_memory_does_not_grow_with_the_session() -> None:
    joiner = WordJoiner()
    for i in range(2000):
        joiner.activity(activity(i + 1.0, span(1, float(i), i + 0.5)))
    assert len(joiner._spans) < 50
