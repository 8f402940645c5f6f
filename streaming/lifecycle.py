"""The life of a session as a table, because a regulator may ask what can follow what.

Theory of operation: a session is in one state; a trigger either has an entry for that state or is refused. Audio is
taken in one state only, `live`, and that state has one door, `consent_given`. A refusal or a withdrawal leads to
`closed`, from which nothing leads back.
"""

from __future__ import annotations

from typing import Literal

from colloque.streaming.errors import ConsentRequired, Refused, SessionOver, SessionPaused
from colloque.streaming.messages import SessionState

Trigger = Literal[
    "consent_given",
    "consent_refused",
    "consent_withdrawn",
    "pause",
    "resume",
    "end",
    "finished",
]

TRANSITIONS: dict[tuple[SessionState, Trigger], SessionState] = {
    ("waiting_consent", "consent_given"): "live",
    ("waiting_consent", "consent_refused"): "closed",
    ("waiting_consent", "end"): "closed",
    ("live", "pause"): "paused",
    ("paused", "resume"): "live",
    ("live", "end"): "closing",
    ("paused", "end"): "closing",
    ("closing", "finished"): "closed",
    ("live", "consent_withdrawn"): "closed",
    ("paused", "consent_withdrawn"): "closed",
    ("closing", "consent_withdrawn"): "closed",
}

IDEMPOTENT: frozenset[tuple[SessionState, Trigger]] = frozenset(
    {
        ("live", "consent_given"),
        ("paused", "consent_given"),
        ("live", "resume"),
        ("paused", "pause"),
        ("closing", "end"),
        ("closed", "end"),
    }
)
"""Said twice, these change nothing and are no error: a client that retries is right to do so."""


def step(state: SessionState, trigger: Trigger) -> SessionState:
    """The state after a trigger. Raises a `Refused` leaf that says why there is none."""
    if (state, trigger) in IDEMPOTENT:
        return state
    after = TRANSITIONS.get((state, trigger))
    if after is None:
        raise refusal(state)
    return after


def refusal(state: SessionState) -> Refused:
    """Why a session in this state takes neither audio nor the request."""
    match state:
        case "waiting_consent":
            return ConsentRequired("no consent is recorded yet: record it with POST /v1/sessions/{id}/consent first")
        case "paused":
            return SessionPaused("the session is paused and takes no audio: send `resume` first")
        case "closing" | "closed":
            return SessionOver("the session has ended and takes nothing more: open a new one")
        case "live":
            return Refused("this cannot be done while the session is live")
