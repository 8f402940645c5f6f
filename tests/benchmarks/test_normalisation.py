"""One normalisation for all systems."""

import unicodedata

import pytest

from benchmarks.recognition.normalisation import words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("L’été, où c'est-à-dire ?", ["l", "été", "où", "c", "est", "à", "dire"]),
        ("38,5 °C ou 38.5 °C", ["385", "c", "ou", "385", "c"]),
        ("14/8 – dix", ["14", "8", "dix"]),
        ("GRÖẞE, Größe", ["größe", "größe"]),
        ("… « » !", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_composed_and_decomposed_letters_are_the_same() -> None:
    assert words_of(unicodedata.normalize("NFD", "fièvre")) == words_of("fièvre") == ["fièvre"]
