from __future__ import annotations

import pytest

from colloque.models.drafting.facts import Complaint, Content, Fact, Medication, Quoted
from colloque.models.drafting.grounding import grounded, numbers_in
from colloque.models.drafting.terms import load
from colloque.streaming.note import Assertion, Evidence
from tests.models.drafting.scenes import dialogue

_FR = load("fr")
_SAID = (dialogue("fr", "P: Bonjour.").lines[0].whole(),)


def holds(text: str, heard: str, content: Content | None = None, assertion: Assertion = "present") -> bool:
    fact = Fact("x", "plan", assertion, "patient", content or Quoted("", text), _SAID, 1.0)
    return grounded(fact, text, (Evidence(("w0-0",), 0.0, 1.0, "S1", heard),), _FR)


@pytest.mark.parametrize(
    ("text", "heard", "expected"),
    [
        ("Paracétamol 1 g × 2/j.", "un gramme deux fois par jour", True),
        ("Paracétamol 1 g × 3/j.", "un gramme deux fois par jour", False),
        ("TA 14/8.", "la tension quatorze huit", True),
        ("TA 13/8.", "la tension 13,8", True),
        ("Température 38,6 °C.", "trente-huit six", True),
        ("Température 38,7 °C.", "trente-huit six", False),
        ("Vitamine B12, HbA1c.", "la vitamine et le reste", True),
    ],
)
def test_numbers(text: str, heard: str, expected: bool) -> None:
    assert holds(text, heard) is expected


def test_drugs_and_sides() -> None:
    assert holds("Tramadol.", "du tramadol", Medication("Tramadol"))
    assert not holds("Tramadol.", "du paracétamol", Medication("Tramadol"))
    pain, ear = _FR.concepts["symptom", "pain"], _FR.concepts["site", "ear"]
    assert not holds("Douleur de l'oreille gauche.", "mal à l'oreille", Complaint(pain, ear, "gauche"))


def test_polarity() -> None:
    assert holds("Pas de fièvre.", "de la fièvre ? Non.", assertion="absent")
    assert not holds("Pas de fièvre.", "de la fièvre", assertion="absent")


def test_without_words_nothing_holds() -> None:
    fact = Fact("x", "plan", "present", "patient", Quoted("", "Repos"), _SAID, 1.0)
    assert not grounded(fact, "Repos.", (), _FR)
    assert not grounded(fact, "Repos.", (Evidence((), 0.0, 1.0, "S1", "repos"),), _FR)


def test_neighbours_are_combined_in_evidence_only() -> None:
    assert numbers_in("trente-huit neuf", _FR) == {38.0, 9.0}
    assert numbers_in("trente-huit neuf", _FR, combined=True) == {38.0, 9.0, 38.9}
