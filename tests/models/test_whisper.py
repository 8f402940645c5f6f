from __future__ import annotations

import numpy as np
import pytest

from colloque.models.guard import is_loop
from colloque.models.whisper import Recognition, Whisper
from colloque.streaming.audio import Pcm, samples
from tests.models.speech import noise, piece, recording, silence

KEYTERMS = ("tachycardia", "metoprolol", "Dr Beauregard", "paracetamol")
SPEECH = piece("two_cities", 0, 5)


def text(recognition: Recognition) -> str:
    return " ".join(word.text for word in recognition.words or ())


@pytest.fixture(scope="module")
def plain(whisper: Whisper) -> Recognition:
    return whisper.recognise(SPEECH, 0, "en", voice=0.9)


def test_speech_becomes_words_with_times(plain: Recognition) -> None:
    assert text(plain).lower().replace(",", "").replace(".", "").startswith("it was the best of times it was the worst")
    assert plain.words is not None
    times = {word.text.lower().strip(".,"): word for word in plain.words}
    assert times["best"].end_sample <= times["worst"].start_sample
    assert all(0 <= w.start_sample < w.end_sample <= len(SPEECH) for w in plain.words)
    assert times["worst"].confidence > 0.8
    # Loud where a word is said, quiet after the last one of the sentence.
    worst = SPEECH[times["worst"].start_sample : times["worst"].end_sample]
    assert np.abs(worst).mean() > 2 * np.abs(SPEECH[: samples(0.5)]).mean()


def test_the_same_audio_gives_the_same_words_on_the_clock(whisper: Whisper, plain: Recognition) -> None:
    later = whisper.recognise(SPEECH, 1_000_000, "en", voice=0.9)
    assert plain.words is not None and later.words is not None
    assert [(w.text, w.start_sample - 1_000_000, w.confidence) for w in later.words] == [
        (w.text, w.start_sample, w.confidence) for w in plain.words
    ]


@pytest.mark.parametrize("keyterms", [KEYTERMS, KEYTERMS * 40], ids=["some", "too many"])
def test_key_terms_bias_and_do_not_leak(whisper: Whisper, plain: Recognition, keyterms: tuple[str, ...]) -> None:
    biased = whisper.recognise(SPEECH, 0, "en", voice=0.9, keyterms=keyterms)
    words = text(biased).lower()
    assert "best of times" in words and "worst of times" in words
    assert not any(term.lower() in words for term in KEYTERMS)
    assert "metoprolol" not in whisper.glance(SPEECH, "en", keyterms)


@pytest.mark.parametrize("pcm", [noise(3, 0.05), silence(3), noise(1, 0.2)], ids=["noise", "silence", "loud"])
def test_key_terms_are_not_heard_where_nobody_speaks(whisper: Whisper, pcm: Pcm) -> None:
    """Even where voice activity is taken in."""
    heard = text(whisper.recognise(pcm, 0, "en", voice=0.95, keyterms=KEYTERMS)).lower()
    glanced = whisper.glance(pcm, "en", KEYTERMS).lower()
    for term in KEYTERMS:
        assert term.lower() not in heard
        assert term.lower() not in glanced


@pytest.mark.parametrize("count", [0, 1, 161, 1600])
def test_next_to_no_audio_has_no_words(whisper: Whisper, count: int) -> None:
    pcm = noise(1, 0.1)[:count]
    assert whisper.recognise(pcm, 5, "fr", voice=0.2) == Recognition(())
    assert whisper.glance(pcm, "fr") == ""


def test_a_sound_without_words_gives_none(whisper: Whisper) -> None:
    tone = (0.3 * np.sin(np.arange(samples(4)) * 0.05)).astype(np.float32)
    assert whisper.recognise(tone, 0, "en", voice=0.3) == Recognition(())
    assert whisper.recognise(silence(4), 0, "en", voice=0.3) == Recognition(())


def test_long_clear_speech_without_words_is_not_understood(whisper: Whisper) -> None:
    assert whisper.recognise(silence(4), 0, "en", voice=0.95) == Recognition(None)


def test_a_loop_of_the_decoder_is_never_given_out(whisper: Whisper) -> None:
    """A quarter of a second, again and again: the first reading runs on until it is cut off."""
    stutter = np.tile(recording("two_cities")[30_080:34_000], 16)
    recognition = whisper.recognise(stutter, 0, "en", voice=0.95)
    assert recognition.words is None or not is_loop(text(recognition))
    assert whisper.glance(stutter, "en") == ""


def test_a_text_that_was_cut_off_is_not_given_out_as_whole(whisper: Whisper) -> None:
    """Speech at twice the tempo: half of the room that its length is given would not do (CTranslate2 halves it)."""
    quick = np.ascontiguousarray(piece("two_cities", 0, 20)[::2])
    recognition = whisper.recognise(quick, 0, "en", voice=0.9)
    assert recognition.words is None or text(recognition)[-1] in ".!?"


def test_a_glance_is_the_text_alone(whisper: Whisper, plain: Recognition) -> None:
    glance = whisper.glance(SPEECH, "en")
    assert glance == glance.strip() != ""
    assert "best of times" in glance.lower()
    assert whisper.glance(SPEECH[: samples(0.3)], "en") == ""
