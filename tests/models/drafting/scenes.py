"""Short consultations, written as lines: `D` is the practitioner, `P` the patient, `C` a companion, `?` unknown."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from colloque.models.drafting.dialogue import Dialogue
from colloque.models.drafting.engine import LocalNoteEngine
from colloque.models.drafting.lines import lines_of
from colloque.models.drafting.passage import passages
from colloque.models.drafting.reader import Reader
from colloque.streaming.engines import Draft, DraftRequest, Language
from colloque.streaming.note import DraftStatement
from colloque.streaming.transcript import Role, Turn, Word

VOICES: dict[str, tuple[str, Role]] = {
    "D": ("S1", "practitioner"),
    "P": ("S2", "patient"),
    "C": ("S3", "companion"),
    "?": ("S4", "unknown"),
    "!": ("S5", "unknown"),
}


def turns_of(*lines: str, confidence: float = 0.95, open_end: bool = False) -> tuple[Turn, ...]:
    """Turns of a scene: 0.3 s a word, 0.5 s between turns, marks that stand alone belong to the word before."""
    turns: list[Turn] = []
    number, at = 0, 0.0
    for index, line in enumerate(lines):
        voice, _, text = line.partition(": ")
        speaker, role = VOICES[voice]
        words: list[Word] = []
        for part in text.split():
            if words and not any(c.isalnum() for c in part):
                words[-1] = replace(words[-1], text=f"{words[-1].text} {part}")
                continue
            start = round(at * 16_000)
            words.append(Word(f"w0-{number}", part, start, start + 4_000, confidence, speaker, "confirmed"))
            number, at = number + 1, at + 0.3
        last = open_end and index == len(lines) - 1
        turns.append(Turn(f"t0-{index}", 0, speaker, role, tuple(words), None if last else "pause"))
        at += 0.5
    return tuple(turns)


def draft(engine: LocalNoteEngine, language: Language, *lines: str, confidence: float = 0.95) -> Draft:
    """The draft of a scene."""
    return engine.draft(DraftRequest("scene", language, turns_of(*lines, confidence=confidence)))


def note(engine: LocalNoteEngine, language: Language, *lines: str) -> dict[str, DraftStatement]:
    """Key → statement of a scene."""
    return {statement.key: statement for statement in draft(engine, language, *lines).statements}


def texts(engine: LocalNoteEngine, language: Language, *lines: str) -> list[str]:
    """The sentences of a scene's note."""
    return [statement.text for statement in draft(engine, language, *lines).statements]


@cache
def reader(language: Language) -> Reader:
    """One reader a language for all tests: loading it takes seconds."""
    return Reader(language)


def dialogue(language: Language, *lines: str) -> Dialogue:
    """The lines of a scene with their exchanges."""
    heard = passages(turns_of(*lines))
    readings = [reader(language).read(tuple(word.text for word in passage.words)) for passage in heard]
    return Dialogue(reader(language).tables, lines_of(heard, readings))
