from __future__ import annotations

from dataclasses import replace

from colloque.models.drafting.passage import LENGTH_WORDS, joined, passages
from tests.models.drafting.scenes import turns_of


def test_parts_of_words_are_joined_without_a_space() -> None:
    text, starts = joined(["j", "'ai", "1", ",5", "gramme"])
    assert text == "j'ai 1,5 gramme"
    assert [text[start:][:1] for start in starts] == ["j", "'", "1", ",", "g"]


def test_turns_of_one_speaker_are_one_passage_until_somebody_else_speaks() -> None:
    found = passages(turns_of("P: J'ai mal.", "P: Depuis hier.", "D: Bien.", "P: Oui."))
    assert [(p.role, len(p.words)) for p in found] == [("patient", 4), ("practitioner", 1), ("patient", 1)]


def test_a_long_silence_begins_a_new_passage() -> None:
    first, second = turns_of("P: J'ai mal.", "P: Depuis hier.")
    late = replace(
        second,
        words=tuple(
            replace(w, start_sample=w.start_sample + 200_000, end_sample=w.end_sample + 200_000) for w in second.words
        ),
    )
    assert len(passages([first, late])) == 2


def test_a_monologue_is_cut() -> None:
    talk = "P: " + "mot " * LENGTH_WORDS
    assert len(passages(turns_of(talk, talk))) == 2


def test_only_the_last_passage_of_a_track_is_open_and_empty_turns_are_left_out() -> None:
    turns = tuple(replace(turn, ended=None) for turn in turns_of("P: J'ai mal.", "D: Où ?"))
    empty = replace(turns[0], id="t0-9", words=())
    assert [p.open for p in passages((*turns, empty))] == [False, True]
    assert passages((empty,)) == []
