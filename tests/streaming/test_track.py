from __future__ import annotations

from collections.abc import Sequence

import pytest

from colloque.streaming import engines as e
from colloque.streaming.config import SessionConfig
from colloque.streaming.session import Session
from tests.playbook import Playbook, activity, recognised, span, word


class Faulty:
    """A writer that fails for turns with the word `trente`, or tells of words that are not there."""

    def __init__(self, *forms: e.Written) -> None:
        self.forms = forms

    def write(self, words: Sequence[str], language: e.Language) -> tuple[e.Written, ...]:
        if "trente" in words and not self.forms:
            raise KeyError("a fault")
        return self.forms or (e.Written(0, 1, "8"),)


def heard(writer: e.Writer) -> Playbook:
    """Two turns."""
    book = Playbook(Session(SessionConfig("s-test", "fr"), writer=writer)).live()
    book.audio(10.0)
    book.hear(activity(8.0, span(1, 0.1, 7.0)))
    book.hear(recognised(0, word("trente", 0.2, 0.6), word("huit", 0.7, 1.0)))
    book.hear(recognised(1, word("huit", 3.0, 3.4)))
    return book


def test_a_writer_that_fails_costs_the_written_forms_of_that_turn_alone() -> None:
    book = heard(Faulty())
    assert [end["written"] for end in book.said("turn.end")] == [[], [{"word_ids": ["w0-3"], "text": "8"}]]
    assert [turn.written_text for turn in book.session.view.transcript()] == ["trente huit", "8"]


@pytest.mark.parametrize("form", [e.Written(7, 9, "38"), e.Written(1, 1, "38")])
def test_a_written_form_without_words_is_left_out(form: e.Written) -> None:
    book = heard(Faulty(form))
    assert [end["written"] for end in book.said("turn.end")] == [[], []]
    assert [turn.written_text for turn in book.session.view.transcript()] == ["trente huit", "huit"]
