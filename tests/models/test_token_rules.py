from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from colloque.models.token_rules import FIRST_MAX, Floats, TokenRules, log_softmax

A, B, C, BLANK, END, CONTROL, NO_TIMES, T0 = range(8)
"""A small vocabulary: words, the end of text, a control token, and timestamps from `T0` on."""
SIZE = T0 + FIRST_MAX + 30
LAST = SIZE - 1
RULES = TokenRules.of([C, CONTROL], [BLANK, END], END, T0)


def logits(**likely: float) -> Floats:
    """All alike but for those that are named."""
    values = np.zeros(SIZE, np.float32)
    for name, value in likely.items():
        values[globals()[name]] = value
    return values


WORDS_LIKELY = logits(A=20)
"""No sum of timestamps outweighs a word."""


def possible(said: Sequence[int], values: Floats = WORDS_LIKELY) -> list[int]:
    return np.flatnonzero(RULES.allowed(values, said) > -np.inf).tolist()


def test_log_softmax_gives_log_probabilities_of_each_row() -> None:
    values = np.array([[0, np.log(3)], [500, 500], [-np.inf, -700]], np.float32)
    np.testing.assert_allclose(np.exp(log_softmax(values)), [[0.25, 0.75], [0.5, 0.5], [0.0, 1.0]], rtol=1e-6)


def test_a_text_begins_with_a_timestamp_of_the_first_second() -> None:
    assert possible([]) == list(range(T0, T0 + FIRST_MAX + 1))


def test_after_the_first_timestamp_comes_a_word_or_the_end() -> None:
    assert possible([T0 + 3]) == [A, B, BLANK, END]


def test_after_a_word_comes_a_word_the_end_or_a_later_timestamp() -> None:
    assert possible([T0 + 3, A]) == [A, B, BLANK, END, *range(T0 + 4, SIZE)]


def test_a_timestamp_that_closes_is_followed_by_one_that_opens_or_by_the_end() -> None:
    """Which may be the same: a sentence begins where the one before it ends."""
    assert possible([T0 + 3, A, T0 + 9], logits(A=20, END=20)) == [END, *range(T0 + 9, SIZE)]


def test_after_a_pair_come_words() -> None:
    assert possible([T0 + 3, A, T0 + 9, T0 + 12]) == [A, B, BLANK, END]


def test_the_next_sentence_ends_after_it_began() -> None:
    assert possible([T0 + 3, A, T0 + 9, T0 + 12, B]) == [A, B, BLANK, END, *range(T0 + 13, SIZE)]


def test_after_the_last_timestamp_of_all_none_comes_but_itself() -> None:
    assert possible([T0, A, LAST], logits(END=1)) == [END, LAST]
    assert possible([T0, A, LAST, LAST, B]) == [A, B, BLANK, END]


def test_a_prefix_without_timestamps_leaves_all_of_them() -> None:
    assert possible([A, B]) == [A, B, BLANK, END, *range(T0, SIZE)]


def test_suppressed_tokens_are_never_said_whatever_they_weigh() -> None:
    heavy = logits(C=50, CONTROL=50, NO_TIMES=50)
    for said in ([], [T0], [T0, A], [T0, A, T0 + 1], [T0, A, T0 + 1, T0 + 1]):
        assert not {C, CONTROL, NO_TIMES} & set(possible(said, heavy))


def test_the_token_that_denies_timestamps_is_suppressed_of_itself() -> None:
    assert NO_TIMES in TokenRules.of([], [], END, T0).suppressed


@pytest.mark.parametrize(("word", "is_time"), [(3.0, True), (6.0, False)])
def test_timestamps_outweigh_words_together(word: float, is_time: bool) -> None:
    """One of some seventy is as probable as a word of exp(4.3), though each by itself is far less so."""
    values = logits(A=word)
    found = possible([T0 + 3, B], values)
    assert (min(found) >= T0) is is_time
    assert (A in found) is not is_time


def test_the_sum_counts_only_timestamps_that_may_come() -> None:
    """Those before the last one are no reason to say one."""
    values = logits(A=3)
    assert min(possible([T0 + 3, B], values)) >= T0
    assert A in possible([LAST - 2, B], values)


