"""Words that a reopened stream says again are recognised as those that are committed."""

from __future__ import annotations

from colloque.streaming.again import HeardBefore
from colloque.streaming.audio import samples
from colloque.streaming.transcript import Word
from tests.playbook import word


def committed(number: int, text: str, start_s: float, end_s: float) -> Word:
    return Word(f"w0-{number}", text, samples(start_s), samples(end_s), 0.9, "S1", "provisional")


BEFORE = (committed(1, "oui", 0.2, 0.6), committed(2, "non", 1.0, 1.4), committed(3, "oui", 1.5, 1.9))


def twin_of(before: HeardBefore, text: str, start_s: float, end_s: float) -> str | None:
    found = before.twin(word(text, start_s, end_s))
    return found.id if found else None


def test_what_is_in_the_middle_of_what_was_committed_is_not_new() -> None:
    before = HeardBefore(BEFORE, 0)
    assert before.covers(word("oui", 1.6, 2.1))
    assert not before.covers(word("encore", 1.8, 2.2))
    assert not HeardBefore((), 0).covers(word("oui", 0.0, 0.1))


def test_the_twin_is_the_nearest_and_nobodys_else() -> None:
    before = HeardBefore(BEFORE, 0)
    assert twin_of(before, "nom", 1.02, 1.4) == "w0-2"  # recognised otherwise, at the same place
    assert twin_of(before, "oui", 1.42, 1.6) == "w0-3"
    assert twin_of(before, "oui", 1.5, 1.9) is None
    assert twin_of(before, "si", 0.7, 0.8) is None


def test_what_ends_before_the_stream_begins_does_not_come_again() -> None:
    assert twin_of(HeardBefore(BEFORE, samples(0.6)), "oui", 0.2, 0.6) is None


def test_once_new_words_come_nothing_is_kept() -> None:
    before = HeardBefore(BEFORE, 0)
    before.covers(word("encore", 2.0, 2.4))
    assert before._words == []
