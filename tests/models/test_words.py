from __future__ import annotations

from collections.abc import Sequence

import pytest
from faster_whisper.tokenizer import Tokenizer as WhisperTokenizer
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from colloque.models.catalogue import locate
from colloque.models.words import FRAME_SAMPLES, Alignment, alignment, group, timed_words
from colloque.streaming.engines import RecognisedWord


@pytest.fixture(scope="module")
def tokenizer() -> WhisperTokenizer:
    vocabulary = Tokenizer.from_file(str(locate("whisper-base") / "tokenizer.json"))
    return WhisperTokenizer(vocabulary, True, "transcribe", "fr")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (" J'ai mal à l'estomac.", ["J'ai", "mal", "à", "l'estomac."]),
        (" Aujourd'hui, qu'est-ce qu'il y a ?", ["Aujourd'hui,", "qu'est-ce", "qu'il", "y", "a ?"]),
        (" Il a 38,5 de fièvre ? Oui !", ["Il", "a", "38,5", "de", "fièvre ?", "Oui !"]),
        (" C'est à 38 % près.", ["C'est", "à", "38 %", "près."]),
        (" Prenez-vous du paracétamol (1 g) ?", ["Prenez-vous", "du", "paracétamol", "(1", "g) ?"]),
        (" - Bonjour docteur.", ["- Bonjour", "docteur."]),
        ("Bonjour. - Non.", ["Bonjour.", "- Non."]),
        (" Elle dit « jamais » et part.", ["Elle", "dit", "« jamais »", "et", "part."]),
        (" Das tut weh, Frau Müßig.", ["Das", "tut", "weh,", "Frau", "Müßig."]),
        (" L’œdème 🩺 à Łódź", ["L’œdème 🩺", "à", "Łódź"]),
        (" 東京 って", ["東京", "って"]),
        ("", []),
        (" ...", ["..."]),
    ],
)
def test_words_are_as_they_are_written(tokenizer: WhisperTokenizer, text: str, words: list[str]) -> None:
    tokens = tokenizer.encode(text)
    found = group(tokens, tokenizer.decode)
    assert [word for word, _, _ in found] == words
    # No token is lost, and none is in two words.
    bounds = [bound for _, first, last in found for bound in (first, last)]
    assert bounds == sorted(bounds)
    assert not tokens or (bounds[0], bounds[-1]) == (0, len(tokens))
    assert bounds[1:-1:2] == bounds[2::2]


@settings(deadline=None)
@given(st.lists(st.integers(0, 50256), max_size=30))
def test_any_tokens_are_grouped_wholly(tokenizer: WhisperTokenizer, tokens: list[int]) -> None:
    """Bytes that never become a character, too."""
    found = group(tokens, tokenizer.decode)
    assert all(text and first < last <= len(tokens) for text, first, last in found)
    firsts = [first for _, first, _ in found]
    assert firsts == sorted(set(firsts))


def test_a_broken_byte_does_not_swallow_what_follows(tokenizer: WhisperTokenizer) -> None:
    broken = tokenizer.encode(" 🩺")[:-1]
    tokens = [*tokenizer.encode(" mal"), *broken, *tokenizer.encode(" au bras gauche depuis hier")]
    assert [text for text, _, _ in group(tokens, tokenizer.decode)][-4:] == ["bras", "gauche", "depuis", "hier"]


def test_an_alignment_is_where_each_token_begins() -> None:
    path = [(0, 0), (0, 1), (1, 2), (1, 3), (2, 4), (3, 5), (3, 6)]
    assert alignment(path, [0.9, 0.8, 0.7], 3) == Alignment([0, 2, 4], [2, 4, 5], [0.9, 0.8, 0.7])


def test_tokens_that_the_path_passes_over_begin_with_the_next() -> None:
    assert alignment([(0, 0), (2, 3), (2, 9)], [1.0, 1.0, 1.0], 3) == Alignment([0, 3, 3], [3, 3, 10], [1.0, 1.0, 1.0])
    assert alignment([], [], 2) == Alignment([0, 0], [0, 0], [])


WORDS = ["un", " deux", " trois", " quatre"]


def decode(tokens: Sequence[int]) -> str:
    return "".join(WORDS[token] for token in tokens)


