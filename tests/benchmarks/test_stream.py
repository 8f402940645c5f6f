"""Cutting a stream."""

import numpy as np
import pytest

from benchmarks.recognition.stream import SAMPLE_RATE, SpokenWord, Stream


def stream(*words: SpokenWord) -> Stream:
    return Stream("x", "fr", np.zeros(10 * SAMPLE_RATE, np.int16), words, "reference")


def test_it_is_cut_after_the_last_utterance_that_fits() -> None:
    whole = stream(SpokenWord("un", 0.0, 1.0, 0), SpokenWord("deux", 3.0, 4.0, 1), SpokenWord("trois", 7.0, 8.0, 2))
    cut = whole.head(6.0)
    assert [word.text for word in cut.words] == ["un", "deux"]
    assert cut.duration_s == pytest.approx(4.3)
    assert whole.head(10.0) is whole


def test_utterances_that_overlap_are_kept_or_left_out_together() -> None:
    whole = stream(SpokenWord("un", 0.0, 1.0, 0), SpokenWord("deux", 3.0, 6.0, 1), SpokenWord("oui", 3.5, 3.8, 2))
    assert [word.text for word in whole.head(7.0).words] == ["un", "deux", "oui"]
    cut = whole.head(5.0)
    assert [word.text for word in cut.words] == ["un"]
    assert cut.duration_s == pytest.approx(1.3)


def test_the_beginning_of_the_next_word_is_not_left_in() -> None:
    whole = stream(SpokenWord("un", 0.0, 1.0, 0), SpokenWord("deux", 1.1, 9.0, 1))
    assert whole.head(5.0).duration_s == pytest.approx(1.1)


def test_it_is_left_whole_where_no_utterance_fits() -> None:
    whole = stream(SpokenWord("un", 0.0, 9.0, 0))
    assert whole.head(5.0) is whole
