from __future__ import annotations

import pytest

from colloque.models.drafting.engine import LocalNoteEngine
from colloque.streaming.engines import Language
from tests.models.drafting.scenes import note


@pytest.mark.parametrize(
    ("language", "lines", "key", "assertion", "text"),
    [
        (
            "fr",
            ("D: Des allergies ?", "P: Oui, aux fruits de mer."),
            "shellfish",
            "present",
            "Allergie : fruits de mer.",
        ),
        ("fr", ("P: Je suis allergique à l'iode.",), "iodine", "present", "Allergie : iode."),
        ("fr", ("D: Des allergies ?", "P: Non, aucune."), "any", "absent", "Pas d'allergie connue."),
        (
            "fr",
            ("D: Pas d'allergie aux antibiotiques ?", "P: Non."),
            "antibiotics",
            "absent",
            "Pas d'allergie : antibiotiques.",
        ),
        ("en", ("D: Any allergies?", "P: Codeine. It gives me hives."), "codeine", "present", "Allergy: Codeine."),
        (
            "en",
            ("D: So you're allergic to trimethoprim?", "P: Yes."),
            "trimethoprim",
            "present",
            "Allergy: trimethoprim.",
        ),
        (
            "de",
            ("D: Haben Sie Allergien?", "P: Ja, gegen Erdnüsse."),
            "peanut",
            "present",
            "Allergie: Erdnüsse.",
        ),
        ("de", ("D: Haben Sie Allergien?", "P: Nein."), "any", "absent", "Keine bekannten Allergien."),
    ],
)
def test_allergies(
    engine: LocalNoteEngine, language: Language, lines: tuple[str, ...], key: str, assertion: str, text: str
) -> None:
    found = note(engine, language, *lines)
    statement = found.pop(f"allergy:{key}")
    assert (statement.section, statement.assertion, statement.text) == ("allergies", assertion, text)
    assert found == {}


def test_a_companions_allergy_is_the_familys(engine: LocalNoteEngine) -> None:
    found = note(
        engine,
        "fr",
        "D: Pas d'allergie aux antibiotiques ?",
        "C: Non. C'est moi, je suis allergique à l'amoxicilline.",
    )
    assert found["allergy:antibiotics"].assertion == "absent"
    assert found["family:companion:allergy:amoxicillin"].subject == "family"
    assert "allergy:amoxicillin" not in found


def test_no_allergy_from_a_question_alone_or_a_condition(engine: LocalNoteEngine) -> None:
    assert note(engine, "fr", "D: Des allergies ?") == {}
    assert note(engine, "fr", "P: Si j'étais allergique au latex, je le saurais.") == {}


def test_the_reaction_is_no_present_symptom(engine: LocalNoteEngine) -> None:
    found = note(engine, "fr", "D: Des allergies ?", "P: Au latex. Je gonfle et j'ai des boutons.")
    assert set(found) == {"allergy:latex"}
