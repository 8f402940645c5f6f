"""Where a word ends when what follows it is silence: `Alignment.token_ends`."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colloque.models.words import FRAME_SAMPLES, WORD_MIN_SAMPLES, Alignment, alignment, timed_words

WORDS = [" un", " deux", " trois", ","]


def decode(tokens: Sequence[int]) -> str:
    return "".join(WORDS[token] for token in tokens)


def test_of_a_path_without_timestamps_each_token_ends_where_the_next_begins() -> None:
    found = alignment([(0, 0), (0, 1), (1, 2), (2, 4), (3, 5), (3, 6)], [0.9, 0.8, 0.7], 3)
    assert (found.token_starts, found.token_ends) == ([0, 2, 4], [2, 4, 5])


def test_a_token_that_the_path_passes_over_has_no_length() -> None:
    found = alignment([(0, 0), (2, 3), (2, 9)], [1.0, 1.0, 1.0], 3)
    assert (found.token_starts, found.token_ends) == ([0, 3, 3], [3, 3, 10])
    assert alignment([], [], 2).token_ends == [0, 0]


def test_a_word_ends_where_its_last_token_does_and_not_with_the_silence_after_it() -> None:
    aligned = Alignment([1, 5, 6, 30], [5, 6, 9, 34], [1.0] * 4)
    words = timed_words([0, 1, 3, 2], decode, aligned, 1000, 1000 + 50 * FRAME_SAMPLES)
    assert [word.text for word in words] == ["un", "deux,", "trois"]
    assert [(w.start_sample - 1000) // FRAME_SAMPLES for w in words] == [1, 5, 30]
    assert [(w.end_sample - 1000) // FRAME_SAMPLES for w in words] == [5, 9, 34]


def test_no_word_ends_after_the_window() -> None:
    (word,) = timed_words([0], decode, Alignment([2], [90], [1.0]), 0, 10 * FRAME_SAMPLES)
    assert (word.start_sample, word.end_sample) == (2 * FRAME_SAMPLES, 10 * FRAME_SAMPLES)


@pytest.mark.parametrize("end", [0, 4])
def test_a_word_of_no_length_has_the_least_that_a_word_has(end: int) -> None:
    (word,) = timed_words([0], decode, Alignment([4], [end], [1.0]), 0, 10 * FRAME_SAMPLES)
    assert (word.start_sample, word.end_sample) == (4 * FRAME_SAMPLES, 4 * FRAME_SAMPLES + WORD_MIN_SAMPLES)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=12))
def test_words_lie_in_the_window_whatever_the_times_of_tokens(tokens: list[tuple[int, int, int]]) -> None:
    said, starts, ends = ([column[at] for column in tokens] for at in range(3))
    aligned = Alignment(starts, ends, [0.5] * len(said))
    words = timed_words(said, decode, aligned, 320, 320 + 30 * FRAME_SAMPLES, floor_sample=5000)
    begins = [word.start_sample for word in words]
    assert begins == sorted(begins) and len(words) == len(said)
    assert all(5000 <= word.start_sample < word.end_sample <= 320 + 30 * FRAME_SAMPLES for word in words)
