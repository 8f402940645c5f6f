"""Values of the note: sections, statements, and the words that each statement rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Section = Literal[
    "reason",
    "history_of_present_illness",
    "past_history",
    "family_history",
    "medications",
    "allergies",
    "social",
    "vitals",
    "examination",
    "assessment",
    "plan",
]
Assertion = Literal["present", "absent", "possible", "historical", "family", "planned"]
Subject = Literal["patient", "family"]
StatementState = Literal["draft", "edited", "confirmed", "discarded"]

SECTIONS: tuple[Section, ...] = get_args(Section)


@dataclass(frozen=True, slots=True)
class Code:
    """A code of a terminology, for example ATC."""

    system: str
    code: str
    display: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """The words that a statement rests on; playing `start`..`end` lets one hear them."""

    word_ids: tuple[str, ...]
    """Committed words; never empty."""
    start: float
    """Audio time in seconds."""
    end: float
    speaker: str | None
    text: str


@dataclass(frozen=True, slots=True)
class DraftStatement:
    """What a note engine proposes."""

    key: str
    """Identity of the fact across drafts (what it is about, not how it is said): the same key updates a statement."""
    section: Section
    text: str
    assertion: Assertion
    subject: Subject
    confidence: float
    """0..1"""
    evidence: tuple[Evidence, ...]
    codes: tuple[Code, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of the note, as clients see it."""

    id: str
    section: Section
    text: str
    assertion: Assertion
    subject: Subject
    confidence: float
    state: StatementState
    evidence: tuple[Evidence, ...]
    codes: tuple[Code, ...] = ()
    rev: int = 0
    """Revision of the note that last changed this statement."""
