from __future__ import annotations

import pytest

from colloque.models.drafting.engine import LocalNoteEngine
from colloque.streaming.engines import Language
from tests.models.drafting.scenes import note


@pytest.mark.parametrize(
    ("language", "line", "key", "text"),
    [
        ("fr", "Je vous prescris quinze séances de rééducation.", "physio", "15 séances de rééducation."),
        ("fr", "On garde le bisoprolol.", "bisoprolol", "Poursuivre bisoprolol."),
        ("fr", "On se revoit dans trois mois.", "follow_up", "Revoir dans 3 mois."),
        ("fr", "Je vous adresse à un cardiologue.", "specialist", "Adresser à un cardiologue."),
        (
            "fr",
            "J'ajoute du baclofène, dix milligrammes le matin, pendant trois semaines.",
            "baclofen",
            "Baclofène 10 mg, le matin, pendant 3 semaines.",
        ),
        (
            "en",
            "I'm going to prescribe nitrofurantoin, one hundred milligrams twice a day for three days.",
            "nitrofurantoin",
            "Nitrofurantoin 100 mg, twice a day, for 3 days.",
        ),
        ("en", "I want to see you in two months.", "follow_up", "Review in 2 months."),
        ("de", "Das Bisoprolol erhöhen wir auf fünf Milligramm.", "bisoprolol", "Erhöhen: Bisoprolol 5 mg."),
        ("de", "Ich überweise Sie zum Kardiologen.", "specialist", "Überweisung zum Kardiologen."),
    ],
)
def test_decisions(engine: LocalNoteEngine, language: Language, line: str, key: str, text: str) -> None:
    (statement,) = note(engine, language, f"D: {line}").values()
    assert (statement.key, statement.text) == (f"plan:{key}", text)
    assert (statement.section, statement.assertion) == ("plan", "planned")


@pytest.mark.parametrize(
    ("language", "line", "texts"),
    [
        (
            "fr",
            "Il faut arrêter l'aspirine, je vous donne du pantoprasole vingt milligrammes une fois par jour, pour le "
            "genou vous prendre du paracétamol un gramme trois fois par jour.",
            ["Arrêter aspirine.", "Paracétamol 1 g × 3/j."],
        ),
        (
            "fr",
            "Il faut arrêter l'aspirine, je vous prescrits du paracétamol un gramme trois fois par jour.",
            ["Arrêter aspirine.", "Paracétamol 1 g × 3/j."],
        ),
        (
            "fr",
            "On arrête l'aspirine, l'ibuprofène et le kétoprofène.",
            ["Arrêter aspirine.", "Arrêter ibuprofène.", "Arrêter kétoprofène."],
        ),
        (
            "fr",
            "On garde le bisoprolol, pour la douleur du paracétamol un gramme trois fois par jour.",
            ["Poursuivre bisoprolol.", "Paracétamol 1 g × 3/j."],
        ),
        ("en", "Stop the aspirin, for the knee paracetamol 500 milligrams.", ["Stop aspirin.", "Paracetamol 500 mg."]),
        (
            "de",
            "Das Ramipril setzen wir ab, dazu Paracetamol 500 Milligramm.",
            ["Absetzen: Ramipril.", "Paracetamol 500 mg."],
        ),
    ],
)
def test_a_decision_about_one_drug_is_not_carried_to_another_nor_its_dose(
    engine: LocalNoteEngine, language: Language, line: str, texts: list[str]
) -> None:
    """A recogniser does not always end a sentence: a drug that is to be taken must never be written as stopped."""
    found = [statement.text for statement in note(engine, language, f"D: {line}").values()]
    assert found == texts


@pytest.mark.parametrize(
    ("language", "line", "text"),
    [
        (
            "fr",
            "D: Si le malaise revient, appelez le quinze.",
            "Consigne : si le malaise revient, appelez le 15.",
        ),
        (
            "en",
            "D: If the pain gets worse, come back straight away.",
            "Safety net: if the pain gets worse, come back straight away.",
        ),
        ("de", "D: Wenn Sie Fieber bekommen, rufen Sie an.", "Hinweis: Wenn Sie Fieber bekommen, rufen Sie an."),
    ],
)
def test_safety_net(engine: LocalNoteEngine, language: Language, line: str, text: str) -> None:
    (statement,) = note(engine, language, line).values()
    assert statement.text == text and statement.key.startswith("plan:safety:")


def test_what_the_patient_asks_for_and_does_not_get(engine: LocalNoteEngine) -> None:
    found = note(engine, "fr", "P: Et une IRM, ce serait utile ?", "D: Non, pas à ce stade.")
    assert (found["plan:mri"].text, found["plan:mri"].assertion) == ("Pas d'IRM.", "absent")
    german = note(engine, "de", "P: Brauche ich ein Antibiotikum?", "D: Nein, noch nicht.")
    assert german["plan:antibiotics"].assertion == "absent"


def test_a_schedule_in_steps_is_kept_whole(engine: LocalNoteEngine) -> None:
    line = "D: On commence la prednisone, quarante milligrammes le matin, pendant trois jours, puis vingt milligrammes"
    assert note(engine, "fr", f"{line} ensuite.")["plan:prednisone"].text == (
        "Prednisone : 40 mg le matin, pendant 3 jours, puis 20 mg ensuite."
    )


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("fr", "P: Je voudrais une radio."),
        ("fr", "D: On va voir."),
        ("fr", "D: Bonne journée à vous et profitez du soleil."),
        ("fr", "D: Vous prenez des vacances ?"),
        ("fr", "P: Mon voisin, on lui a fait un scanner."),
        ("en", "D: I'll be right back."),
        ("de", "D: Wir sehen mal."),
    ],
)
def test_no_plan(engine: LocalNoteEngine, language: Language, line: str) -> None:
    assert not any(key.startswith("plan:") for key in note(engine, language, line))
