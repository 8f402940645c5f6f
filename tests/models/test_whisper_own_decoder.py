"""Whisper with the decoder of our own beside Whisper with CTranslate2's: nearly the same is heard, at the same time.

What both must do alike is in `test_whisper.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

import numpy as np
import pytest

from colloque.models.whisper import Whisper
from colloque.models.whisper_decoding import LENGTH_MAX, Reading
from colloque.models.words import AlignedWord
from colloque.streaming.audio import Pcm, samples
from tests.models.speech import noise, piece, silence

KEYTERMS = ("tachycardia", "metoprolol", "Dr Beauregard", "paracetamol")
SPEECH = piece("two_cities", 0, 5)
PIECES = [("two_cities", 20, 28), ("two_cities", 28, 36), ("two_cities", 36, 44), ("beckett", 0, 10)]


@pytest.fixture(scope="module")
def plain(whisper: Whisper) -> Reading:
    return whisper.read(SPEECH, "en")


def text(word: AlignedWord) -> str:
    return word.text.lower().strip(".,")


def texts(words: Sequence[AlignedWord]) -> list[str]:
    return [text(word) for word in words]


def heard(whisper: Whisper, pcm: Pcm) -> tuple[AlignedWord, ...]:
    return whisper.words(whisper.read(pcm, "en"), len(pcm), 0, "en")


@pytest.fixture(scope="module")
def both(whisper: Whisper, original: Whisper) -> list[tuple[tuple[AlignedWord, ...], tuple[AlignedWord, ...]]]:
    """Words of each piece: ours, and CTranslate2's."""
    pieces = [piece(name, start_s, end_s) for name, start_s, end_s in PIECES]
    return [(heard(whisper, pcm), heard(original, pcm)) for pcm in pieces]


def common(one: Sequence[AlignedWord], other: Sequence[AlignedWord]) -> list[tuple[AlignedWord, AlignedWord]]:
    matcher = SequenceMatcher(None, texts(one), texts(other), autojunk=False)
    return [(one[a + at], other[b + at]) for a, b, length in matcher.get_matching_blocks() for at in range(length)]


Both = list[tuple[tuple[AlignedWord, ...], tuple[AlignedWord, ...]]]


def test_nearly_the_same_words_are_heard(both: Both) -> None:
    for ours, theirs in both:
        errors = max(len(ours), len(theirs)) - len(common(ours, theirs))
        assert len(theirs) >= 10
        assert errors <= max(1, 0.05 * len(theirs))


def test_words_have_nearly_the_same_times(both: Both) -> None:
    """At the ends of sentences CTranslate2 counts the silence among words, for its text has no timestamps."""
    pairs = [pair for ours, theirs in both for pair in common(ours, theirs)]
    starts = np.array([(one.start_sample - other.start_sample) / samples(1) for one, other in pairs])
    ends = np.array([(one.end_sample - other.end_sample) / samples(1) for one, other in pairs])
    assert np.mean(np.abs(starts) <= 0.15) > 0.9
    assert np.mean(np.abs(ends) <= 0.15) > 0.9
    assert np.median(np.abs(starts)) <= 0.04 and np.median(np.abs(ends)) <= 0.04
    assert abs(starts.mean()) < 0.03  # neither is early


def test_words_are_as_sure(both: Both) -> None:
    pairs = [pair for ours, theirs in both for pair in common(ours, theirs)]
    gaps = [one.confidence - other.confidence for one, other in pairs]
    assert np.mean(np.abs(gaps)) < 0.05


def test_words_are_in_order_inside_the_window(both: Both) -> None:
    for (ours, _), (_, start_s, end_s) in zip(both, PIECES, strict=True):
        times = [word.start_sample for word in ours]
        assert times == sorted(times)
        assert all(0 <= word.start_sample < word.end_sample <= samples(end_s - start_s) for word in ours)
        assert all(0 <= word.weakest <= word.confidence + 1e-4 <= 1 + 1e-4 for word in ours)  # which is rounded


def test_a_word_ends_where_the_silence_begins(whisper: Whisper) -> None:
    words = whisper.words(whisper.read(SPEECH, "en", voice_samples=samples(4.5)), len(SPEECH), 0, "en")
    assert texts(words) == ["it", "was", "the", "best", "of", "times", "it", "was", "the", "worst", "of", "times"]
    last = words[-1]
    loud = SPEECH[last.start_sample : last.end_sample]
    assert np.abs(loud).mean() > 3 * np.abs(SPEECH[last.end_sample + samples(0.1) :]).mean()


