from __future__ import annotations

import pytest

from colloque.models.drafting.quote import lowered, quote, sentence, sentences, tidy, without_joints
from colloque.models.drafting.terms import load
from colloque.streaming.engines import Language
from tests.models.drafting.scenes import reader


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("fr", "Euh, ben, cinquante milligrammes le soir.", "50 mg le soir"),
        ("fr", "Une semaine, enfin non, dix jours.", "10 jours"),
        ("fr", "Je l'ai mise, euh, trente fois.", "Je l'ai mise, 30 fois"),
        ("fr", "Les deux mains.", "Les 2 mains"),
        ("fr", "Une fois par jour.", "Une fois par jour"),
        ("en", "Well, um, two puffs a day.", "2 puffs a day"),
        ("de", "Also, zweimal am Tag fünf Milligramm.", "zweimal am Tag 5 mg"),
    ],
)
def test_quotes(language: Language, text: str, expected: str) -> None:
    reading = reader(language).read(tuple(text.split()))
    assert quote(reading, 0, len(reading.tokens), load(language)) == expected


def test_joints_at_the_end_are_left_out() -> None:
    reading = reader("fr").read(("du", "paracétamol,", "et"))
    assert without_joints(reading, 0, len(reading.tokens)) == 2


def test_small_repairs() -> None:
    assert tidy("a , , b .") == "a, b"
    assert sentence("pas de fièvre") == "Pas de fièvre."
    assert sentence("") == ""
    assert sentences(["une fois", "", "puis rien"]) == "une fois. Puis rien"
    assert lowered("Une fois", load("fr")) == "une fois"
    assert lowered("I stopped", load("en")) == "I stopped"
    assert lowered("Immer", load("de")) == "Immer"
