"""Consent to the recording of a consultation: what is kept of it, and what is allowed to follow what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from colloque.streaming.errors import SessionOver

ConsentMethod = Literal["verbal", "written", "electronic"]


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One decision. Records are appended, never changed."""

    given: bool
    method: ConsentMethod
    by: str
    """Who recorded the decision (a practitioner's or system's identifier)."""
    at: str
    """RFC 3339"""
    statement: str | None = None
    """The text that was read or shown, where there was one."""
    erase: bool = False
    """With a withdrawal: what was captured is to be deleted."""


ConsentStatus = Literal["none", "given", "refused", "withdrawn"]


def status(history: Sequence[ConsentRecord]) -> ConsentStatus:
    """Where consent stands after these decisions."""
    if not history:
        return "none"
    if history[-1].given:
        return "given"
    return "withdrawn" if any(record.given for record in history) else "refused"


def record(history: Sequence[ConsentRecord], decision: ConsentRecord) -> tuple[ConsentRecord, ...]:
    """The history with one decision more.

    Raises `SessionOver` after a refusal or a withdrawal: to record again needs a new session, so that nobody can be
    listened to under a consent that was taken back.
    """
    if status(history) in ("refused", "withdrawn"):
        raise SessionOver("consent was refused or withdrawn in this session; open a new session to ask again")
    return (*history, decision)
