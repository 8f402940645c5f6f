from __future__ import annotations

import pytest

from colloque.streaming.engines import Language
from colloque.streaming.roles import CONFIDENT, MOST, guess_roles
from colloque.streaming.transcript import Turn, Word


def talk(*lines: str) -> tuple[Turn, ...]:
    """Turns from `S1: text`; the roles that they carry are all unknown."""
    turns = []
    number = 0
    for index, line in enumerate(lines):
        speaker, _, text = line.partition(": ")
        words = []
        for part in text.split():
            words.append(Word(f"w0-{number}", part, number * 4_000, number * 4_000 + 3_000, 0.9, speaker, "confirmed"))
            number += 1
        turns.append(Turn(f"t0-{index}", 0, speaker, "unknown", tuple(words), "pause"))
    return tuple(turns)


VISITS: dict[Language, tuple[str, ...]] = {
    "fr": (
        "S1: Bonjour madame, asseyez-vous. Qu'est-ce qui vous amène ?",
        "S2: Bonjour docteur, j'ai mal au genou depuis ma chute.",
        "S1: Vous avez pris quelque chose ? Des allergies ?",
        "S2: Non, je prends juste du paracétamol.",
    ),
    "en": (
        "S1: Hello, come in. What can I do for you today?",
        "S2: It's my knee, doctor, I've had this pain for a week.",
        "S1: Have you taken anything? Any allergies?",
        "S2: No, I take nothing.",
    ),
    "de": (
        "S1: Guten Tag, Frau Becker, nehmen Sie Platz. Was führt Sie zu mir?",
        "S2: Ich habe seit einer Woche Husten, Herr Doktor.",
        "S1: Haben Sie Fieber? Welche Medikamente nehmen Sie?",
        "S2: Nein, ich nehme nichts.",
    ),
}


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_practitioner_and_patient_whoever_speaks_first(language: Language) -> None:
    lines = VISITS[language]
    assert {s: g.role for s, g in guess_roles(language, talk(*lines)).items()} == {
        "S1": "practitioner",
        "S2": "patient",
    }
    swapped = [("S2" if line.startswith("S1") else "S1") + line[2:] for line in lines]
    assert {s: g.role for s, g in guess_roles(language, talk(*swapped)).items()} == {
        "S2": "practitioner",
        "S1": "patient",
    }


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_nothing_is_guessed_from_little(language: Language) -> None:
    assert guess_roles(language, ()) == {}
    greetings = guess_roles(language, talk("S1: Hallo.", "S2: Hello."))
    assert {g.role for g in greetings.values()} == {"unknown"}
    alone = guess_roles(language, talk(VISITS[language][0]))
    assert {g.role for g in alone.values()} == {"unknown"}


def test_two_who_sound_alike_stay_unknown() -> None:
    lines = ("S1: Le train était en retard ce matin encore une fois.", "S2: Le bus aussi, et il pleuvait des cordes.")
    guesses = guess_roles("fr", talk(*lines))
    assert {g.role for g in guesses.values()} == {"unknown"}
    assert all(g.confidence < CONFIDENT for g in guesses.values())


def test_a_companion_speaks_of_a_third_person() -> None:
    lines = (
        "S1: Bonjour Zoé, bonjour madame. Qu'est-ce qui vous amène ?",
        "S3: C'est mon vélo.",
        "S2: Elle est fatiguée, elle tousse la nuit, elle ne boit pas bien.",
        "S1: Vous avez mesuré ? Des allergies ?",
        "S2: Elle est allergique à rien. On lui a donné du paracétamol.",
    )
    roles = {speaker: guess.role for speaker, guess in guess_roles("fr", talk(*lines)).items()}
    assert roles == {"S1": "practitioner", "S2": "companion", "S3": "patient"}


def test_without_a_spokesman_only_who_says_nearly_all_is_the_patient() -> None:
    stray = (*VISITS["fr"], "S3: Oui.")
    assert guess_roles("fr", talk(*stray))["S2"].role == "patient"
    assert guess_roles("fr", talk(*stray))["S3"].role == "unknown"
    both = (*VISITS["fr"], "S3: Le chien était dans le jardin avec les enfants du voisin hier.")
    roles = {speaker: guess.role for speaker, guess in guess_roles("fr", talk(*both)).items()}
    assert roles == {"S1": "practitioner", "S2": "unknown", "S3": "unknown"}


def test_parts_of_words_and_missing_question_marks() -> None:
    lines = (
        "S1: Qu 'est -ce qui vous amène, depuis quand, vous prenez des médicaments",
        "S2: J 'ai mal au dos, docteur, j 'ai pris du paracétamol",
    )
    roles = {speaker: guess.role for speaker, guess in guess_roles("fr", talk(*lines)).items()}
    assert roles == {"S1": "practitioner", "S2": "patient"}


def test_a_guess_is_pure_and_never_certain() -> None:
    turns = talk(*VISITS["fr"] * 5)
    assert guess_roles("fr", turns) == guess_roles("fr", turns)
    assert max(guess.confidence for guess in guess_roles("fr", turns).values()) == MOST


def test_speakers_that_nobody_recognised_have_no_guess() -> None:
    turns = talk(*VISITS["fr"])
    nobody = Turn("t0-9", 0, None, "unknown", turns[0].words, "pause")
    assert set(guess_roles("fr", (*turns, nobody))) == {"S1", "S2"}
