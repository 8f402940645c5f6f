from __future__ import annotations

import pytest

from colloque.models.drafting.engine import LocalNoteEngine
from colloque.streaming.engines import Language
from tests.models.drafting.scenes import draft, note


@pytest.mark.parametrize(
    ("language", "line", "key", "text"),
    [
        (
            "fr",
            "P: Je prends de la gabapentine, 300 milligrammes, trois fois par jour.",
            "gabapentin",
            "Gabapentine 300 mg × 3/j.",
        ),
        ("fr", "P: Je prends de l'amlodipine, cinq milligrammes le matin.", "amlodipine", "Amlodipine 5 mg, le matin."),
        ("fr", "P: Du Doliprane, deux comprimés par jour.", "paracetamol", "Doliprane 2 cp, par jour."),
        (
            "en",
            "P: I take levothyroxine, seventy-five micrograms every morning.",
            "levothyroxine",
            "Levothyroxine 75 µg, every morning.",
        ),
        (
            "de",
            "P: Ich nehme Metformin, tausend Milligramm, zweimal am Tag.",
            "metformin",
            "Metformin 1000 mg × 2/Tag.",
        ),
    ],
)
def test_dose_and_rhythm(engine: LocalNoteEngine, language: Language, line: str, key: str, text: str) -> None:
    (statement,) = draft(engine, language, line).statements
    assert statement.key == f"medication:{key}"
    assert (statement.text, statement.section, statement.assertion) == (text, "medications", "present")


def test_the_last_of_a_correction_counts_over_sentences(engine: LocalNoteEngine) -> None:
    line = "P: Du tramadol, cinquante milligrammes, quatre fois par jour... pardon, deux fois par jour, matin et soir."
    statement = note(engine, "fr", "D: Quel traitement prenez-vous ?", line)["medication:tramadol"]
    assert statement.text == "Tramadol 50 mg × 2/j, matin et soir."
    assert "deux fois par jour" in statement.evidence[0].text


def test_two_rhythms_without_a_correction_are_withheld(engine: LocalNoteEngine) -> None:
    found = draft(
        engine, "fr", "P: Je prends du baclofène, dix milligrammes trois fois par jour et deux fois par jour."
    )
    assert found.statements == () and found.withheld == {"unclear_value": 1}


def test_a_known_drug_has_its_code(engine: LocalNoteEngine) -> None:
    (statement,) = draft(engine, "fr", "P: Je prends du Doliprane.").statements
    assert [(code.system, code.code) for code in statement.codes] == [("http://www.whocc.no/atc", "N02BE01")]


def test_what_is_asked_for_and_dosed_in_the_answer(engine: LocalNoteEngine) -> None:
    found = note(engine, "en", "D: And how do you use the formoterol?", "P: One puff, morning and evening.")
    assert found["medication:formoterol"].text == "Formoterol 1 puff, morning and evening."


def test_what_should_be_taken_is_quoted(engine: LocalNoteEngine) -> None:
    lines = (
        "D: And the bisoprolol?",
        "P: I'm supposed to have it every morning, but I forget. Perhaps every second day.",
    )
    text = note(engine, "en", *lines)["medication:bisoprolol"].text
    assert text == "Bisoprolol: I'm supposed to have it every morning, but I forget. Perhaps every second day."


def test_past_and_none(engine: LocalNoteEngine) -> None:
    found = note(engine, "fr", "D: Quel traitement ?", "P: La cortisone. Je l'ai prise six jours, en avril.")
    assert found["medication:cortisone"].assertion == "historical"
    none = note(engine, "fr", "D: Vous prenez des médicaments ?", "P: Non.")
    assert none["medication:any"].text == "Pas de traitement en cours."
    assert (
        note(engine, "fr", "D: Vous prenez du Doliprane ?", "P: Non.")["medication:paracetamol"].assertion == "absent"
    )


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("fr", ("P: Mon mari prend du Lexomil, un comprimé le soir.",)),
        ("fr", ("D: Et des anti-inflammatoires ?", "P: Non, le kétoprofène, je n'y touche plus.")),
        ("fr", ("P: On m'avait prescrit de la doxycycline.",)),
        ("en", ("P: If I take ibuprofen I get sick.",)),
        ("de", ("D: Vertragen Sie das Ramipril?", "P: Ja.")),
    ],
)
def test_a_drug_that_the_patient_does_not_take(
    engine: LocalNoteEngine, language: Language, lines: tuple[str, ...]
) -> None:
    assert not any(key.startswith("medication:") for key in note(engine, language, *lines))


def test_drugs_of_another_time(engine: LocalNoteEngine) -> None:
    then = note(engine, "en", "P: I had depression when I was twenty. I took citalopram for a year.")
    assert then["medication:citalopram"].assertion == "historical"
    stopped = note(engine, "fr", "P: Le gliclazide, je l'ai arrêté, ça me donnait des malaises.")
    assert stopped["medication:gliclazide"].assertion == "historical"
    assert stopped["symptom:malaise"].assertion == "historical"