def test_words_have_the_times_of_their_tokens() -> None:
    aligned = Alignment([0, 5, 9, 20], [5, 9, 20, 30], [0.5, 0.6, 0.7, 0.8])
    words = timed_words([0, 1, 2, 3], decode, aligned, 1000, 1000 + 40 * FRAME_SAMPLES)
    assert [
        (w.text, (w.start_sample - 1000) // FRAME_SAMPLES, (w.end_sample - 1000) // FRAME_SAMPLES) for w in words
    ] == [
        ("un", 0, 5),
        ("deux", 5, 9),
        ("trois", 9, 20),
        ("quatre", 20, 30),
    ]
    assert [w.confidence for w in words] == [0.5, 0.6, 0.7, 0.8]
    assert [(w.first, w.last) for w in words] == [(0, 1), (1, 2), (2, 3), (3, 4)]


def test_a_word_is_as_sure_as_its_tokens_together_and_as_weak_as_the_weakest() -> None:
    (word,) = timed_words([0, 0], decode, Alignment([0, 5], [5, 9], [0.9, 0.4]), 0, 9 * FRAME_SAMPLES)
    assert (word.text, word.confidence, word.weakest) == ("unun", 0.65, 0.4)
    assert word.recognised == RecognisedWord("unun", 0, 9 * FRAME_SAMPLES, 0.65)


def test_words_that_were_given_before_are_not_given_again() -> None:
    aligned = Alignment([0, 5, 9, 20], [5, 9, 20, 30], [0.5, 0.6, 0.7, 0.8])
    end = 40 * FRAME_SAMPLES
    later = timed_words([0, 1, 2, 3], decode, aligned, 0, end, from_token=2)
    assert later == timed_words([0, 1, 2, 3], decode, aligned, 0, end)[2:]
    assert (later[0].first, later[0].last) == (2, 3)
    assert timed_words([0, 1, 2, 3], decode, aligned, 0, end, from_token=4) == ()


def test_no_word_starts_before_the_floor() -> None:
    aligned = Alignment([0, 5, 9, 20], [5, 9, 20, 30], [0.5] * 4)
    floor = 12 * FRAME_SAMPLES
    words = timed_words([0, 1, 2, 3], decode, aligned, 0, 40 * FRAME_SAMPLES, from_token=1, floor_sample=floor)
    assert [w.start_sample // FRAME_SAMPLES for w in words] == [12, 12, 20]
    assert all(w.end_sample > w.start_sample for w in words)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (" J'ai de la fièvre", " ? Oui.", ["Oui."]),  # the sign belongs to a word that was given
        (" J'ai mal", ".", []),
        (" J'ai de la fièv", "re depuis hier.", ["re", "depuis", "hier."]),  # letters go on: they are a word
        (" Elle dit", " « jamais »", ["« jamais »"]),
    ],
)
def test_what_goes_on_with_a_word_given_before(
    tokenizer: WhisperTokenizer, before: str, after: str, words: list[str]
) -> None:
    earlier = tokenizer.encode(before)
    tokens = [*earlier, *tokenizer.encode(after)]
    aligned = Alignment(range(len(tokens)), range(1, len(tokens) + 1), [0.9] * len(tokens))
    found = timed_words(tokens, tokenizer.decode, aligned, 0, 10**6, from_token=len(earlier))
    assert [w.text for w in found] == words
    assert all(w.first >= len(earlier) for w in found)


@settings(deadline=None)
@given(
    starts=st.lists(st.integers(-3, 60), min_size=5, max_size=5),
    start_sample=st.integers(0, 10**6),
    length=st.integers(1, 20_000),
    probabilities=st.lists(st.floats(0, 1.5), max_size=4),
    floor=st.floats(0, 1),
)
def test_times_are_in_order_and_inside_the_segment(
    starts: list[int], start_sample: int, length: int, probabilities: list[float], floor: float
) -> None:
    end_sample = start_sample + length
    starts.sort()
    aligned = Alignment(starts[:-1], starts[1:], probabilities)
    floor_sample = start_sample + int(floor * length)
    words = timed_words([0, 1, 2, 3], decode, aligned, start_sample, end_sample, floor_sample=floor_sample)
    assert [w.text for w in words] == ["un", "deux", "trois", "quatre"]
    for times in ([w.start_sample for w in words], [w.end_sample for w in words]):
        assert times == sorted(times)
    assert all(floor_sample <= w.start_sample <= w.end_sample <= end_sample for w in words)
    assert all(0 <= w.confidence <= 1 for w in words)
