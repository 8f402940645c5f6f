from __future__ import annotations

from dataclasses import replace

import pytest

from colloque.models.drafting.engine import READINGS_MAX, SESSIONS_MAX, LocalNoteEngine
from colloque.models.drafting.grounding import numbers_in
from colloque.models.drafting.terms import load
from colloque.streaming.engines import DraftRequest, Language, NoteEngine
from colloque.streaming.note import SECTIONS
from colloque.streaming.transcript import Turn
from tests.models.drafting.scenes import draft, turns_of

VISITS: dict[Language, tuple[str, ...]] = {
    "fr": (
        "D: Bonjour madame Caron. Qu'est-ce qui vous amène ?",
        "P: Bonjour docteur. Depuis deux semaines, j'ai une douleur dans la poitrine quand je monte les escaliers.",
        "D: Est-ce que ça irradie dans le bras ?",
        "P: Oui, dans le bras gauche.",
        "D: Des malaises, des palpitations ?",
        "P: Non, rien.",
        "D: Vous prenez quels médicaments ?",
        "P: De l'amlodipine, dix milligrammes... non, pardon, cinq milligrammes le matin.",
        "D: Vous fumez ?",
        "P: J'ai arrêté il y a cinq ans. Mon mari fume toujours.",
        "D: Dans la famille ?",
        "P: Mon père a fait un infarctus à cinquante-deux ans. Il fait beau aujourd'hui, non ?",
        "D: Je vais prendre votre tension. La tension, quinze neuf. Le pouls, soixante-dix-huit. Pas de souffle.",
        "D: Je pense à un angor. Je vous adresse à un cardiologue. On ajoute du bisoprolol, deux virgule cinq "
        "milligrammes le matin.",
        "D: Si la douleur dure plus de quinze minutes, vous appelez le quinze. On se revoit dans un mois.",
    ),
    "en": (
        "D: Good morning. What seems to be the problem?",
        "P: I've had this burning when I pee for two days.",
        "D: Any fever?",
        "P: No.",
        "D: Are you allergic to anything?",
        "P: Penicillin. And my sister has asthma.",
        "D: Your temperature is thirty-seven point two. Pulse eighty-two.",
        "D: This is a bladder infection. I'm going to prescribe nitrofurantoin, one hundred milligrams twice a day.",
        "P: Do I need a scan?",
        "D: No, not at this stage. Come back and see me in a week.",
    ),
    "de": (
        "D: Guten Tag. Was führt Sie zu mir?",
        "P: Ich habe seit drei Tagen Husten und Halsschmerzen.",
        "D: Haben Sie Fieber?",
        "P: Nein, Fieber habe ich nicht.",
        "D: Welche Medikamente nehmen Sie?",
        "P: Ramipril, fünf Milligramm, morgens.",
        "D: Ihr Blutdruck, hundertachtunddreißig zu neunzig.",
        "D: Das ist wahrscheinlich ein viraler Infekt. Das Ramipril steigern wir auf acht Milligramm.",
        "D: Kommen Sie in zwei Wochen zur Kontrolle.",
    ),
}


def words_of(turns: tuple[Turn, ...]) -> set[str]:
    return {word.id for turn in turns for word in turn.words}


def test_is_a_note_engine(engine: LocalNoteEngine) -> None:
    typed: NoteEngine = engine
    assert typed.draft(DraftRequest("empty", "fr", ())).statements == ()


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_every_statement_rests_on_words_that_hold_its_numbers(engine: LocalNoteEngine, language: Language) -> None:
    turns = turns_of(*VISITS[language])
    found = engine.draft(DraftRequest("grounded", language, turns)).statements
    assert len(found) >= 8
    assert len({statement.key for statement in found}) == len(found)
    for statement in found:
        assert statement.section in SECTIONS and 0.5 <= statement.confidence <= 1
        assert statement.text[0] == statement.text[0].upper() and statement.text[-1] in ".!?…"
        assert statement.evidence and all(item.word_ids and item.start < item.end for item in statement.evidence)
        assert {word for item in statement.evidence for word in item.word_ids} <= words_of(turns)
        heard = " ".join(item.text for item in statement.evidence)
        assert numbers_in(statement.text, load(language)) <= numbers_in(heard, load(language), combined=True)


