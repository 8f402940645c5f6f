"""Times of words from timed pieces of text."""

import numpy as np
import pytest

from benchmarks.recognition.offline import last_voice_s, spread
from benchmarks.recognition.stream import SpokenWord


def words(*texts: str) -> tuple[SpokenWord, ...]:
    return tuple(SpokenWord(text, None, None, 0) for text in texts)


def test_pieces_that_are_cut_otherwise() -> None:
    timed = spread(
        words("l", "été", "dernier"),
        [(" L'", 0.0, 0.1), ("été", 0.1, 0.5), (" der", 0.5, 0.8), ("nier.", 0.8, 1.2)],
        9.0,
    )
    assert [(word.start_s, word.end_s) for word in timed] == [(0.0, 0.1), (0.1, 0.5), (0.5, 1.2)]


def test_words_that_were_not_heard_get_no_time() -> None:
    timed = spread(words("un", "zzz", "trois"), [(" un", 0.0, 0.3), (" trois", 1.0, 1.4)], 9.0)
    assert [word.end_s for word in timed] == [0.3, None, 1.4]


def test_nothing_ends_after_the_voice() -> None:
    (word,) = spread(words("un"), [(" un", 0.5, 3.0)], 1.25)
    assert word.end_s == 1.25


def test_the_voice_ends_where_it_gets_quiet() -> None:
    noise = np.random.default_rng(0).normal(0, 8, 32_000)
    noise[8_000:16_000] += np.random.default_rng(1).normal(0, 4_000, 8_000)
    assert last_voice_s(noise.astype(np.int16)) == pytest.approx(1.0)
    assert last_voice_s(np.zeros(10, np.int16)) == pytest.approx(10 / 16_000)
