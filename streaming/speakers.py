"""Who the speakers are: labels in order of first speech, their state, and their roles, guessed or given."""

from __future__ import annotations

from colloque.streaming.config import TrackSpec
from colloque.streaming.engines import Language
from colloque.streaming.messages import ServerEvent, SpeakerAssign, SpeakerRelabel, SpeakerUpdate
from colloque.streaming.roles import guess_roles
from colloque.streaming.view import SessionView

GIVEN = 1.0
"""Confidence of a role that a person, or the session's set-up, has given; no guess reaches it or changes it."""
GUESS_MAX = 0.99
GUESS_STEP = 0.15
"""A smaller change of confidence alone is not announced."""


def label(number: int) -> str:
    """The engine's speaker number as clients see it."""
    return f"S{number}"


def number(label: str) -> int:
    """The engine's number of a speaker that clients see."""
    return int(label.removeprefix("S"))


def first_heard(view: SessionView, speaker: str, confirmed: bool, track: TrackSpec | None) -> list[ServerEvent]:
    """Announces a speaker with the first words; nothing where the speaker is known and no more sure than before."""
    known = view.speakers.get(speaker)
    if known is None:
        given = track is not None and track.role != "unknown"
        role = track.role if track is not None else "unknown"
        return [SpeakerUpdate(speaker, role, GIVEN if given else 0.0, "confirmed" if confirmed else "provisional")]
    return confirm(view, speaker) if confirmed else []


def confirm(view: SessionView, speaker: str) -> list[ServerEvent]:
    """Announces that the speaker is no longer provisional."""
    known = view.speakers.get(speaker)
    if known is None or known.state == "confirmed":
        return []
    return [SpeakerUpdate(speaker, known.role, known.confidence, "confirmed", known.name)]


def merged(view: SessionView, source: str, target: str) -> list[ServerEvent]:
    """Gives the words of `source` to `target`."""
    ids = tuple(w.id for turn in view.turns.values() for w in turn.words if w.speaker == source)
    return [SpeakerRelabel(source, target, ids)] if ids or source in view.speakers else []


def assign(view: SessionView, request: SpeakerAssign) -> list[ServerEvent]:
    """Takes a person's word for who a speaker is; the role that is not given stays as it is, but is now certain."""
    known = view.speakers.get(request.speaker)
    role = request.role or (known.role if known else "unknown")
    name = request.name if request.name is not None else (known.name if known else None)
    return [SpeakerUpdate(request.speaker, role, GIVEN, known.state if known else "provisional", name)]


def guess(view: SessionView, language: Language) -> list[ServerEvent]:
    """Updates for the roles that the words so far suggest."""
    events: list[ServerEvent] = []
    for speaker, role_guess in guess_roles(language, view.transcript()).items():
        known = view.speakers.get(speaker)
        if known is None or known.confidence >= GIVEN:
            continue
        confidence = round(min(role_guess.confidence, GUESS_MAX), 2)
        if role_guess.role != known.role or abs(confidence - known.confidence) >= GUESS_STEP:
            events.append(SpeakerUpdate(speaker, role_guess.role, confidence, known.state, known.name))
    return events
