"""The note engine: committed turns in, grounded statements out. Local rules and term tables, no network, no weights.

Facts first, text second: each passage is read once (`reader`), the dialogue says who asks and who answers
(`dialogue`), each kind of fact has an extractor, `merge` makes one fact of one thing, `writing` words it, and
`grounding` lets nothing through that its evidence does not say.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator

from colloque.models.drafting.allergies import allergies
from colloque.models.drafting.assessment import assessments
from colloque.models.drafting.complaints import complaints
from colloque.models.drafting.dialogue import Dialogue
from colloque.models.drafting.evidence import confidence_of, evidence_of
from colloque.models.drafting.examination import findings
from colloque.models.drafting.facts import Fact
from colloque.models.drafting.grounding import grounded
from colloque.models.drafting.illnesses import illnesses
from colloque.models.drafting.lines import lines_of
from colloque.models.drafting.measurements import measurements
from colloque.models.drafting.medications import medications
from colloque.models.drafting.merge import merged
from colloque.models.drafting.passage import Passage, passages
from colloque.models.drafting.plans import plans
from colloque.models.drafting.reader import Reader
from colloque.models.drafting.reading import Reading
from colloque.models.drafting.terms import Tables
from colloque.models.drafting.topics import topics
from colloque.models.drafting.writing import write
from colloque.streaming.engines import Draft, DraftRequest, Language
from colloque.streaming.note import DraftStatement

THRESHOLD = 0.5
"""Confidence below which a statement is withheld and counted."""
SESSIONS_MAX = 64
READINGS_MAX = 2000
"""Passages kept per session: more than an hour of talk. The oldest are read again when they are needed."""

_EXTRACTORS: tuple[Callable[[Dialogue], Iterator[Fact]], ...] = (
    complaints,
    illnesses,
    allergies,
    medications,
    measurements,
    findings,
    assessments,
    plans,
    topics,
)


class LocalNoteEngine:
    """Implements `colloque.streaming.engines.NoteEngine`. Thread-safe; sessions do not share what was read."""

    def __init__(self, threshold: float = THRESHOLD) -> None:
        self.threshold = threshold
        self._readers: dict[Language, Reader] = {}
        self._sessions: OrderedDict[str, OrderedDict[tuple[str, ...], Reading]] = OrderedDict()
        self._lock = threading.Lock()

    def warm_up(self, languages: tuple[Language, ...]) -> None:
        """Loads the tables and the pipelines of these languages (blocking, seconds)."""
        for language in languages:
            self._reader(language).read(("...",))

    def draft(self, request: DraftRequest) -> Draft:
        """All statements that the turns allow (blocking); the same turns always give the same draft.

        Reading costs by what is new; putting the facts together is done anew each time and takes milliseconds.
        """
        reader = self._reader(request.language)
        heard = passages(request.turns)
        readings = [self._reading(request.session_id, reader, passage) for passage in heard]
        dialogue = Dialogue(reader.tables, lines_of(heard, readings))
        statements: list[DraftStatement] = []
        withheld: Counter[str] = Counter()
        for fact in merged(fact for extract in _EXTRACTORS for fact in extract(dialogue)):
            reason, statement = self._judged(fact, reader.tables)
            if statement is not None:
                statements.append(statement)
            else:
                withheld[reason] += 1
        return Draft(tuple(statements), dict(sorted(withheld.items())))

    def forget(self, session_id: str) -> None:
        """Drops what was read for a session."""
        with self._lock:
            self._sessions.pop(session_id, None)

    def shut_down(self) -> None:
        """Drops everything."""
        with self._lock:
            self._sessions.clear()
            self._readers.clear()

    def _reader(self, language: Language) -> Reader:
        with self._lock:
            if language not in self._readers:
                self._readers[language] = Reader(language)
            return self._readers[language]

    def _reading(self, session_id: str, reader: Reader, passage: Passage) -> Reading:
        words = tuple(word.text for word in passage.words)
        with self._lock:
            kept = self._sessions.setdefault(session_id, OrderedDict())
            self._sessions.move_to_end(session_id)
            while len(self._sessions) > SESSIONS_MAX:
                self._sessions.popitem(last=False)
            reading = kept.get(words)
            if reading is not None:
                kept.move_to_end(words)
                return reading
        reading = reader.read(words)
        with self._lock:
            kept[words] = reading
            while len(kept) > READINGS_MAX:
                kept.popitem(last=False)
        return reading

    def _judged(self, fact: Fact, tables: Tables) -> tuple[str, DraftStatement | None]:
        """The statement of a fact, or why there is none."""
        if fact.hold is not None:
            return fact.hold, None
        text, evidence = write(fact, tables), evidence_of(fact.said)
        if not grounded(fact, text, evidence, tables):
            return "ungrounded", None
        confidence = confidence_of(fact.said, fact.certainty)
        if confidence < self.threshold:
            return "low_confidence", None
        return "", DraftStatement(
            key=fact.key,
            section=fact.section,
            text=text,
            assertion=fact.assertion,
            subject=fact.subject,
            confidence=confidence,
            evidence=evidence,
            codes=fact.codes,
        )
