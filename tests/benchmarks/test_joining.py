"""Several recordings as one stream."""

import numpy as np
import pytest

from benchmarks.recognition.joining import join
from benchmarks.recognition.stream import SAMPLE_RATE, SpokenWord, Stream


def piece(text: str, source: str) -> Stream:
    words = (SpokenWord(text, 0.2, 0.8, 0), SpokenWord("fin", None, None, 1))
    return Stream(text, "fr", np.full(SAMPLE_RATE, 1000, np.int16), words, source)


def test_words_move_with_their_audio_and_utterances_stay_apart() -> None:
    whole = join("x", [piece("un", "reference"), piece("deux", "forced alignment")], 0.5)
    assert whole.duration_s == pytest.approx(3.5)
    assert [(word.text, word.utterance) for word in whole.words] == [("un", 0), ("fin", 1), ("deux", 2), ("fin", 3)]
    assert [whole.words[0].end_s, whole.words[2].end_s] == pytest.approx([1.3, 2.8])
    assert whole.words[1].end_s is None
    assert whole.word_times == "forced alignment + reference"


def test_pauses_are_faint_noise_that_is_the_same_each_time() -> None:
    one, other = (join("x", [piece("un", "reference")], 0.5) for _ in range(2))
    np.testing.assert_array_equal(one.pcm, other.pcm)
    pause = one.pcm[: SAMPLE_RATE // 2]
    assert 0 < np.abs(pause).max() < 100
    np.testing.assert_array_equal(one.pcm[SAMPLE_RATE // 2 : 3 * SAMPLE_RATE // 2], np.full(SAMPLE_RATE, 1000))
