from __future__ import annotations

import pytest

from colloque.models.drafting.engine import LocalNoteEngine
from colloque.streaming.engines import Language
from tests.models.drafting.scenes import note


@pytest.mark.parametrize(
    ("language", "line", "assertion", "text"),
    [
        ("fr", "C'est une entorse bénigne, sans rupture.", "present", "Entorse bénigne, sans rupture."),
        ("fr", "Je ne pense pas à une fracture.", "absent", "Pas de fracture."),
        ("fr", "C'est probablement une sciatique.", "possible", "Probable : sciatique."),
        ("fr", "On ne peut pas exclure une phlébite.", "possible", "Non exclu : phlébite."),
        ("en", "This is a mild viral bronchitis.", "present", "Mild viral bronchitis."),
        ("en", "It isn't a fracture.", "absent", "No fracture."),
        ("de", "Das spricht für eine Sehnenentzündung.", "possible", "Wahrscheinlich: Sehnenentzündung."),
    ],
)
def test_the_practitioners_judgement(
    engine: LocalNoteEngine, language: Language, line: str, assertion: str, text: str
) -> None:
    (statement,) = note(engine, language, f"D: {line}").values()
    assert (statement.section, statement.assertion, statement.text) == ("assessment", assertion, text)


def test_two_judgements_in_one_sentence(engine: LocalNoteEngine) -> None:
    line = "D: C'est une bronchite banale, peut-être une pneumonie, mais débutante."
    found = note(engine, "fr", line)
    assert found["assessment:bronchitis"].text == "Bronchite banale."
    assert found["assessment:pneumonia"].text == "Pneumonie, mais débutante (incertain)."


def test_the_patients_idea_is_no_assessment_until_it_is_answered(engine: LocalNoteEngine) -> None:
    asked = "P: Est-ce que ce serait une arthrose ?"
    assert note(engine, "fr", asked) == {}
    found = note(engine, "fr", asked, "D: Non, très peu probable.")
    assert found["assessment:osteoarthritis"].text == "Arthrose peu probable."
    assert found["assessment:osteoarthritis"].assertion == "absent"


@pytest.mark.parametrize(
    "line",
    [
        "D: Votre père a fait un infarctus ?",
        "D: Si c'est une fracture, on vous plâtrera.",
        "D: Vous avez déjà fait une otite ?",
    ],
)
def test_questions_and_hypotheses_are_no_assessment(engine: LocalNoteEngine, line: str) -> None:
    assert not any(key.startswith("assessment:") for key in note(engine, "fr", line))


def test_each_doubt_belongs_to_its_condition(engine: LocalNoteEngine) -> None:
    found = note(engine, "fr", "D: On ne peut pas exclure une sciatique, mais c'est peut-être un lumbago.")
    assert found["assessment:sciatica"].text == "Non exclu : sciatique."
    assert found["assessment:lumbago"].text == "Lumbago (incertain)."
