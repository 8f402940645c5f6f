"""Audio becomes words: the final transcript depends on what the engines say, not on which of them is faster."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from colloque.streaming import engines as e
from colloque.streaming.engines import Recognised
from tests.interleaving import Consultation, Diarised, consultations
from tests.playbook import Playbook


def told(order: list[Recognised | Diarised]) -> Playbook:
    """A session that has heard it all, and was flushed."""
    book = Playbook().live()
    book.audio(60.0)
    book.hear(*order)
    flush = book.session._hearing.flush
    flush()
    book.hear(e.Flushed(book.session._hearing._flush_token))
    return book


def read(book: Playbook) -> list[Any]:
    """Everything of the transcript but the ids of its turns."""
    return [
        (turn.speaker, turn.ended, [(w.id, w.text, w.start, w.end, w.speaker_state) for w in turn.words])
        for turn in book.session.view.transcript()
    ]


@settings(deadline=None, max_examples=50)
@given(consultations(), st.lists(st.booleans(), max_size=60))
def test_the_transcript_does_not_depend_on_timing(said: Consultation, choices: list[bool]) -> None:
    late = told([*said.diarised, *said.recognised])
    mixed = told(list(said.interleaved(choices)))
    assert read(late) == read(mixed)
    for book in (late, mixed):
        view = book.session.view
        words = [word for turn in view.transcript() for word in turn.words]
        assert all(turn.ended for turn in view.turns.values())
        ended = [turn["turn"] for turn in book.said("turn.end")]
        assert sorted(ended) == sorted(view.turns), "every turn ends once"
        assert {word.speaker for word in words if word.speaker} == set(view.speakers)
        for word in words:
            assert word.speaker is None or word.speaker_state == view.speakers[word.speaker].state
