"""A short consultation as a view, for tests of what is made from views."""

from __future__ import annotations

from dataclasses import replace

from colloque.streaming import messages as m
from colloque.streaming.audio import samples
from colloque.streaming.config import TrackSpec
from colloque.streaming.engines import Language
from colloque.streaming.note import Assertion, Code, Evidence, Section, Statement, StatementState, Subject
from colloque.streaming.transcript import Word
from colloque.streaming.view import SessionView


def word(number: int, text: str, start_s: float, end_s: float, speaker: str | None) -> Word:
    """A committed word of the first track."""
    return Word(f"w0-{number}", text, samples(start_s), samples(end_s), 0.9, speaker, "confirmed")


def words(first: int, text: str, start_s: float, speaker: str | None, step_s: float = 0.5) -> tuple[Word, ...]:
    """Words of `text`, one every `step_s`, each 0.4 s long."""
    return tuple(
        word(first + i, part, start_s + i * step_s, start_s + i * step_s + 0.4, speaker)
        for i, part in enumerate(text.split())
    )


def statement(
    identifier: str = "n-1",
    text: str = "Toux depuis trois jours",
    *,
    section: Section = "reason",
    assertion: Assertion = "present",
    subject: Subject = "patient",
    state: StatementState = "draft",
    start_s: float = 4.0,
    codes: tuple[Code, ...] = (),
    rev: int = 1,
) -> Statement:
    """A statement that rests on words of the patient."""
    evidence = (Evidence(("w0-5", "w0-6"), start_s, start_s + 1.5, "S2", "je tousse"),)
    return Statement(identifier, section, text, assertion, subject, 0.8, state, evidence, codes, rev)


def view(language: Language = "fr", *statements: Statement) -> SessionView:
    """Practitioner asks, patient answers; the note holds the statements."""
    state = SessionView(config=m.SessionConfigured(language, (TrackSpec("room"),)))
    events: list[m.ServerEvent] = [
        m.StateChanged("live", "consent_given"),
        m.TranscriptFinal("t1", 0, words(1, "Bonjour, qu'est-ce qui vous amène ?", 1.0, "S1")),
        m.TurnEnded("t1", "speaker"),
        m.TranscriptFinal("t2", 0, words(7, "Je tousse depuis trois jours.", 4.0, "S2")),
        m.SpeakerUpdate("S1", "practitioner", 0.9, "confirmed"),
        m.SpeakerUpdate("S2", "patient", 0.9, "confirmed"),
    ]
    events += [m.NoteUpsert(rev, replace(s, rev=rev)) for rev, s in enumerate(statements, start=1)]
    for event in events:
        state.apply(event)
    return state
