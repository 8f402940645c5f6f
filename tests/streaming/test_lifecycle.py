"""The table of the lifecycle."""

from __future__ import annotations

import typing

import pytest

from colloque.streaming.errors import ConsentRequired, Refused, SessionOver
from colloque.streaming.lifecycle import IDEMPOTENT, TRANSITIONS, Trigger, refusal, step
from colloque.streaming.messages import SessionState

STATES: tuple[SessionState, ...] = typing.get_args(SessionState)
TRIGGERS: tuple[Trigger, ...] = typing.get_args(Trigger)


def test_the_only_door_to_live_is_consent() -> None:
    doors = {(s, t) for (s, t), after in TRANSITIONS.items() if after == "live" and s not in ("live", "paused")}
    assert doors == {("waiting_consent", "consent_given")}


def test_nothing_leads_back_from_closed() -> None:
    assert not [s for s, _ in TRANSITIONS if s == "closed"]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("trigger", TRIGGERS)
def test_every_trigger_has_an_answer(state: SessionState, trigger: Trigger) -> None:
    if (state, trigger) in IDEMPOTENT:
        assert step(state, trigger) == state
    elif (state, trigger) in TRANSITIONS:
        assert step(state, trigger) == TRANSITIONS[state, trigger]
    else:
        with pytest.raises(Refused):
            step(state, trigger)


def test_refusals_say_what_to_do() -> None:
    assert isinstance(refusal("waiting_consent"), ConsentRequired)
    assert "consent" in str(refusal("waiting_consent"))
    assert isinstance(refusal("closed"), SessionOver)


def test_every_state_but_closed_can_be_left_by_withdrawal_or_refusal() -> None:
    for state in STATES:
        if state != "closed":
            ways = {step(state, t) for t in ("consent_refused", "consent_withdrawn") if (state, t) in TRANSITIONS}
            assert ways == {"closed"}
