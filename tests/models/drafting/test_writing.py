from __future__ import annotations

import pytest

from colloque.models.drafting.facts import Allergy, Complaint, Content, Fact, Illness, Measurement, Medication, Quoted
from colloque.models.drafting.terms import load
from colloque.models.drafting.writing import write
from colloque.streaming.engines import Language
from colloque.streaming.note import Assertion
from tests.models.drafting.scenes import dialogue


def written(language: Language, content: Content, assertion: Assertion = "present") -> str:
    said = (dialogue("fr", "P: Bonjour.").lines[0].whole(),)
    return write(Fact("x", "plan", assertion, "patient", content, said, 1.0), load(language))


@pytest.mark.parametrize(
    ("language", "assertion", "expected"),
    [
        ("fr", "present", "Fièvre depuis 3 jours, le soir."),
        ("fr", "absent", "Pas de fièvre."),
        ("fr", "possible", "Fièvre depuis 3 jours, le soir (incertain)."),
        ("en", "absent", "No fever."),
        ("de", "absent", "Kein Fieber."),
    ],
)
def test_complaints(language: Language, assertion: Assertion, expected: str) -> None:
    concept = load(language).concepts["symptom", "fever"]
    assert written(language, Complaint(concept, details=("depuis 3 jours", "le soir")), assertion) == expected


def test_places() -> None:
    concepts = load("fr").concepts
    pain, radiation, leg = concepts["symptom", "pain"], concepts["symptom", "radiation"], concepts["site", "leg"]
    assert written("fr", Complaint(pain, leg, "droite")) == "Douleur de la jambe droite."
    assert written("fr", Complaint(radiation, leg, "droite"), "absent") == "Pas d'irradiation (jambe droite)."


def test_medications() -> None:
    assert written("fr", Medication("paracétamol", "1 g", "× 2/j", "pendant 5 jours")) == (
        "Paracétamol 1 g × 2/j, pendant 5 jours."
    )
    assert written("fr", Medication("amoxicilline"), "absent") == "Pas d'amoxicilline."
    assert written("fr", Medication(""), "absent") == "Pas de traitement en cours."
    assert written("fr", Medication("paracétamol", action="Poursuivre"), "planned") == "Poursuivre paracétamol."
    assert written("en", Medication("aspirin"), "historical") == "Aspirin (taken previously)."
    assert (
        written("de", Medication("Ibuprofen", note="höchstens dreimal am Tag"))
        == "Ibuprofen: höchstens dreimal am Tag."
    )


def test_other_facts() -> None:
    asthma = load("fr").concepts["condition", "asthma"]
    assert written("fr", Illness(asthma, "Père", ("à 12 ans",)), "family") == "Père : asthme (à 12 ans)."
    assert written("fr", Allergy("latex")) == "Allergie : latex."
    assert written("fr", Allergy(""), "absent") == "Pas d'allergie connue."
    assert written("fr", Allergy("latex", "Mère"), "family") == "Mère : allergie (latex)."
    assert written("fr", Measurement("Pouls", "72", "/min", "hier")) == "Pouls 72/min, hier."
    assert written("en", Quoted("Smoking", "I stopped")) == "Smoking: I stopped."
    assert written("fr", Quoted("", "gorge rouge")) == "Gorge rouge."
