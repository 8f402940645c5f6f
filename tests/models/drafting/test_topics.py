from __future__ import annotations

import pytest

from colloque.models.drafting.engine import LocalNoteEngine
from colloque.streaming.engines import Language
from tests.models.drafting.scenes import note


@pytest.mark.parametrize(
    ("language", "lines", "key", "text"),
    [
        (
            "fr",
            ("D: C'est arrivé comment ?", "P: En soulevant un carton au travail."),
            "topic:onset",
            "Survenue : en soulevant un carton au travail.",
        ),
        (
            "fr",
            ("D: Vous faites quel métier ?", "P: Je suis pâtissière."),
            "topic:job",
            "Profession : je suis pâtissière.",
        ),
        ("fr", ("D: Depuis quand ?", "P: Trois semaines."), "topic:duration", "Durée : trois semaines."),
        (
            "en",
            ("D: Is there anything that sets it off?", "P: Stress, and red wine."),
            "topic:trigger",
            "Triggers: stress, and red wine.",
        ),
        (
            "de",
            ("D: Was machen Sie beruflich?", "P: Ich arbeite im Kindergarten."),
            "topic:job",
            "Beruf: Ich arbeite im Kindergarten.",
        ),
    ],
)
def test_answers_are_quoted(
    engine: LocalNoteEngine, language: Language, lines: tuple[str, ...], key: str, text: str
) -> None:
    assert note(engine, language, *lines)[key].text.replace("3 semaines", "trois semaines") == text


@pytest.mark.parametrize(
    ("language", "lines", "assertion", "text"),
    [
        ("fr", ("D: Vous fumez ?", "P: Cinq ou six cigarettes."), "present", "Tabac : 5 ou 6 cigarettes."),
        ("fr", ("D: Vous fumez ?", "P: Non, jamais."), "absent", "Tabac : non."),
        (
            "fr",
            ("D: Vous fumez ?", "P: J'ai arrêté il y a cinq ans. Avant, je fumais un paquet."),
            "historical",
            "Tabac : j'ai arrêté il y a 5 ans. Avant, je fumais un paquet.",
        ),
        ("fr", ("P: Je ne fume pas.",), "absent", "Tabac : non."),
        ("en", ("D: Do you smoke?", "P: I quit four years ago."), "historical", "Smoking: I quit 4 years ago."),
        (
            "de",
            ("D: Rauchen Sie noch?", "P: Nein, ich habe vor zwei Jahren aufgehört."),
            "historical",
            "Rauchen: ich habe vor 2 Jahren aufgehört.",
        ),
    ],
)
def test_habits(engine: LocalNoteEngine, language: Language, lines: tuple[str, ...], assertion: str, text: str) -> None:
    statement = note(engine, language, *lines)["habit:tobacco"]
    assert (statement.section, statement.assertion, statement.text) == ("social", assertion, text)


def test_a_wish_to_stop_is_no_habit(engine: LocalNoteEngine) -> None:
    assert note(engine, "fr", "P: Si j'arrêtais de fumer, ça changerait quelque chose ?") == {}


def test_the_reason_of_a_visit(engine: LocalNoteEngine) -> None:
    found = note(engine, "de", "D: Sie kommen heute zur Blutdruckkontrolle, richtig?", "P: Ja, genau.")
    assert (found["reason:checkup"].section, found["reason:checkup"].text) == ("reason", "Blutdruckkontrolle.")


def test_a_doubtful_part_of_an_answer_stands_apart(engine: LocalNoteEngine) -> None:
    lines = (
        "D: What sets it off?",
        "P: Bright light, mostly. And we changed the screens at work. I'm not certain about that.",
    )
    found = note(engine, "en", *lines)
    assert found["topic:trigger"].assertion == "present"
    assert found["topic:trigger:2"].assertion == "possible"