def test_it_is_the_best_word_and_not_all_of_them_that_is_weighed() -> None:
    many = TokenRules.of([], [], 900, 902)
    values = np.zeros(910, np.float32)
    found = np.flatnonzero(many.allowed(values, [902, 1]) > -np.inf)
    assert found.min() > 902  # seven timestamps against nine hundred words, each as probable as the other


def test_the_end_of_text_is_weighed_as_a_word() -> None:
    assert END in possible([T0, A], logits(END=20))
    assert END not in possible([T0, A], logits(END=3))


def test_probabilities_are_among_what_may_come() -> None:
    for said in ([], [T0], [T0, A]):
        assert np.exp(RULES.allowed(WORDS_LIKELY, said)).sum() == pytest.approx(1, abs=1e-4)


def test_the_logits_stay_as_they_are() -> None:
    values = logits(A=3)
    before = values.copy()
    for said in ([], [T0], [T0, A], [T0, A, T0 + 5]):
        RULES.allowed(values, said)
    np.testing.assert_array_equal(values, before)


def test_logits_may_be_minus_infinity() -> None:
    values = logits(A=2)
    values[[B, BLANK, T0 + 5]] = -np.inf
    scores = RULES.allowed(values, [T0])
    assert np.flatnonzero(scores > -np.inf).tolist() == [A, END]
    assert not np.isnan(scores).any()
    values[T0:] = -np.inf
    assert np.flatnonzero(RULES.allowed(values, [T0, A]) > -np.inf).tolist() == [A, END]


def test_where_all_words_are_suppressed_the_end_remains() -> None:
    silent = TokenRules.of([A, B, C, BLANK, CONTROL], [], END, T0)
    assert np.flatnonzero(silent.allowed(WORDS_LIKELY, [T0]) > -np.inf).tolist() == [END]
    assert np.flatnonzero(silent.allowed(WORDS_LIKELY, [T0, A, LAST, LAST]) > -np.inf).tolist() == [END]


def test_a_vocabulary_with_few_timestamps_has_no_more_than_those() -> None:
    few = TokenRules.of([], [], END, T0)
    assert np.flatnonzero(few.allowed(np.zeros(T0 + 4, np.float32), []) > -np.inf).tolist() == [*range(T0, T0 + 4)]


LOGITS = arrays.arrays(np.float32, SIZE, elements=st.floats(-30, 30, width=32))


@given(st.lists(LOGITS, min_size=1, max_size=24))
def test_whatever_is_said_by_the_rules_has_its_timestamps_in_order_and_in_pairs(steps: list[Floats]) -> None:
    said: list[int] = []
    for values in steps:
        scores = RULES.allowed(values, said)
        assert not np.isnan(scores).any()
        token = int(scores.argmax())
        assert scores[token] > -np.inf
        if token == END:
            break
        said.append(token)
    # One timestamp before the first sentence, two between two, and after the last one as many as there was room for.
    signs = "".join("t" if token >= T0 else "w" for token in said)
    assert re.fullmatch("(t(w+(ttw+)*t{0,2})?)?", signs)
    times = [token for token in said if token >= T0]
    assert times == sorted(times)
    assert all(opening < closing for opening, closing in zip(times[::2], times[1::2], strict=False))
    assert not said or said[0] <= T0 + FIRST_MAX


@pytest.mark.parametrize(("closed", "goes_on"), [(9, True), (20, True), (21, False), (29, False), (40, False)])
def test_a_text_that_is_closed_where_the_voice_ends_is_the_last(closed: int, goes_on: bool) -> None:
    rules = RULES.until(30)
    after = np.flatnonzero(rules.allowed(logits(END=20), [T0, A, T0 + closed]) > -np.inf).tolist()
    assert after == ([END, *range(T0 + closed, SIZE)] if goes_on else [END])


def test_a_text_may_be_opened_where_the_voice_ends() -> None:
    rules = RULES.until(30)
    assert A in np.flatnonzero(rules.allowed(WORDS_LIKELY, [T0, A, T0 + 20, T0 + 25]) > -np.inf)


def test_control_tokens_are_no_text() -> None:
    """A language said in the middle would end a sentence that has no end."""
    with_languages = TokenRules.of([], [], END, T0)
    found = np.flatnonzero(with_languages.allowed(logits(CONTROL=20), [T0]) > -np.inf)
    assert CONTROL not in found
