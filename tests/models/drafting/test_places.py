from __future__ import annotations

import pytest

from colloque.models.drafting.engine import LocalNoteEngine
from colloque.models.drafting.places import place_of, same_place
from colloque.streaming.engines import Language
from tests.models.drafting.scenes import dialogue, note


@pytest.mark.parametrize(
    ("language", "line", "place", "side"),
    [
        ("fr", "P: J'ai mal à l'épaule gauche.", "shoulder", "gauche"),
        ("fr", "P: Ça me lance dans le bras droit.", "arm", "droit"),
        ("fr", "P: C'est mon coude. J'ai une éruption.", "elbow", ""),
        ("en", "P: My right wrist hurts.", "wrist", "right"),
        ("en", "P: My back aches a bit on the left side.", "back", "left"),
        ("de", "P: Ich habe Schmerzen im linken Knie.", "knee", "linken"),
    ],
)
def test_place_and_side(language: Language, line: str, place: str, side: str) -> None:
    found = dialogue(language, line)
    last = found.lines[-1]
    mentions = list(last.mentions("symptom"))
    where, which = place_of(found, last, mentions[0], mentions)
    assert where is not None and (where[0].id, which) == (place, side)


def test_no_place_for_what_has_none() -> None:
    found = dialogue("fr", "P: J'ai de la fièvre et mal au dos.")
    mentions = list(found.lines[0].mentions("symptom"))
    assert place_of(found, found.lines[0], mentions[0], mentions) == (None, "")


def test_two_places_are_two_statements_and_the_first_keeps_its_key(engine: LocalNoteEngine) -> None:
    found = note(engine, "fr", "P: J'ai mal au dos.", "D: Dans la jambe ?", "P: J'ai mal au genou, par contre.")
    assert found["symptom:pain"].text == "Douleur du dos."
    assert found["symptom:pain:knee"].text == "Douleur du genou."


def test_an_answer_that_only_confirms_both_sides(engine: LocalNoteEngine) -> None:
    found = note(engine, "de", "P: Mir schmerzen die Knie.", "D: Beide Knie?", "P: Ja, beide, am meisten nachts.")
    assert found["symptom:pain"].text == "Schmerzen im Knie, beide, am meisten nachts."


def test_singular_and_plural_are_one_place() -> None:
    assert same_place("foot", "feet") and same_place("ear", "ear") and not same_place("ear", "eye")
