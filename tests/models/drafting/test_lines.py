from __future__ import annotations

from dataclasses import replace

import pytest

from colloque.models.drafting.lines import PROVISIONAL_SPEAKER, UNKNOWN_ROLE, Line, lines_of
from colloque.models.drafting.passage import passages
from colloque.streaming.transcript import Turn
from tests.models.drafting.scenes import dialogue, reader, turns_of


def lines(turns: tuple[Turn, ...]) -> list[Line]:
    heard = passages(turns)
    return lines_of(heard, [reader("fr").read(tuple(word.text for word in passage.words)) for passage in heard])


def test_one_line_a_sentence_with_its_speaker() -> None:
    found = dialogue("fr", "D: Bonjour. Asseyez-vous.", "P: Merci.").lines
    assert [(line.index, line.role, line.tokens[0].text) for line in found] == [
        (0, "practitioner", "Bonjour"),
        (1, "practitioner", "Asseyez"),
        (2, "patient", "Merci"),
    ]


def test_an_open_sentence_waits_until_it_is_complete() -> None:
    assert len(lines(turns_of("P: J'ai de la fièvre depuis", open_end=True))) == 0
    assert len(lines(turns_of("P: J'ai de la fièvre depuis", open_end=False))) == 1
    assert len(lines(turns_of("P: J'ai de la fièvre.", open_end=True))) == 1


def test_certainty_of_the_speaker() -> None:
    turns = turns_of("P: Oui.", "?: Oui.")
    known, unknown = lines(turns)
    assert known.certainty == 1.0
    assert unknown.certainty == UNKNOWN_ROLE
    word = replace(turns[0].words[0], speaker_state="provisional")
    assert lines((replace(turns[0], words=(word,)),))[0].certainty == PROVISIONAL_SPEAKER


@pytest.mark.parametrize(
    ("text", "conditional"),
    [("P: Si j'avais de la fièvre.", True), ("P: Ah si, j'ai de la fièvre.", False), ("P: J'ai de la fièvre.", False)],
)
def test_conditions(text: str, conditional: bool) -> None:
    line = dialogue("fr", text).lines[-1]
    mention = next(line.mentions("symptom"))
    assert line.under_condition(mention.start) is conditional
