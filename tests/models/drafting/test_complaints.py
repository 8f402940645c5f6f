from __future__ import annotations

import pytest

from colloque.models.drafting.engine import LocalNoteEngine
from colloque.streaming.engines import Language
from tests.models.drafting.scenes import draft, note


@pytest.mark.parametrize(
    ("language", "question", "answer", "assertion", "text"),
    [
        ("fr", "Vous avez de la fièvre ?", "Non.", "absent", "Pas de fièvre."),
        ("fr", "Vous avez de la fièvre ?", "Oui.", "present", "Fièvre."),
        ("fr", "Vous n'avez pas de fièvre ?", "Non.", "absent", "Pas de fièvre."),
        ("fr", "Vous n'avez pas de fièvre ?", "Si.", "present", "Fièvre."),
        ("fr", "De la fièvre ?", "Un peu, le soir.", "present", "Fièvre, un peu."),
        ("en", "Any fever?", "No.", "absent", "No fever."),
        ("en", "Any fever?", "Yes.", "present", "Fever."),
        ("de", "Haben Sie Fieber?", "Nein.", "absent", "Kein Fieber."),
        ("de", "Haben Sie kein Fieber?", "Doch.", "present", "Fieber."),
    ],
)
def test_question_and_answer(
    engine: LocalNoteEngine, language: Language, question: str, answer: str, assertion: str, text: str
) -> None:
    statement = note(engine, language, f"D: {question}", f"P: {answer}")["symptom:fever"]
    assert (statement.assertion, statement.text) == (assertion, text)
    assert [evidence.speaker for evidence in statement.evidence] == ["S1", "S2"]


def test_what_is_asked_is_not_affirmed(engine: LocalNoteEngine) -> None:
    assert note(engine, "fr", "D: Vous avez de la fièvre ?") == {}
    later = draft(engine, "fr", "D: Vous avez de la fièvre ?", "P: Quelle chaleur dehors.", "D: Bien. Je vois.")
    assert later.statements == () and later.withheld == {"unanswered": 1}


def test_a_mere_yes_to_two_things_and_a_yes_to_a_negative_are_not_taken(engine: LocalNoteEngine) -> None:
    both = draft(engine, "fr", "D: De la fièvre, de la toux ?", "P: Oui.")
    assert both.statements == () and both.withheld == {"unclear_answer": 2}
    negative = draft(engine, "fr", "D: Vous n'avez pas de fièvre ?", "P: Oui.")
    assert negative.statements == () and negative.withheld == {"unclear_answer": 1}


def test_a_no_answers_the_whole_list_and_a_named_thing_speaks_for_itself(engine: LocalNoteEngine) -> None:
    found = note(engine, "fr", "D: De la fièvre, de la toux, des frissons ?", "P: Non, rien du tout.")
    assert {s.assertion for s in found.values()} == {"absent"} and len(found) == 3
    mixed = note(engine, "fr", "D: Des vertiges, de la toux ?", "P: Des vertiges, oui, le matin. Mais pas de toux.")
    assert mixed["symptom:dizziness"].assertion == "present"
    assert mixed["symptom:cough"].assertion == "absent"


def test_a_no_that_goes_on_with_a_doubt_is_taken_for_what_it_names_only(engine: LocalNoteEngine) -> None:
    lines = (
        "D: Pas de toux, pas de crachats ?",
        "P: Non, pas de toux. Pour le reste, je ne suis pas sûr.",
    )
    found = draft(engine, "fr", *lines)
    assert [s.text for s in found.statements] == ["Pas de toux."]
    assert found.withheld == {"unclear_answer": 1}


def test_onset_place_and_side(engine: LocalNoteEngine) -> None:
    found = note(
        engine,
        "fr",
        "D: Qu'est-ce qui vous amène ?",
        "P: J'ai mal au genou depuis trois semaines, surtout le soir.",
        "D: Quel genou ?",
        "P: Le droit.",
    )
    statement = found["symptom:pain"]
    assert statement.text == "Douleur du genou droit depuis 3 semaines, surtout le soir."
    assert statement.section == "reason"


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("fr", "P: Si j'avais de la fièvre, je viendrais."),
        ("fr", "P: Mon voisin a de la fièvre."),
        ("en", "P: My friend has a fever."),
        ("en", "P: If I get a fever I call you."),
        ("de", "P: Wenn ich Fieber habe, rufe ich an."),
        ("fr", "D: Vous avez de la fièvre."),
    ],
)
def test_hypothetical_and_foreign_symptoms_are_none(engine: LocalNoteEngine, language: Language, line: str) -> None:
    assert note(engine, language, line) == {}


def test_doubt_and_past(engine: LocalNoteEngine) -> None:
    found = note(engine, "fr", "P: J'ai peut-être de la fièvre.", "D: Bien.", "P: Au début, j'avais des nausées.")
    assert found["symptom:fever"].assertion == "possible"
    assert found["symptom:nausea"].assertion == "historical"


def test_a_denial_later_updates_the_same_statement(engine: LocalNoteEngine) -> None:
    before = note(engine, "fr", "P: J'ai de la fièvre.")
    after = note(engine, "fr", "P: J'ai de la fièvre.", "D: De la fièvre aujourd'hui ?", "P: Non.")
    assert before["symptom:fever"].assertion == "present"
    assert after["symptom:fever"].assertion == "absent"


def test_an_unknown_speaker_counts_less(engine: LocalNoteEngine) -> None:
    known = note(engine, "fr", "P: J'ai de la fièvre.")["symptom:fever"]
    unknown = note(engine, "fr", "?: J'ai de la fièvre.")["symptom:fever"]
    assert unknown.confidence < known.confidence


def test_the_reason_is_among_the_first_things_said(engine: LocalNoteEngine) -> None:
    late = note(
        engine, "fr", "P: Bonjour.", "D: Oui.", "P: Merci.", "D: Bien.", "P: Voilà.", "D: Bon.", "P: J'ai de la fièvre."
    )
    assert late["symptom:fever"].section == "history_of_present_illness"
    assert note(engine, "fr", "P: Bonjour.", "D: Oui.", "P: J'ai de la fièvre.")["symptom:fever"].section == "reason"
