"""Confidence of committed words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colloque.models.commitment import Candidate
from colloque.models.confidence import FITTED, Calibration, calibrated, rated
from colloque.models.reader import SegmentReader
from colloque.models.whisper import Whisper
from colloque.models.words import AlignedWord
from colloque.streaming.segmenter import WINDOW_SAMPLES
from tests.models.speech import piece

PROBABILITIES = st.floats(0, 1)
COUNTS = st.integers(0, 40)


def word(text: str, mean: float, weakest: float) -> AlignedWord:
    return AlignedWord(text, 100, 900, mean, weakest, 0, 1)


@given(PROBABILITIES, PROBABILITIES, PROBABILITIES, COUNTS)
def test_more_probable_is_never_less_sure(low: float, high: float, other: float, passes: int) -> None:
    low, high = sorted((low, high))
    assert 0 < calibrated(low, other, passes) <= calibrated(high, other, passes) < 1
    assert calibrated(other, low, passes) <= calibrated(other, high, passes)


def test_the_constants_keep_that_law() -> None:
    assert FITTED.mean >= 0 and FITTED.weakest >= 0 and FITTED.mean + FITTED.weakest > 0


@given(PROBABILITIES, PROBABILITIES, COUNTS)
def test_hearing_a_word_again_makes_surer(mean: float, weakest: float, passes: int) -> None:
    assert calibrated(mean, weakest, passes) <= calibrated(mean, weakest, passes + 1)


def test_sure_words_and_guesses_lie_far_apart() -> None:
    assert calibrated(0.99, 0.99, 3) > 0.95
    assert calibrated(0.2, 0.05, 0) < 0.6


def test_the_model_is_logistic() -> None:
    by = Calibration(bias=0.0, mean=1.0, weakest=0.0, passes=0.0)
    assert calibrated(0.7, 0.1, 2, by) == pytest.approx(0.7)
    by = Calibration(bias=0.0, mean=0.0, weakest=0.0, passes=1.0)
    assert calibrated(0.7, 0.1, 1, by) == pytest.approx(0.7310586)


def test_words_keep_their_text_and_times() -> None:
    words = (word("J'ai", 0.9, 0.8), word("mal.", 0.9, 0.8))
    first, second = rated(words, [Candidate("jai", 900, 0), Candidate("mal", 900, 3)])
    assert (first.text, first.start_sample, first.end_sample) == ("J'ai", 100, 900)
    assert first.confidence == pytest.approx(calibrated(0.9, 0.8, 0), abs=1e-4)
    assert second.confidence == pytest.approx(calibrated(0.9, 0.8, 3), abs=1e-4)


def test_words_that_were_never_heard_before() -> None:
    words = (word("oui", 0.9, 0.8),)
    assert rated(words) == rated(words, [Candidate("oui", 900, 0)])
    assert rated(()) == ()


def test_the_reader_rates_what_it_commits(whisper: Whisper) -> None:
    pcm = piece("two_cities", 0, 4)
    words = whisper.words(whisper.read(pcm, "en"), len(pcm), 0, "en")
    once = SegmentReader(whisper, "en", (), 0)
    once.hear(pcm, [0.9] * -(-len(pcm) // WINDOW_SAMPLES))
    assert words and once.finish(len(pcm)).words == rated(words)


def test_agreement_of_passes_reaches_the_words(whisper: Whisper) -> None:
    pcm = piece("two_cities", 0, 4)
    twice = SegmentReader(whisper, "en", (), 0)
    twice.hear(pcm, [0.9] * -(-len(pcm) // WINDOW_SAMPLES))
    first = twice.grow()
    found = [*first.words, *twice.finish(len(pcm)).words]
    unheard = rated(whisper.words(whisper.read(pcm, "en"), len(pcm), 0, "en"))
    assert [word.text for word in found] == [word.text for word in unheard]
    assert first.tail and found[-1].confidence > unheard[-1].confidence