def test_after_the_whole_text_there_is_nothing_new(whisper: Whisper, plain: Reading) -> None:
    rest = whisper.read(SPEECH, "en", prefix=plain.output)
    assert rest.tokens == [] and rest.is_empty and not rest.is_cut_off
    assert whisper.words(rest, len(SPEECH), 0, "en", before=plain.tokens) == ()


@pytest.mark.parametrize("beam", [1, 2, 5])
def test_every_beam_hears_the_same_of_clear_speech(whisper: Whisper, plain: Reading, beam: int) -> None:
    assert texts(whisper.words(whisper.read(SPEECH, "en", beam=beam), len(SPEECH), 0, "en")) == texts(
        whisper.words(plain, len(SPEECH), 0, "en")
    )


@pytest.mark.parametrize("begin", [0, 3, 8])
def test_a_draft_changes_nothing(whisper: Whisper, begin: int) -> None:
    """Right, right as far as it goes, wrong from some token on, or nothing but wrong."""
    greedy = whisper.read(SPEECH, "en", beam=1)
    prefix, rest = greedy.output[:begin], greedy.output[begin:]
    other = whisper.read(piece("two_cities", 20, 25), "en", beam=1).output
    for draft in (rest, rest[:4], [*rest[:2], *other[3:]], other, [*rest[:-1], *rest[1:]]):
        reading = whisper.read(SPEECH, "en", prefix=prefix, draft=draft, beam=1)
        assert [*prefix, *reading.output] == greedy.output
        assert not reading.is_cut_off
        assert reading.aligned is not None and greedy.aligned is not None
        np.testing.assert_allclose(reading.aligned.token_starts, greedy.aligned.token_starts, atol=2)
        count = len(reading.tokens)
        ours, theirs = (one.aligned.token_probabilities[-count:] for one in (reading, greedy) if one.aligned)
        np.testing.assert_allclose(ours, theirs, atol=0.02)


def test_with_a_beam_a_draft_is_left_out(whisper: Whisper, plain: Reading) -> None:
    assert whisper.read(SPEECH, "en", draft=plain.output[:5][::-1]).output == plain.output


@pytest.mark.parametrize("pcm", [noise(3, 0.05), silence(3), noise(1, 0.2)], ids=["noise", "silence", "loud"])
def test_where_nobody_speaks_it_doubts_as_ctranslate2_does(whisper: Whisper, original: Whisper, pcm: Pcm) -> None:
    ours, theirs = whisper.read(pcm, "en"), original.read(pcm, "en")
    assert abs(ours.no_speech - theirs.no_speech) < 0.15
    assert ours.no_speech > 0.6


def test_speech_is_as_clear_as_for_ctranslate2(whisper: Whisper, original: Whisper, plain: Reading) -> None:
    theirs = original.read(SPEECH, "en")
    assert abs(plain.no_speech - theirs.no_speech) < 0.15 and plain.no_speech < 0.5
    assert abs(plain.logprob - theirs.logprob) < 0.1


@pytest.mark.parametrize("room", [0, 1, 2])
def test_a_text_stops_where_the_decoder_has_no_more_positions(whisper: Whisper, plain: Reading, room: int) -> None:
    sentences = plain.output[1:-1]
    prefix = [plain.output[0], *(sentences * 40)[: LENGTH_MAX - 3 - room - 1]]
    reading = whisper.read(SPEECH, "en", prefix=prefix)
    assert len(reading.output) <= room
    assert reading.is_cut_off is (len(reading.output) == room)
    before = [token for token in prefix if whisper.is_text(token)]
    words = whisper.words(reading, len(SPEECH), 0, "en", before=before)
    assert all(0 <= word.start_sample <= word.end_sample <= len(SPEECH) for word in words)


@pytest.mark.parametrize("excess", [1, 15])
def test_more_text_than_the_decoder_has_positions_for_is_cut_off(whisper: Whisper, plain: Reading, excess: int) -> None:
    """As with CTranslate2's decoder, so that the reader can let go of text instead of failing."""
    prefix = [plain.output[0], *(plain.output[1:-1] * 40)[: LENGTH_MAX - 3 + excess - 1]]
    reading = whisper.read(SPEECH, "en", prefix=prefix)
    assert reading.is_cut_off and reading.is_empty and reading.output == []
    assert whisper.words(reading, len(SPEECH), 0, "en", before=[t for t in prefix if whisper.is_text(t)]) == ()
