"""Turns as they are read: one speaker each, whatever was known when they were sent."""

from __future__ import annotations

from dataclasses import replace

from colloque.streaming.audio import samples
from colloque.streaming.transcript import Role, Turn, TurnEnd, Word, WrittenWords
from colloque.streaming.turns import SentTurn, transcript


def word(number: int, text: str, speaker: str | None) -> Word:
    return Word(f"w0-{number}", text, samples(number), samples(number + 0.9), 0.9, speaker, "confirmed")


def sent(turn_id: str, ended: TurnEnd | None, *words: Word, written: tuple[WrittenWords, ...] = ()) -> SentTurn:
    return SentTurn(turn_id, 0, list(words), ended, written)


def role(speaker: str | None) -> Role:
    return "patient" if speaker == "S2" else "unknown"


def read(*turns: SentTurn) -> list[tuple[str, str | None, str, TurnEnd | None]]:
    return [(t.id, t.speaker, t.text, t.ended) for t in transcript(turns, role)]


ONE, TWO, THREE, FOUR = word(1, "un", "S1"), word(2, "deux", "S1"), word(3, "trois", "S2"), word(4, "quatre", "S2")


def test_a_turn_of_two_speakers_is_cut() -> None:
    assert read(sent("t0-0", "pause", ONE, TWO, THREE, replace(FOUR, speaker="S1"))) == [
        ("t0-0", "S1", "un deux", "speaker"),
        ("t0-0/w0-3", "S2", "trois", "speaker"),
        ("t0-0/w0-4", "S1", "quatre", "pause"),
    ]


def test_turns_of_one_segment_that_turn_out_to_be_one_speakers_are_one() -> None:
    runs = sent("t0-0", "speaker", THREE), sent("t0-0.1", None, FOUR)
    assert read(*runs) == [("t0-0", "S2", "trois quatre", None)]
    assert transcript(runs, role)[0].role == "patient"


def test_however_the_words_were_sent_the_cuts_are_the_same() -> None:
    early = sent("t0-0", "speaker", ONE, TWO, THREE), sent("t0-0.1", "length", FOUR)
    late = sent("t0-0", "speaker", ONE, TWO), sent("t0-0.1", "length", THREE, FOUR)
    assert [turn[1:] for turn in read(*early)] == [turn[1:] for turn in read(*late)]


def test_segments_stay_apart() -> None:
    assert read(sent("t0-0", "pause", ONE), sent("t0-1", "pause", TWO)) == [
        ("t0-0", "S1", "un", "pause"),
        ("t0-1", "S1", "deux", "pause"),
    ]


def test_a_turn_without_words_is_no_turn() -> None:
    assert read(sent("t0-0", None)) == []


def written(turn: SentTurn) -> list[str]:
    return [t.written_text for t in transcript([turn], role)]


def test_what_is_written_otherwise_stands_for_its_words() -> None:
    form = WrittenWords(("w0-1", "w0-2"), "1,2")
    (turn,) = transcript([sent("t0-0", "pause", ONE, TWO, replace(THREE, speaker="S1"), written=(form,))], role)
    assert (turn.text, turn.written_text, turn.written) == ("un deux trois", "1,2 trois", (form,))
    assert [(text, [w.id for w in words]) for text, words in turn.pieces()] == [
        ("1,2", ["w0-1", "w0-2"]),
        ("trois", ["w0-3"]),
    ]


def test_a_written_form_that_is_cut_is_dropped() -> None:
    whole, cut = WrittenWords(("w0-1",), "1"), WrittenWords(("w0-2", "w0-3"), "2,3")
    assert written(sent("t0-0", "pause", ONE, TWO, THREE, written=(whole, cut))) == ["1 deux", "trois"]


def test_without_written_forms_both_texts_are_one() -> None:
    turn = Turn("t", 0, "S1", "unknown", (ONE, TWO))
    assert turn.text == turn.written_text == "un deux"
