"""From updates to word errors and latencies."""

import numpy as np
import pytest

from benchmarks.recognition.scoring import StreamScorer, quantiles
from benchmarks.recognition.stream import SAMPLE_RATE, SpokenWord, Stream, Update


def stream(*words: tuple[str, float | None, int], seconds: float = 4.0) -> Stream:
    spoken = tuple(SpokenWord(text, None, end_s, utterance) for text, end_s, utterance in words)
    return Stream("x", "fr", np.zeros(int(seconds * SAMPLE_RATE), np.int16), spoken, "reference")


SPOKEN = stream(("un", 0.5, 0), ("deux", 1.0, 0), ("trois", 2.0, 1), ("quatre", 3.0, 1))


def test_latency_of_words_and_utterances() -> None:
    scorer = StreamScorer(SPOKEN)
    scorer.add(Update(0.0, ""))
    scorer.add(Update(1.5, "", "un deux"))
    scorer.add(Update(2.0, "un deux"))
    scorer.add(Update(5.0, "un deux trois quatre"))
    score = scorer.score()
    assert score.errors == 0
    assert score.word_latencies_s == pytest.approx([1.5, 1.0, 3.0, 2.0])
    assert score.utterance_latencies_s == pytest.approx([1.0, 2.0])
    assert score.drain_s == pytest.approx(1.0)


def test_a_wrong_word_has_no_latency_but_ends_its_utterance() -> None:
    scorer = StreamScorer(SPOKEN)
    scorer.add(Update(4.0, "un deux trois cinq"))
    score = scorer.score()
    assert (score.substitutions, score.deletions, score.insertions) == (1, 0, 0)
    assert score.word_latencies_s == pytest.approx([3.5, 3.0, 2.0])
    assert score.utterance_latencies_s == pytest.approx([3.0, 1.0])


def test_what_stays_tentative_was_never_said() -> None:
    scorer = StreamScorer(SPOKEN)
    scorer.add(Update(2.0, "un deux", "trois quatre"))
    score = scorer.score()
    assert score.deletions == 2
    assert score.utterance_latencies_s == pytest.approx([1.0])


def test_a_system_that_says_nothing() -> None:
    scorer = StreamScorer(SPOKEN)
    scorer.add(Update(0.0, ""))
    score = scorer.score()
    assert score.errors == score.reference_words == 4
    assert score.word_latencies_s == []


def test_words_without_a_time_have_no_latency() -> None:
    scorer = StreamScorer(stream(("un", None, 0), ("deux", 1.0, 0)))
    scorer.add(Update(2.0, "un deux"))
    assert scorer.score().word_latencies_s == pytest.approx([1.0])


def test_repeated_updates_change_nothing() -> None:
    scorer = StreamScorer(SPOKEN)
    for at_s in (1.0, 1.5, 2.0):
        scorer.add(Update(at_s, "un", "dix"))
    scorer.add(Update(3.0, "un deux"))
    score = scorer.score()
    assert (score.shown, score.revised) == (3, 1)
    assert score.word_latencies_s == pytest.approx([0.5, 2.0])


def test_quantiles() -> None:
    found = quantiles([float(value) for value in range(101)])
    assert (found["n"], found["p50"], found["p95"], found["max"]) == (101, 50.0, 95.0, 100.0)
    assert len(found["curve"]) == 21
    assert quantiles([])["p50"] is None
