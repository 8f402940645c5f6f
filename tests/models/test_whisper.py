from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from colloque.models.guard import is_echo, is_loop
from colloque.models.whisper import Reading, Whisper
from colloque.models.words import AlignedWord
from colloque.streaming.audio import Pcm, samples
from tests.models.speech import noise, piece, recording, silence

KEYTERMS = ("tachycardia", "metoprolol", "Dr Beauregard", "paracetamol")
SPEECH = piece("two_cities", 0, 5)


def texts(words: Sequence[AlignedWord]) -> list[str]:
    return [word.text.lower().strip(".,") for word in words]


def words(whisper: Whisper, reading: Reading, pcm: Pcm = SPEECH, start_sample: int = 0) -> tuple[AlignedWord, ...]:
    return whisper.words(reading, len(pcm), start_sample, "en")


@pytest.fixture(scope="module", params=["our decoder", "CTranslate2's"])
def whisper(request: pytest.FixtureRequest, whisper: Whisper, original: Whisper) -> Whisper:
    """Whatever decodes, the same holds."""
    return whisper if request.param == "our decoder" else original


@pytest.fixture(scope="module")
def plain(whisper: Whisper) -> Reading:
    return whisper.read(SPEECH, "en")


def test_speech_becomes_words_with_times(whisper: Whisper, plain: Reading) -> None:
    found = words(whisper, plain)
    assert texts(found) == ["it", "was", "the", "best", "of", "times", "it", "was", "the", "worst", "of", "times"]
    assert [word.text for word in found] == plain.text.split()
    times = {word.text.lower().strip(".,"): word for word in found}
    assert times["best"].end_sample <= times["worst"].start_sample
    assert all(0 <= w.start_sample < w.end_sample <= len(SPEECH) for w in found)
    assert all(0 <= w.weakest <= w.confidence + 1e-4 <= 1 + 1e-4 for w in found)  # which is rounded
    assert times["worst"].confidence > 0.8
    assert [(w.first, w.last) for w in found][0][0] == 0 and found[-1].last == len(plain.tokens)
    # Loud where a word is said, quiet after the last one of the sentence.
    worst = SPEECH[times["worst"].start_sample : times["worst"].end_sample]
    assert np.abs(worst).mean() > 2 * np.abs(SPEECH[: samples(0.5)]).mean()


def test_the_same_audio_gives_the_same_words_on_the_clock(whisper: Whisper, plain: Reading) -> None:
    again = whisper.read(SPEECH, "en")
    assert (again.tokens, again.output, again.logprob, again.no_speech) == (
        (plain.tokens, plain.output, plain.logprob, plain.no_speech)
    )
    later = words(whisper, again, start_sample=1_000_000)
    assert [(w.text, w.start_sample - 1_000_000, w.end_sample - 1_000_000, w.confidence) for w in later] == [
        (w.text, w.start_sample, w.end_sample, w.confidence) for w in words(whisper, plain)
    ]


def test_the_output_holds_the_text_and_the_timestamps_around_it(whisper: Whisper, plain: Reading) -> None:
    assert [token for token in plain.output if whisper.is_text(token)] == plain.tokens
    assert not whisper.is_text(plain.output[0])
    assert whisper.decode(plain.tokens, "en") == plain.text
    assert not plain.is_cut_off and not plain.is_empty


def test_after_a_prefix_only_what_is_new_is_read(whisper: Whisper, plain: Reading) -> None:
    first = words(whisper, plain)
    tokens = first[4].last  # `It was the best of`
    before, prefix = plain.tokens[:tokens], plain.output[: tokens + 1]
    rest = whisper.read(SPEECH, "en", prefix=prefix)
    assert (
        texts(words(whisper, plain))[5:]
        == whisper.decode(rest.tokens, "en").lower().replace(",", "").replace(".", "").split()
    )
    floor = first[4].end_sample
    later = whisper.words(rest, len(SPEECH), 0, "en", before=before, floor_sample=floor)
    assert texts(later) == texts(first)[5:]
    assert (later[0].first, later[-1].last) == (tokens, tokens + len(rest.tokens))
    assert all(w.start_sample >= floor for w in later)
    assert all(abs(a.end_sample - b.end_sample) <= samples(0.1) for a, b in zip(later, first[5:], strict=True))


def test_a_short_window_and_the_full_one_hear_the_same(whisper: Whisper, plain: Reading) -> None:
    full = whisper.read(SPEECH, "en", full_window=True)
    assert texts(words(whisper, full)) == texts(words(whisper, plain))


@pytest.mark.parametrize("keyterms", [KEYTERMS, KEYTERMS * 40], ids=["some", "too many"])
def test_key_terms_bias_and_do_not_leak(whisper: Whisper, plain: Reading, keyterms: tuple[str, ...]) -> None:
    for beam in (1, 5):
        heard = whisper.read(SPEECH, "en", keyterms=keyterms, beam=beam).text.lower()
        assert "best of times" in heard and "worst of times" in heard
        assert not any(term.lower() in heard for term in KEYTERMS)


@pytest.mark.parametrize("pcm", [noise(3, 0.05), silence(3), noise(1, 0.2)], ids=["noise", "silence", "loud"])
def test_where_nobody_speaks_a_reading_gives_itself_away(whisper: Whisper, pcm: Pcm) -> None:
    """The decoder always says something: the reader must be able to see that it is nothing."""
    plain, biased = whisper.read(pcm, "en"), whisper.read(pcm, "en", keyterms=KEYTERMS)
    assert plain.no_speech > 0.6
    assert plain.logprob < -1 or len(plain.tokens) == 1
    assert is_loop(biased.text) or biased.is_cut_off or is_echo(biased.text, KEYTERMS)


@pytest.mark.parametrize("count", [0, 1, 161, 1600])
def test_next_to_no_audio_can_be_read(whisper: Whisper, count: int) -> None:
    reading = whisper.read(noise(1, 0.1)[:count], "fr")
    assert reading.no_speech > 0.6
    found = whisper.words(reading, count, 5, "fr")
    assert all(5 <= w.start_sample <= w.end_sample <= 5 + count for w in found)


def test_a_loop_of_the_decoder_is_known_as_one(whisper: Whisper) -> None:
    """A quarter of a second, again and again: the reading runs on."""
    reading = whisper.read(np.tile(recording("two_cities")[30_080:34_000], 16), "en")
    assert is_loop(reading.text)


def test_ctranslate2_says_that_a_loop_was_cut_off(original: Whisper) -> None:
    """Ours may come to an end of the text in the midst of it; that it runs on elsewhere is in its own tests."""
    assert original.read(np.tile(recording("two_cities")[30_080:34_000], 16), "en").is_cut_off


def test_a_text_has_the_room_that_its_length_is_given(whisper: Whisper) -> None:
    """Speech at twice the tempo: half of the room would not do (CTranslate2 halves it)."""
    reading = whisper.read(np.ascontiguousarray(piece("two_cities", 0, 20)[::2]), "en")
    assert len(reading.tokens) > 10 * 14 // 2
    assert not reading.is_cut_off and reading.text[-1] in ".!?"


def test_a_rehearsal_is_a_pass_like_any_other(whisper: Whisper, plain: Reading) -> None:
    whisper.warm_up()
    whisper.rehearse()
    assert whisper.read(SPEECH, "en").output == plain.output  # and leaves nothing behind
