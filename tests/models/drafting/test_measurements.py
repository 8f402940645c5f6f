from __future__ import annotations

import pytest

from colloque.models.drafting.engine import LocalNoteEngine
from colloque.streaming.engines import Language
from tests.models.drafting.scenes import note


@pytest.mark.parametrize(
    ("language", "line", "key", "text"),
    [
        ("fr", "La tension, quatorze huit.", "blood_pressure", "TA 14/8."),
        ("fr", "La tension est à 12-8.", "blood_pressure", "TA 12/8."),
        ("fr", "La tension, 13,8.", "blood_pressure", "TA 13/8."),
        ("fr", "Tension cent trente-cinq sur quatre-vingt-cinq.", "blood_pressure", "TA 135/85."),
        ("fr", "Le pouls, soixante-douze.", "pulse", "Pouls 72/min."),
        ("fr", "La température, trente-huit six.", "temperature", "Température 38,6 °C."),
        ("fr", "La saturation est à quatre-vingt-dix-sept pour cent.", "saturation", "SpO2 97 %."),
        ("en", "Blood pressure is one hundred and eighteen over seventy-four.", "blood_pressure", "BP 118/74."),
        ("en", "Your temperature is 37.2.", "temperature", "Temperature 37.2 °C."),
        ("de", "Ihr Blutdruck, hundertachtunddreißig zu neunzig.", "blood_pressure", "RR 138/90."),
        ("de", "Der Langzeitwert liegt bei sechs Komma neun Prozent.", "hba1c", "HbA1c 6,9 %."),
    ],
)
def test_values_read_aloud(engine: LocalNoteEngine, language: Language, line: str, key: str, text: str) -> None:
    assert note(engine, language, f"D: {line}")[f"measure:{key}"].text == text


@pytest.mark.parametrize(
    "line",
    [
        "La tension, deux cents quatre.",
        "Température cent.",
        "Le pouls, dans trois jours.",
        "Si la tension dépasse 15/9.",
    ],
)
def test_values_that_cannot_be_are_none(engine: LocalNoteEngine, line: str) -> None:
    assert note(engine, "fr", f"D: {line}") == {}


def test_asked_and_the_last_answer_counts(engine: LocalNoteEngine) -> None:
    found = note(engine, "fr", "D: Tu pèses combien ?", "P: Trente kilos !", "C: Trente-deux, on a vérifié.")
    statement = found["measure:weight"]
    assert statement.text == "Poids 32 kg." and statement.section == "vitals"
    assert [evidence.text for evidence in statement.evidence] == ["pèses", "Trente-deux,"]


def test_what_the_patient_measured_is_history(engine: LocalNoteEngine) -> None:
    found = note(
        engine,
        "fr",
        "D: Et la température, vous l'avez prise ?",
        "P: Trente-huit quatre lundi, puis trente-neuf un cette nuit.",
    )
    statement = found["measure:temperature:reported"]
    assert statement.text == "Température : 38,4 °C lundi, puis 39,1 °C cette nuit."
    assert statement.section == "history_of_present_illness"
