"""The fold of events: golden sequences that the page must reach too, and laws that hold for each of them."""

import json
import typing
from pathlib import Path
from typing import Any

import pytest

from colloque.streaming import messages as m
from colloque.streaming.view import SessionView
from colloque.streaming.wire import decode_event

SEQUENCES = sorted((Path(__file__).parents[1] / "fixtures" / "wire" / "sequences").glob("*.json"))


def load(path: Path) -> tuple[list[m.ServerEvent], dict[str, Any]]:
    golden = json.loads(path.read_text(encoding="utf-8"))
    envelopes = [decode_event(json.dumps(event)) for event in golden["events"]]
    return [envelope.event for envelope in envelopes if envelope is not None], golden["view"]


def fold(events: typing.Iterable[m.ServerEvent]) -> SessionView:
    view = SessionView()
    for event in events:
        view.apply(event)
    return view


each_sequence = pytest.mark.parametrize("path", SEQUENCES, ids=lambda path: path.stem)


@each_sequence
def test_golden_sequences(path: Path) -> None:
    events, expected = load(path)
    assert fold(events).to_json() == expected


@each_sequence
def test_a_snapshot_at_any_point_changes_nothing(path: Path) -> None:
    events, _ = load(path)
    for cut in range(len(events) + 1):
        before = fold(events[:cut])
        late = SessionView()
        late.apply(m.Snapshot(json.loads(json.dumps(before.to_json()))))
        assert late.to_json() == before.to_json()
        for event in events[cut:]:
            before.apply(event)
            late.apply(event)
        assert late.to_json() == before.to_json()


@each_sequence
def test_a_restart_keeps_what_is_durable(path: Path) -> None:
    """What is neither stored nor replayed may be missing after a restart, and nothing else."""
    events, expected = load(path)
    durable = fold(event for event in events if not isinstance(event, m.EPHEMERAL)).to_json()
    clock = ("received", "processed") if expected["summary"] else ()
    for key in ("state", "reason", "config", "speakers", "turns", "note", "gaps", "summary", *clock):
        assert durable[key] == expected[key]


def test_who_comes_after_the_end_sees_the_clock_of_who_was_there() -> None:
    """`lag` is not kept, so the end itself must say how far the audio went."""
    ended = m.SessionEnded({"duration": 33.0, "words": 0})
    present, late = fold([m.Lag(33.0, 32.5), ended]), fold([ended])
    assert late.to_json() == present.to_json()
    assert (late.received, late.processed) == (33.0, 33.0)


def test_the_sequences_use_every_event() -> None:
    used = {type(event) for path in SEQUENCES for event in load(path)[0]}
    assert used == set(typing.get_args(m.ServerEvent)) - {m.Warn}


def test_what_is_shown_is_in_order_of_time() -> None:
    events, _ = load(next(path for path in SEQUENCES if path.stem == "late_joiner"))
    turns = fold(events).transcript()
    assert [turn.id for turn in turns] == ["t0-1", "t1-1", "t0-2"]
    assert [turn.text for turn in turns] == ["Guten Tag.", "Ich huste.", "Röntgen machen."]
    assert [turn.role for turn in turns] == ["practitioner", "patient", "practitioner"]
