from __future__ import annotations

import pytest

from colloque.models.drafting.reading import Reading
from colloque.streaming.engines import Language
from tests.models.drafting.scenes import reader


def read(language: Language, text: str) -> Reading:
    return reader(language).read(tuple(text.split()))


def negated(reading: Reading) -> dict[str, bool]:
    return {mention.id: mention.negated for mention in reading.mentions if mention.kind == "symptom"}


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("fr", "Pas de fièvre, de toux ni de frissons.", {"fever": True, "cough": True, "chills": True}),
        ("fr", "Je tousse pas, mais j'ai de la fièvre.", {"cough": True, "fever": False}),
        ("fr", "Elle ne saigne pas.", {"bleeding": True}),
        ("en", "No fever or chills, but a cough.", {"fever": True, "chills": True, "cough": False}),
        ("en", "I haven't been sick.", {"vomiting": True}),
        ("de", "Kein Fieber, aber Husten.", {"fever": True, "cough": False}),
        ("de", "Husten habe ich nicht.", {"cough": True}),
    ],
)
def test_negation(language: Language, text: str, expected: dict[str, bool]) -> None:
    assert negated(read(language, text)) == expected


@pytest.mark.parametrize(
    ("language", "text", "kept", "dropped"),
    [
        ("fr", "quatre fois par jour... pardon, une dose, deux fois par jour", [2.0], [4.0]),
        ("fr", "pendant une semaine, enfin non, dix jours", [10.0], [1.0]),
        ("en", "three times a day, no, sorry, twice, I mean two times a day", [2.0], [3.0]),
        ("de", "viermal pro Woche, nein, Moment, zweimal pro Woche", [2.0], [4.0]),
    ],
)
def test_what_a_speaker_takes_back_does_not_stand(
    language: Language, text: str, kept: list[float], dropped: list[float]
) -> None:
    reading = read(language, text)
    standing = [q.value for q in reading.quantities_in(0, len(reading.tokens)) if q.value is not None]
    assert standing == kept
    assert {q.value for q in reading.quantities if q.start in reading.dropped} == set(dropped)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Ibuprofen for five days. No sport for six weeks."),
        ("fr", "J'ai mal depuis trois jours. Non, pas de fièvre depuis hier."),
        ("de", "Seit drei Tagen Husten. Nein, Fieber seit gestern nicht."),
    ],
)
def test_a_denial_is_no_correction(language: Language, text: str) -> None:
    assert read(language, text).dropped == frozenset()


def test_the_longest_term_counts() -> None:
    kinds = [(m.kind, m.id) for m in read("fr", "J'ai mal à la tête.").mentions]
    assert ("symptom", "headache") in kinds
    assert ("site", "head") not in kinds and ("symptom", "pain") not in kinds


def test_reading_the_same_words_again_gives_the_same() -> None:
    assert read("fr", "Pas de fièvre depuis trois jours.") == read("fr", "Pas de fièvre depuis trois jours.")


def test_nothing_is_read_in_small_talk_numbers_and_marks() -> None:
    assert read("fr", "... ?").mentions == ()
    assert read("en", "Terrible weather, isn't it?").mentions == ()
