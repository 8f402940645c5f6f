from __future__ import annotations

from colloque.models.drafting.reading import Cue, Mention, Quantity, Reading


def test_what_was_taken_back_and_what_is_outside_is_not_given() -> None:
    reading = Reading(
        tokens=(),
        sentences=((0, 10),),
        mentions=(Mention("symptom", "fever", 0, 1), Mention("symptom", "cough", 5, 6), Mention("site", "ear", 8, 9)),
        cues=(Cue("answer.no", 2, 3), Cue("answer.yes", 4, 5)),
        numbers=(),
        quantities=(Quantity("time", "day", 3.0, 5, 7), Quantity("dose", "mg", 5.0, 8, 10)),
        dropped=frozenset({5}),
    )
    assert [m.id for m in reading.mentions_in(0, 10)] == ["fever", "ear"]
    assert [m.id for m in reading.mentions_in(1, 10, "symptom")] == []
    assert [q.unit for q in reading.quantities_in(0, 10)] == ["mg"]
    assert [c.name for c in reading.cues_in(0, 4, "answer.no", "answer.yes")] == ["answer.no"]
    assert list(reading.numbers_in(0, 10)) == []
