from __future__ import annotations

import pytest

from colloque.models.drafting.engine import LocalNoteEngine
from colloque.streaming.engines import Language
from tests.models.drafting.scenes import draft, note


@pytest.mark.parametrize(
    ("language", "line", "key", "assertion", "text"),
    [
        ("fr", "P: J'ai de l'hypertension depuis dix ans.", "hypertension", "present", "Hypertension (depuis 10 ans)."),
        ("fr", "P: J'ai fait un infarctus en 2018.", "myocardial_infarction", "historical", "Infarctus (en 2018)."),
        ("fr", "P: Je n'ai pas de diabète.", "diabetes", "absent", "Pas de diabète."),
        ("en", "P: I had pneumonia two years ago.", "pneumonia", "historical", "Pneumonia (two years ago)."),
        ("en", "P: I've got an underactive thyroid.", "hypothyroidism", "present", "Hypothyroidism."),
        ("de", "P: Ich hatte als Kind Asthma.", "asthma", "historical", "Asthma."),
    ],
)
def test_the_patients_own_conditions(
    engine: LocalNoteEngine, language: Language, line: str, key: str, assertion: str, text: str
) -> None:
    warm = {"fr": "P: Je tousse.", "en": "P: I cough.", "de": "P: Ich huste."}[language]
    found = note(engine, language, warm, f"D: {'Bien. Je vois.' if language == 'fr' else 'Gut.'}", line)
    statement = found[f"condition:{key}"]
    assert statement.section == "past_history"
    assert statement.assertion == assertion
    assert statement.text.lower().replace("2 years", "two years") == text.lower()


@pytest.mark.parametrize(
    ("language", "line", "key", "text"),
    [
        (
            "fr",
            "P: Mon père a fait un infarctus à cinquante-deux ans.",
            "father:myocardial_infarction",
            "Père : infarctus (à 52 ans).",
        ),
        ("fr", "P: C'est ma tante qui est épileptique.", "aunt:epilepsy", "Tante : épileptique."),
        ("en", "P: My mother had breast cancer.", "mother:cancer", "Mother: breast cancer."),
        (
            "de",
            "P: Mein Onkel hatte mit sechzig einen Schlaganfall.",
            "uncle:stroke",
            "Onkel: Schlaganfall (mit 60).",
        ),
    ],
)
def test_family(engine: LocalNoteEngine, language: Language, line: str, key: str, text: str) -> None:
    (statement,) = draft(engine, language, line).statements
    assert statement.key == f"family:{key}"
    assert (statement.section, statement.subject, statement.assertion) == ("family_history", "family", "family")
    assert statement.text == text


def test_a_relative_with_the_condition_of_the_sentence_before(engine: LocalNoteEngine) -> None:
    found = note(engine, "en", "D: Does epilepsy run in the family?", "P: My dad had it, and my aunt has gout.")
    assert found["family:father:epilepsy"].text == "Father: epilepsy."
    assert found["family:aunt:gout"].text == "Aunt: gout."
    assert not any(key.startswith("condition:") for key in found)


def test_what_the_patient_denies_and_gives_to_a_relative(engine: LocalNoteEngine) -> None:
    found = note(engine, "fr", "D: Du diabète ?", "P: Le diabète, non, mais mon oncle a de l'hypertension.")
    assert found["condition:diabetes"].assertion == "absent"
    assert found["family:uncle:hypertension"].subject == "family"


def test_somebody_elses_condition_is_withheld(engine: LocalNoteEngine) -> None:
    found = draft(engine, "en", "P: My mate had a heart attack last year.")
    assert found.statements == () and found.withheld == {"unclear_subject": 1}


def test_a_drug_that_is_named_for_what_it_did(engine: LocalNoteEngine) -> None:
    found = note(engine, "fr", "P: J'ai fait une gastrite sous diclofénac, en 2021.")
    assert found["condition:gastritis"].text == "Gastrite (diclofénac, en 2021)."
    assert "medication:diclofenac" not in found


def test_asked_and_answered(engine: LocalNoteEngine) -> None:
    assert note(engine, "fr", "D: Vous êtes enceinte ?", "P: Non.")["condition:pregnancy"].text == "Pas de grossesse."
    assert note(engine, "fr", "D: Vous avez de l'asthme ?", "P: Oui.")["condition:asthma"].assertion == "present"
    assert (
        note(engine, "fr", "D: Vous avez fait une phlébite ?", "P: Oui.")["condition:thrombosis"].assertion
        == "historical"
    )
    assert note(engine, "fr", "D: Vous avez de l'asthme ?") == {}


def test_a_relative_who_is_named_in_the_sentence_before(engine: LocalNoteEngine) -> None:
    found = note(engine, "en", "P: My mum comes on Tuesdays. She had depression too.")
    assert found["family:mother:depression"].text == "Mother: depression."
    assert "mum" in found["family:mother:depression"].evidence[0].text


@pytest.mark.parametrize(
    ("language", "line"),
    [("en", "P: I don't drink, not since I got pregnant."), ("fr", "P: Depuis ma grossesse, je dors.")],
)
def test_a_condition_that_only_dates_something(engine: LocalNoteEngine, language: Language, line: str) -> None:
    assert "condition:pregnancy" not in note(engine, language, line)
