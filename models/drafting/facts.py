"""Facts: what was found, typed, before any sentence is written about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from colloque.models.drafting.lines import Said
from colloque.models.drafting.terms import Concept
from colloque.streaming.note import Assertion, Code, Section, Subject

Hold = Literal["low_confidence", "unanswered", "unclear_answer", "unclear_subject", "unclear_value", "ungrounded"]
"""Why something that was found is not offered."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """A symptom, or a state such as `boit bien`."""

    concept: Concept
    place: Concept | None = None
    side: str = ""
    """As said."""
    details: tuple[str, ...] = ()
    """Onset, moment and the like, as said: `depuis 5 jours`, `surtout le matin`."""


@dataclass(frozen=True, slots=True)
class Illness:
    """A condition or an operation, of the patient or of a relative."""

    concept: Concept
    relative: str = ""
    """The relative's name in the language (`Père`), empty for the patient."""
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Medication:
    """A drug that is taken, was taken or shall be taken."""

    name: str
    """As said."""
    dose: str = ""
    rhythm: str = ""
    duration: str = ""
    note: str = ""
    """What else was said of it, as said."""
    action: str = ""
    """`Poursuivre`, `Arrêter`, ... or empty."""


@dataclass(frozen=True, slots=True)
class Allergy:
    """An allergy, or that there is none."""

    substance: str
    """As the tables or the drug list name it; empty for allergies in general."""
    whose: str = ""
    """The relative's name in the language; empty for the patient."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """A measured value."""

    name: str
    value: str
    unit: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class Quoted:
    """What is kept in the speaker's own words: a finding, a plan, an answer about a topic."""

    label: str
    quote: str


Content = Complaint | Illness | Medication | Allergy | Measurement | Quoted


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that was said about the patient, and the words that it rests on."""

    key: str
    """What it is about: `symptom:fever`, `medication:paracetamol`. The same key is the same fact."""
    section: Section
    assertion: Assertion
    subject: Subject
    content: Content
    said: tuple[Said, ...]
    """Never empty."""
    certainty: float
    """0..1: of the extraction and of who speaks; the recognition is not in it."""
    codes: tuple[Code, ...] = ()
    hold: Hold | None = None
    """Set where the fact must not be offered."""
