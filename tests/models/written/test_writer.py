from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from colloque.models.written.writer import WrittenForm
from colloque.streaming.engines import Language, Written
from tests.models.written.spelled import rendered, spelled, writer

UNITS: dict[Language, str] = {"fr": "milligrammes", "en": "milligrams", "de": "Milligramm"}
POINTS: dict[Language, str] = {"fr": "virgule", "en": "point", "de": "Komma"}


def value_of(text: str) -> float:
    return float(re.fullmatch(r"([\d.,]+) mg", text).group(1).replace(",", "."))  # type: ignore[union-attr]


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_a_value_never_changes(language: Language) -> None:
    for value in (*range(0, 1300), *range(1300, 10_000, 7)):
        said = f"{spelled(value, language)} {UNITS[language]}"
        shown = rendered(said, language)
        if shown != said:
            assert value_of(shown) == value, said
        else:
            # What the number reader does not understand as one number stays in words.
            assert value < 2 or (language == "fr" and value % 1000 // 100 == 1 and value > 1000), said


@settings(deadline=None)
@given(st.integers(0, 999), st.integers(1, 99), st.sampled_from(["fr", "en", "de"]))
def test_decimals_never_change(whole: int, part: int, language: Language) -> None:
    said = f"{spelled(whole, language)} {POINTS[language]} {spelled(part, language)} {UNITS[language]}"
    shown = rendered(said, language)
    # `un virgule cinq` begins with an article: it stays.
    assert (whole == 1 and shown == said) or value_of(shown) == float(f"{whole}.{part}")


@settings(deadline=None)
@given(st.decimals(0, 9999, places=2), st.sampled_from(["fr", "en", "de"]))
def test_digits_stay_the_same_digits(value: object, language: Language) -> None:
    assert value_of(rendered(f"{value} {UNITS[language]}", language)) == float(str(value))


@settings(deadline=None)
@given(st.lists(st.text(max_size=8), max_size=20), st.sampled_from(["fr", "en", "de"]))
@example(["\u1dc0"], "fr")  # a mark alone has no letter left once marks are taken away
def test_any_words_give_ordered_spans(words: list[str], language: Language) -> None:
    found = writer().write(words, language)
    assert found == writer().write(tuple(words), language)
    at = 0
    for written in found:
        assert at <= written.first < written.last <= len(words)
        at = written.last


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "Bonjour, asseyez-vous, qu'est-ce qui vous amène aujourd'hui ?"),
        ("en", "Good morning, what can I do for you today?"),
        ("de", "Guten Tag, was führt Sie zu mir?"),
    ],
)
def test_text_without_numbers_and_drugs_stays(language: Language, text: str) -> None:
    assert writer().write(text.split(), language) == ()


def test_only_the_words_of_a_change_are_replaced() -> None:
    words = ["Il", "a", "trente-huit", "cinq,", "un", "gramme."]
    assert writer().write([*words, "de", "fièvre"], "fr")[-1] == Written(4, 6, "1 g.")
    assert writer().write(["trente-huit", "cinq", "de", "fièvre."], "fr") == (Written(0, 2, "38,5 °C"),)
    assert writer().write(["38", ",5", "degrés."], "fr") == (Written(0, 3, "38,5 °C."),)
    assert writer().write(["d", "'Amoxicilline,"], "fr") == (Written(1, 2, "'amoxicilline,"),)
    assert writer().write([], "fr") == ()


def test_a_writer_knows_the_languages_that_it_was_made_for() -> None:
    only = WrittenForm(["de"])
    assert only.write(["zwei", "Gramm"], "de") == (Written(0, 2, "2 g"),)
    with pytest.raises(KeyError):
        only.write(["two"], "en")
