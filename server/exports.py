"""The note as a document to read. Pure: a view in, a text out. What is not signed says so in its first lines."""

from __future__ import annotations

import re
from dataclasses import dataclass

from colloque.server.clinical import record
from colloque.server.transcripts import clock, speaker_label
from colloque.streaming.engines import Language
from colloque.streaming.note import SECTIONS, Assertion, Section, Statement, StatementState
from colloque.streaming.view import SessionView


@dataclass(frozen=True, slots=True)
class _Words:
    """What the document says itself, in one language."""

    title: str
    draft: str
    amended: str
    signed: str
    withheld: str
    empty: str
    sections: dict[Section, str]
    assertions: dict[Assertion, str]
    states: dict[StatementState, str]
    family: str


_FRENCH = _Words(
    title="Note de consultation",
    draft="Brouillon rédigé par logiciel, non validé",
    amended="Brouillon : modifié après la signature du {signed_at}, non validé depuis",
    signed="Signé par {by} le {signed_at} (révision {rev}, SHA-256 {digest})",
    withheld="Éléments repérés mais non retenus, faute de certitude suffisante : {count}",
    empty="Aucun élément.",
    sections={
        "reason": "Motif de consultation",
        "history_of_present_illness": "Histoire de la maladie",
        "past_history": "Antécédents personnels",
        "family_history": "Antécédents familiaux",
        "medications": "Traitements",
        "allergies": "Allergies",
        "social": "Mode de vie",
        "vitals": "Constantes",
        "examination": "Examen clinique",
        "assessment": "Évaluation",
        "plan": "Conduite à tenir",
    },
    assertions={
        "present": "présent",
        "absent": "absent",
        "possible": "possible",
        "historical": "antécédent",
        "family": "famille",
        "planned": "prévu",
    },
    states={"draft": "non relu", "edited": "modifié", "confirmed": "confirmé", "discarded": "écarté"},
    family="concerne la famille",
)
_ENGLISH = _Words(
    title="Consultation note",
    draft="Draft written by software, not validated",
    amended="Draft: changed after the signature of {signed_at}, not validated since",
    signed="Signed by {by} on {signed_at} (revision {rev}, SHA-256 {digest})",
    withheld="Found but not offered, for want of certainty: {count}",
    empty="No statement.",
    sections={
        "reason": "Reason for consultation",
        "history_of_present_illness": "History of present illness",
        "past_history": "Past history",
        "family_history": "Family history",
        "medications": "Medications",
        "allergies": "Allergies",
        "social": "Social history",
        "vitals": "Vital signs",
        "examination": "Examination",
        "assessment": "Assessment",
        "plan": "Plan",
    },
    assertions={
        "present": "present",
        "absent": "absent",
        "possible": "possible",
        "historical": "historical",
        "family": "family",
        "planned": "planned",
    },
    states={"draft": "not reviewed", "edited": "edited", "confirmed": "confirmed", "discarded": "discarded"},
    family="concerns the family",
)
_GERMAN = _Words(
    title="Konsultationsnotiz",
    draft="Von Software verfasster Entwurf, nicht geprüft",
    amended="Entwurf: nach der Unterschrift vom {signed_at} geändert, seither nicht geprüft",
    signed="Unterschrieben von {by} am {signed_at} (Revision {rev}, SHA-256 {digest})",
    withheld="Gefunden, aber mangels Sicherheit nicht angeboten: {count}",
    empty="Keine Angabe.",
    sections={
        "reason": "Konsultationsgrund",
        "history_of_present_illness": "Aktuelle Anamnese",
        "past_history": "Eigenanamnese",
        "family_history": "Familienanamnese",
        "medications": "Medikamente",
        "allergies": "Allergien",
        "social": "Sozialanamnese",
        "vitals": "Vitalzeichen",
        "examination": "Untersuchung",
        "assessment": "Beurteilung",
        "plan": "Procedere",
    },
    assertions={
        "present": "vorhanden",
        "absent": "verneint",
        "possible": "möglich",
        "historical": "früher",
        "family": "Familie",
        "planned": "geplant",
    },
    states={"draft": "nicht gesichtet", "edited": "geändert", "confirmed": "bestätigt", "discarded": "verworfen"},
    family="betrifft die Familie",
)
_WORDS: dict[Language, _Words] = {"fr": _FRENCH, "en": _ENGLISH, "de": _GERMAN}

_SAID_BY_SECTION: set[tuple[Section, Assertion]] = {
    ("past_history", "historical"),
    ("family_history", "family"),
    ("plan", "planned"),
}
"""Where the heading already says what the assertion would."""


def markdown(view: SessionView, title: str | None, created_at: str) -> str:
    """The note in the session's language: sections in clinical order, each statement with the time at which it can be
    heard. Until it is signed, and again after a later change, it is marked as a draft and each statement says whether
    somebody has looked at it."""
    words = _WORDS[view.config.language]
    is_signed = record.state(view) == "signed"
    lines = [f"# {escape(title) if title else words.title}", "", created_at[:10], "", f"**{_mark(view, words)}**", ""]
    for section in SECTIONS:
        statements = [s for s in view.statements.values() if s.section == section]
        if statements:
            statements.sort(key=lambda s: min((e.start for e in s.evidence), default=0.0))
            items = (f"- {_statement(s, view, words, is_signed)}" for s in statements)
            lines += [f"## {words.sections[section]}", "", *items, ""]
    if not view.statements:
        lines += [words.empty, ""]
    if view.withheld.count and not is_signed:
        lines += [f"*{words.withheld.format(count=view.withheld.count)}*", ""]
    return "\n".join(lines)


def escape(text: str) -> str:
    """Text that Markdown shows as it is: neither markup nor HTML nor a new block can come of it."""
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|~&])", r"\\\1", " ".join(text.split()))


def _mark(view: SessionView, words: _Words) -> str:
    signed = view.signed
    match record.state(view):
        case "signed" if signed is not None:
            by = escape(signed.by)
            return words.signed.format(by=by, signed_at=signed.signed_at, rev=signed.rev, digest=signed.digest)
        case "amended" if signed is not None:
            return words.amended.format(signed_at=signed.signed_at)
        case _:
            return words.draft


def _statement(statement: Statement, view: SessionView, words: _Words, is_signed: bool) -> str:
    marks = []
    if statement.assertion != "present" and (statement.section, statement.assertion) not in _SAID_BY_SECTION:
        marks.append(words.assertions[statement.assertion])
    if statement.subject == "family" and statement.section != "family_history" and statement.assertion != "family":
        marks.append(words.family)
    marks += [f"{code.system} {code.code}" for code in statement.codes]
    if not is_signed:
        marks.append(words.states[statement.state])
    heard = ", ".join(
        f"{clock(evidence.start)} {speaker_label(view, evidence.speaker, view.config.language)}"
        for evidence in statement.evidence
    )
    after = f" *({escape('; '.join(marks))})*" if marks else ""
    return f"{escape(statement.text)}{after}" + (f" — {escape(heard)}" if heard else "")
