from __future__ import annotations

import pytest

from colloque.models.drafting.dialogue import SAME_VOICE
from colloque.streaming.engines import Language
from tests.models.drafting.scenes import dialogue


def questions(language: Language, *lines: str) -> list[str]:
    found = dialogue(language, *lines)
    return [found.lines[i].tokens[0].text for i in sorted(found.questions)]


def test_questions_with_and_without_a_question_mark() -> None:
    assert questions("fr", "D: Vous avez de la fièvre ?", "P: Oui.") == ["Vous"]
    assert questions("fr", "D: De la fièvre, des frissons.", "P: Non, rien.") == ["De"]
    assert questions("fr", "D: Vous pesez combien.", "P: Soixante kilos.") == ["Vous"]
    assert questions("en", "D: Any chest pain.", "P: No.") == ["Any"]
    assert questions("de", "D: Haben Sie Fieber.", "P: Nein.") == ["Haben"]


def test_statements_are_no_questions() -> None:
    assert questions("fr", "D: C'est une otite.", "P: Oui, je le pensais.") == []
    assert questions("fr", "D: La gorge est rouge.", "P: Non ?") == ["Non"]
    assert questions("fr", "D: Je vous prescris du paracétamol.", "P: Oui.") == []
    assert questions("de", "D: Nehmen Sie weiter Ibuprofen.", "P: Ja.") == []


@pytest.mark.parametrize(
    ("language", "answer", "polarity"),
    [
        ("fr", "Non.", "no"),
        ("fr", "Ah ben non, docteur.", "no"),
        ("fr", "Oui, un peu.", "yes"),
        ("fr", "La toux, oui, depuis hier.", "yes"),
        ("fr", "Un peu.", "yes"),
        ("fr", "Ça dépend.", None),
        ("en", "Not pain, no.", "no"),
        ("en", "Yeah, sometimes.", "yes"),
        ("en", "I don't remember it.", None),
        ("en", "I don't.", "no"),
        ("de", "Nein, gar nicht.", "no"),
        ("de", "Doch, schon.", "yes"),
    ],
)
def test_polarity_of_an_answer(language: Language, answer: str, polarity: str | None) -> None:
    question = {"fr": "D: De la toux ?", "en": "D: Any cough?", "de": "D: Haben Sie Husten?"}[language]
    found = dialogue(language, question, f"P: {answer}")
    exchange = found.exchanges[0]
    assert exchange.answer is not None and exchange.answer.polarity == polarity


def test_questions_in_a_row_share_their_answer_and_agreement_does_not_end_it() -> None:
    found = dialogue(
        "fr",
        "D: Des nausées ? De la diarrhée ?",
        "P: Non.",
        "D: D'accord.",
        "P: Rien du tout.",
        "D: Bien. Vous fumez ?",
    )
    first = found.exchanges[0]
    assert len(first.questions) == 2
    assert first.answer is not None and len(first.answer.lines) == 2


@pytest.mark.parametrize(
    ("answer", "hedged"),
    [
        ("Non.", False),
        ("Non, mais j'ai mal au ventre.", True),
        ("Non. Enfin, un peu.", True),
        ("Non. Si j'en avais, je le dirais.", False),
    ],
)
def test_hedged_answers(answer: str, hedged: bool) -> None:
    exchange = dialogue("fr", "D: De la fièvre ?", f"P: {answer}").exchanges[0]
    assert exchange.answer is not None and exchange.answer.hedged is hedged


def test_an_answer_in_the_voice_that_asked_is_less_certain() -> None:
    exchange = dialogue("fr", "D: Vous avez de la fièvre ? Non, pas du tout. D'accord.").exchanges[0]
    assert exchange.answer is not None and exchange.answer.certainty == SAME_VOICE


def test_a_question_without_an_answer_is_settled_once_the_talk_goes_on() -> None:
    assert not dialogue("fr", "D: De la fièvre ?").exchanges[0].settled
    later = dialogue("fr", "D: De la fièvre ?", "D: Bon. Je vous examine. Respirez.").exchanges[0]
    assert later.answer is None and later.settled


@pytest.mark.parametrize(
    ("language", "line", "subject"),
    [
        ("fr", "P: J'ai de l'asthme.", "patient"),
        ("fr", "P: Mon père a de l'asthme.", "father"),
        ("fr", "P: J'ai de l'asthme, et ma mère aussi.", "patient"),
        ("fr", "P: C'est ma sœur qui a de l'asthme.", "sister"),
        ("fr", "P: Mon voisin a de l'asthme.", None),
        ("fr", "P: Mon père a du diabète. Il a aussi de l'asthme.", "father"),
        ("fr", "C: Elle a de l'asthme.", "patient"),
        ("fr", "C: Mon fils a de l'asthme.", "patient"),
        ("fr", "C: Moi, j'ai de l'asthme.", "companion"),
        ("fr", "?: Moi, j'ai de l'asthme, mais elle, non.", None),
        ("en", "P: My dad had asthma.", "father"),
        ("en", "P: My mate had asthma.", None),
        ("de", "P: Meine Mutter hatte Asthma.", "mother"),
    ],
)
def test_of_whom_is_spoken(language: Language, line: str, subject: str | None) -> None:
    found = dialogue(language, line)
    mention = next(m for m in found.lines[-1].mentions("condition") if m.id == "asthma")
    assert found.subject_of(found.lines[-1], mention) == subject
