"""Every rule of early commitment, apart from the recogniser. Numbers are the tests' own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colloque.models.commitment import SAME_PLACE_SAMPLES, Candidate, CommitConfig, candidates, key, ready
from colloque.models.words import AlignedWord

CONFIG = CommitConfig(
    once_samples=5000,
    once_weakest=0.3,
    twice_samples=3000,
    twice_weakest=0.2,
    pause_agreed_weakest=0.25,
    pause_weakest=0.7,
    always_samples=16_000,
)
UNTIL = 100_000


def word(text: str, end_sample: int, weakest: float = 0.9) -> AlignedWord:
    """A word of one token that ends there."""
    return AlignedWord(text, end_sample - 1000, end_sample, weakest, weakest, 0, 1)


def said(distance_samples: int, passes: int, weakest: float = 0.9) -> tuple[AlignedWord, Candidate]:
    """A word so far from the end of the audio, heard in so many earlier passes."""
    end = UNTIL - distance_samples
    return word("mal", end, weakest), Candidate("mal", end, passes)


LAST = said(0, 0, 0.0)
"""Never ready while somebody speaks."""


def count(*heard: tuple[AlignedWord, Candidate], is_pause: bool = False, config: CommitConfig = CONFIG) -> int:
    return ready([w for w, _ in heard], [c for _, c in heard], UNTIL, is_pause=is_pause, config=config)


@pytest.mark.parametrize(
    ("text", "other"),
    [("Fièvre,", "fièvre"), ("fie\u0300vre", "fièvre"), ("Straße", "STRASSE"), ("38,5", "385"), ("J’ai", "j'ai")],
)
def test_case_signs_and_the_way_a_letter_is_coded_do_not_make_another_word(text: str, other: str) -> None:
    assert key(text) == key(other) != ""


@pytest.mark.parametrize(("text", "other"), [("mal", "mâle"), ("14", "15"), ("fièvre", "fievre")])
def test_other_letters_or_digits_do(text: str, other: str) -> None:
    assert key(text) != key(other)


def test_passes_in_a_row_are_counted_and_a_break_begins_anew() -> None:
    heard: list[Candidate] = []
    for expected in (0, 1, 2):
        heard = candidates([word("mal", 4000)], heard)
        assert heard == [Candidate("mal", 4000, expected)]
    heard = candidates([word("mâle", 4000)], heard)
    assert heard == [Candidate("mâle", 4000, 0)]
    assert candidates([word("mal", 4000)], heard) == [Candidate("mal", 4000, 0)]
    assert candidates([], heard) == []


def test_a_word_is_the_same_only_in_its_place() -> None:
    earlier = [Candidate("non", 10_000, 3)]
    near, far = 10_000 + SAME_PLACE_SAMPLES - 1, 10_000 + SAME_PLACE_SAMPLES
    assert candidates([word("Non,", near)], earlier) == [Candidate("non", near, 4)]
    assert candidates([word("Non,", far)], earlier) == [Candidate("non", far, 0)]
    assert candidates([word("non", 2 * 10_000 - near)], earlier)[0].passes == 4


def test_a_word_said_twice_has_its_own_count_in_each_place() -> None:
    earlier = [Candidate("non", 10_000, 2), Candidate("non", 30_000, 0)]
    found = candidates([word("non", 10_100), word("non", 30_100), word("non", 50_000)], earlier)
    assert [candidate.passes for candidate in found] == [3, 1, 0]


def test_a_word_that_moved_a_little_in_each_pass_is_followed() -> None:
    heard: list[Candidate] = []
    step = SAME_PLACE_SAMPLES - 1
    for i in range(4):
        heard = candidates([word("docteur", 10_000 + i * step)], heard)
    assert heard[0].passes == 3


@pytest.mark.parametrize(
    ("distance", "passes", "weakest", "may"),
    [
        (15_999, 0, 0.99, False),  # heard for the first time, however sure
        (16_000, 0, 0.0, True),  # so far back it is committed as it is
        (5000, 1, 0.3, True),
        (4999, 1, 0.99, False),
        (5000, 1, 0.29, False),  # one earlier pass, but a weak token
        (3000, 2, 0.2, True),  # two earlier passes: it may be nearer to the end, and weaker
        (3000, 2, 0.19, False),
        (2999, 2, 0.99, False),
        (3000, 7, 0.2, True),
        (0, 7, 1.0, False),
    ],
)
def test_while_somebody_speaks_passes_and_distance_decide(
    distance: int, passes: int, weakest: float, may: bool
) -> None:
    assert count(said(distance, passes, weakest), LAST) == may


def test_the_last_word_is_never_committed_while_somebody_speaks() -> None:
    assert count(said(50_000, 9)) == 0
    assert count(said(60_000, 9), said(50_000, 9)) == 1


@pytest.mark.parametrize(
    ("distance", "passes", "weakest", "may"),
    [
        (0, 1, 0.25, True),  # heard before
        (0, 1, 0.24, False),
        (0, 0, 0.7, True),  # sure
        (0, 0, 0.69, False),
        (16_000, 0, 0.0, True),  # far from the end
        (15_999, 0, 0.0, False),
    ],
)
def test_at_a_pause_one_reason_is_enough_and_the_last_word_may_go(
    distance: int, passes: int, weakest: float, may: bool
) -> None:
    assert count(said(distance, passes, weakest), is_pause=True) == may


@pytest.mark.parametrize("is_pause", [False, True])
def test_the_first_word_that_must_wait_holds_back_the_rest(is_pause: bool) -> None:
    good, waiting = said(7000, 3), said(6000, 0, 0.1)
    assert count(good, good, waiting, good, good, LAST, is_pause=is_pause) == 2
    assert count(waiting, good, good, LAST, is_pause=is_pause) == 0


@pytest.mark.parametrize("is_pause", [False, True])
def test_without_words_there_is_nothing_to_commit(is_pause: bool) -> None:
    assert count(is_pause=is_pause) == 0


def test_the_distances_are_those_of_the_configuration() -> None:
    assert count(said(100, 2), LAST) == 0
    assert count(said(100, 2), LAST, config=replace(CONFIG, twice_samples=100)) == 1
    never = replace(CONFIG, once_samples=UNTIL, twice_samples=UNTIL, always_samples=UNTIL)
    assert count(said(90_000, 9), LAST, config=never) == 0
    first, last = said(90_000, 2), said(0, 0)
    assert ready([first[0], last[0]], [first[1], last[1]], UNTIL, is_pause=False) == 1  # the default


def test_words_and_candidates_must_belong_together() -> None:
    with pytest.raises(ValueError):
        ready([word("mal", 1000)], [], UNTIL, is_pause=True, config=CONFIG)


WORDS = st.lists(st.tuples(st.integers(0, 30_000), st.integers(0, 4), st.floats(0, 1)), max_size=8)


@settings(deadline=None)
@given(WORDS)
def test_more_agreement_or_more_audio_never_commits_less(heard: list[tuple[int, int, float]]) -> None:
    row = [said(*each) for each in sorted(heard, reverse=True)]
    for is_pause in (False, True):
        least = count(*row, is_pause=is_pause)
        assert 0 <= least <= len(row)
        more = [(w, replace(c, passes=c.passes + 1)) for w, c in row]
        assert count(*more, is_pause=is_pause) >= least
        words, before = [w for w, _ in row], [c for _, c in row]
        assert ready(words, before, UNTIL + 2000, is_pause=is_pause, config=CONFIG) >= least