def test_nothing_is_invented(engine: LocalNoteEngine) -> None:
    found = {s.key: s for s in draft(engine, "fr", *VISITS["fr"]).statements}
    assert found["medication:amlodipine"].text == "Amlodipine 5 mg, le matin."
    assert found["habit:tobacco"].assertion == "historical"
    assert found["family:father:myocardial_infarction"].subject == "family"
    text = " ".join(statement.text for statement in found.values()).lower()
    assert "consent" not in text and "beau" not in text and "10 mg" not in text and "caron" not in text


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_the_same_turns_give_the_same_draft_whatever_came_before(engine: LocalNoteEngine, language: Language) -> None:
    turns = turns_of(*VISITS[language])
    once = engine.draft(DraftRequest("once", language, turns))
    for number in range(1, len(turns) + 1):
        grown = engine.draft(DraftRequest("grown", language, turns[:number]))
    assert grown == once == engine.draft(DraftRequest("once", language, turns))


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_growing_word_by_word_no_statement_comes_and_goes(engine: LocalNoteEngine, language: Language) -> None:
    turns = turns_of(*VISITS[language])
    seen: set[str] = set()
    before: set[str] = set()
    for index, turn in enumerate(turns):
        for count in range(1, len(turn.words) + 1):
            ended = "pause" if count == len(turn.words) else None
            prefix = (*turns[:index], replace(turn, words=turn.words[:count], ended=ended))
            now = {s.key for s in engine.draft(DraftRequest("words", language, prefix)).statements}
            assert before <= now
            assert not (now - before) & seen
            seen |= now
            before = now


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "fr",
            ("D: Bonjour. Pas trop de monde dans la salle d'attente ?", "P: Ça va, mais quel temps affreux, il grêle."),
        ),
        ("en", ("D: How was the traffic?", "P: Dreadful, there were roadworks everywhere.")),
        ("de", ("D: Haben Sie gut hergefunden?", "P: Mit dem Bus, der war zu spät. Und es regnet.")),
    ],
)
def test_small_talk_gives_an_empty_note(engine: LocalNoteEngine, language: Language, lines: tuple[str, ...]) -> None:
    found = draft(engine, language, *lines)
    assert found.statements == () and found.withheld == {}


def test_badly_recognised_words_are_withheld_and_counted(engine: LocalNoteEngine) -> None:
    sure = draft(engine, "fr", "P: J'ai de la fièvre.")
    doubtful = draft(engine, "fr", "P: J'ai de la fièvre.", confidence=0.1)
    assert len(sure.statements) == 1 and sure.withheld == {}
    assert doubtful.statements == () and doubtful.withheld == {"low_confidence": 1}


def test_sessions_do_not_share_and_are_bounded(engine: LocalNoteEngine) -> None:
    turns = turns_of("P: J'ai de la fièvre.")
    for number in range(SESSIONS_MAX + 5):
        engine.draft(DraftRequest(f"bound-{number}", "fr", turns))
    assert len(engine._sessions) == SESSIONS_MAX
    assert READINGS_MAX >= max(len(kept) for kept in engine._sessions.values())
    engine.forget(f"bound-{SESSIONS_MAX}")
    engine.forget("never seen")
    assert f"bound-{SESSIONS_MAX}" not in engine._sessions


def test_shut_down_forgets_and_a_later_draft_still_works() -> None:
    engine = LocalNoteEngine()
    turns = turns_of("P: I have a fever.")
    assert len(engine.draft(DraftRequest("s", "en", turns)).statements) == 1
    engine.shut_down()
    assert engine._sessions == {} and engine._readers == {}
    assert len(engine.draft(DraftRequest("s", "en", turns)).statements) == 1


def test_the_threshold_is_the_callers() -> None:
    strict = LocalNoteEngine(threshold=0.99)
    found = strict.draft(DraftRequest("s", "en", turns_of("P: I have a fever.")))
    assert found.statements == () and found.withheld == {"low_confidence": 1}
