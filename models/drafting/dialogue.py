"""Who asks, who answers, and of whom they speak."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

from colloque.models.drafting.lines import Line, Said
from colloque.models.drafting.reading import Cue, Mention
from colloque.models.drafting.terms import Tables

Polarity = Literal["yes", "no"]
_CHILDREN = ("son", "daughter")
_PARTNERS = ("husband", "wife")
SAME_VOICE = 0.6
"""Certainty of an answer in the voice that asked."""
_HEAD_TOKENS = 1
"""Tokens before the words that make a sentence a question (`Donc est-ce que ...`)."""
_ANSWER_REACH = 8
"""Lines after a question in which its answer is looked for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered to a question."""

    lines: tuple[Line, ...]
    polarity: Polarity | None
    cue: tuple[Line, Cue] | None
    """The `yes` or `no`."""
    hedged: bool
    """True where the answer goes on with a `but`, a doubt or an exception."""
    certainty: float


@dataclass(frozen=True, slots=True)
class Exchange:
    """Questions of one speaker in a row, and the answer to them."""

    questions: tuple[Line, ...]
    answer: Answer | None
    settled: bool
    """True where the conversation has gone on, so that no answer is to be expected any more."""

    def topics(self) -> list[str]:
        """Topics that the questions touch."""
        return list(dict.fromkeys(topic for line in self.questions for topic in line.topics()))


@dataclass(slots=True)
class Dialogue:
    """The lines of a consultation with their exchanges."""

    tables: Tables
    lines: list[Line]
    questions: set[int] = field(default_factory=set)
    """Indexes of lines that ask."""
    exchanges: list[Exchange] = field(default_factory=list)
    answering: dict[int, Exchange] = field(default_factory=dict)
    """Index of an answering line → its exchange."""

    def __post_init__(self) -> None:
        self.questions = {line.index for line in self.lines if self._asks(line)}
        self._pair()

    def statements(self) -> Iterator[Line]:
        """Lines that do not ask."""
        return (line for line in self.lines if line.index not in self.questions)

    def after(self, line: Line, count: int = _ANSWER_REACH) -> list[Line]:
        """The next lines."""
        return self.lines[line.index + 1 : line.index + 1 + count]

    def next_voice(self, line: Line) -> Line | None:
        """The first of the next lines that somebody else says."""
        return next((other for other in self.after(line) if other.speaker != line.speaker), None)

    def before_in_passage(self, line: Line, count: int) -> list[Line]:
        """Earlier lines of the same passage, the nearest first."""
        earlier = self.lines[max(0, line.index - count) : line.index]
        return [other for other in reversed(earlier) if other.passage is line.passage]

    def polarity_of(self, line: Line) -> tuple[Polarity, Cue] | None:
        """The `yes` or `no` that a line begins with, or that stands apart in it (`des frissons, oui`)."""
        at = self._head(line)
        marks = [("yes", cue) for cue in line.cues("answer.yes", "answer.some")]
        marks += [("no", cue) for cue in line.cues("answer.no")]
        marks = [(p, c) for p, c in marks if line.reading.tokens[c.start].norm != "i" or self._ends(line, c)]
        head = [(p, c) for p, c in marks if c.start == at] or [(p, c) for p, c in marks if self._apart(line, c)]
        if not head:
            return None
        polarity, cue = max(head, key=lambda pair: (-pair[1].start, pair[1].end))
        return ("yes" if polarity == "yes" else "no"), cue

    @staticmethod
    def _head(line: Line) -> int:
        """Where a sentence begins behind `ah`, `well`, `also`."""
        leads = {token for cue in line.cues("answer.lead") for token in range(cue.start, cue.end)}
        at = line.start
        while at < line.end and (at in leads or line.reading.tokens[at].text in (",", ".", "-", "…")):
            at += 1
        return at

    @staticmethod
    def _apart(line: Line, cue: Cue) -> bool:
        """Between commas or at the end: `Not pain, no.`"""
        tokens = line.reading.tokens
        return cue.start > line.start and tokens[cue.start - 1].text == "," and Dialogue._ends(line, cue)

    @staticmethod
    def _ends(line: Line, cue: Cue) -> bool:
        return cue.end >= line.end or line.reading.tokens[cue.end].text in (",", ".", "!", "?")

    def _asks(self, line: Line) -> bool:
        if line.marked_question:
            return True
        if line.asks and self._decides(line):
            return False
        begin = self._head(line)
        head = any(cue.start - begin <= _HEAD_TOKENS for cue in line.cues("cue.question"))
        if head or not line.asks:
            return head
        if any(cue.start <= begin or self._asks_at_the_end(line) for cue in line.cues("cue.ask")):
            return True
        warns = line.has("uncertain.conditional") and line.has("cue.emergency")
        if warns or self._assesses(line):
            return False
        if line.has("cue.second") and (line.topics() or any(True for _ in line.mentions("symptom", "habit"))):
            return True
        nearest = self.next_voice(line)
        topical = line.topics() or any(True for _ in line.mentions("symptom", "condition", "habit", "status", "drug"))
        return bool(topical and nearest and nearest.passage.role != "practitioner" and self.polarity_of(nearest))

    def _asks_at_the_end(self, line: Line) -> bool:
        """French puts the question word last: `Vous pesez combien`."""
        return self.tables.language == "fr" and line.has("cue.second")

    def _decides(self, line: Line) -> bool:
        return any(self.tables.plans[cue.name.removeprefix("plan:")].strong for cue in line.plans()) or bool(
            line.plans() and any(True for _ in line.mentions("drug", "order"))
        )

    @staticmethod
    def _assesses(line: Line) -> bool:
        if line.role != "practitioner":
            return False
        judged = line.has("cue.assessing") and not line.has("cue.second")
        found = any(True for _ in line.mentions("sign")) and any(True for _ in line.mentions("quality"))
        return found or (judged and any(True for _ in line.mentions("condition")))

    def _pair(self) -> None:
        for _, group in groupby(self.lines, key=lambda line: id(line.passage)):
            asked: list[Line] = []
            passage = list(group)
            for line in passage:
                if line.index in self.questions:
                    asked.append(line)
                elif asked and self._answers_itself(line):
                    self._add(asked, [line], certainty=SAME_VOICE)
                    asked = []
            if asked:
                self._add(asked, self._replies(asked[0], passage[-1]))

    def _answers_itself(self, line: Line) -> bool:
        """A `no` at the head of a sentence in the voice that asked: the diariser may have missed the change."""
        found = self.polarity_of(line)
        return found is not None and found[1].start - line.start <= 1

    def _replies(self, first: Line, last: Line) -> list[Line]:
        replies: list[Line] = []
        for line in self.after(last):
            if line.speaker != first.speaker:
                replies.append(line)
            elif not self._only_agrees(line):
                break
        return replies

    def _add(self, asked: list[Line], replies: list[Line], certainty: float = 1.0) -> None:
        settled = bool(replies) or asked[-1].index + 2 < len(self.lines)
        exchange = Exchange(tuple(asked), self._answer(asked, replies, certainty), settled)
        self.exchanges.append(exchange)
        for line in replies:
            self.answering.setdefault(line.index, exchange)

    def _only_agrees(self, line: Line) -> bool:
        """`D'accord.` `Mm.`: the speaker only shows that he or she listens."""
        agreed = sum(cue.end - cue.start for cue in line.cues("answer.agreement"))
        words = sum(token.text[0].isalnum() for token in line.tokens)
        return agreed >= words

    def _answer(self, asked: list[Line], replies: list[Line], certainty: float) -> Answer | None:
        statements = [line for line in replies if line.index not in self.questions or self.polarity_of(line)]
        if not statements:
            return None
        found = self.polarity_of(statements[0])
        return Answer(
            tuple(statements),
            found[0] if found else None,
            (statements[0], found[1]) if found else None,
            self._hedged(statements, found[1].end if found else statements[0].start),
            min(certainty, asked[0].certainty, statements[0].certainty),
        )

    @staticmethod
    def _hedged(statements: list[Line], after: int) -> bool:
        """A `but` after the yes or no, or a second sentence that begins with one or doubts."""
        if any(cue.start >= after for cue in statements[0].cues("answer.hedge")):
            return True
        if len(statements) < 2:
            return False
        second = statements[1]
        if second.has("uncertain.conditional"):
            return False
        heads = any(cue.start - second.start <= 1 for cue in second.cues("answer.hedge"))
        return heads or second.has("uncertain.doubt")

    def subject_of(self, line: Line, mention: Mention) -> str | None:
        """Of whom something is said: `patient`, the relative's identity, `companion`, or None where that is unclear."""
        if any(other.start < mention.start for other in line.mentions("other_person")):
            return None
        if line.role == "unknown" and line.has("cue.first") and self._third_person(line):
            return None  # `Moi, je suis allergique, mais elle, non`: a patient, or a companion?
        subject = self._subject_at_start(line)
        for start, who in self._people(line):
            if start < mention.start:
                subject = who
        behind = [who for start, who in self._people(line) if start >= mention.end]
        if subject == "patient" and behind and behind[0] not in ("patient",) and not line.has("cue.first"):
            return None if not self._set_apart(line, mention) else "patient"
        return subject

    def relative_of(self, line: Line, subject: str) -> tuple[str, Said]:
        """How a note names a relative, and where he or she is named: in this sentence or the one before."""
        for source in (line, *self.before_in_passage(line, 1)):
            for mention in source.mentions("relative"):
                if mention.id == subject:
                    label = self.tables.concepts["relative", subject].label
                    return label, source.said(mention.start, mention.end)
        return self.tables.phrases["companion"], line.whole()

    def _people(self, line: Line) -> list[tuple[int, str]]:
        """Where the sentence turns to somebody."""
        spoken = line.role == "companion"
        found = [(m.start, self._relative(line, m)) for m in line.mentions("relative")]
        found += [(cue.start, "companion" if spoken else "patient") for cue in line.cues("cue.first")]
        if spoken:
            apart = {m.start for m in line.mentions("relative")}
            found += [(cue.start, "patient") for cue in line.cues("cue.third") if cue.start not in apart]
        return sorted(found)

    @staticmethod
    def _relative(line: Line, mention: Mention) -> str:
        """Who a relative is to the patient. A companion's child or partner is taken for the patient."""
        if line.role == "companion" and mention.id in (*_CHILDREN, *_PARTNERS):
            return "patient"
        return mention.id

    def _subject_at_start(self, line: Line) -> str:
        """`Il a aussi...` after a sentence about the father goes on about the father."""
        if line.role == "companion" or not self._third_person_only(line):
            return "patient"
        for earlier in self.before_in_passage(line, 1):
            people = self._people(earlier)
            if people and people[-1][1] != "patient":
                return people[-1][1]
        return "patient"

    @staticmethod
    def _third_person_only(line: Line) -> bool:
        third = Dialogue._third_person(line)
        return bool(third) and third[0].start - line.start <= 2 and not line.has("cue.first")

    @staticmethod
    def _third_person(line: Line) -> list[Cue]:
        """`il`, `elle`, ..., but not `il faut`."""
        impersonal = {cue.start for cue in line.cues("cue.impersonal")}
        return [cue for cue in line.cues("cue.third") if cue.start not in impersonal]

    @staticmethod
    def _set_apart(line: Line, mention: Mention) -> bool:
        """`Le diabète, non, c'est mon oncle`: the answer about the patient stands before the relative."""
        marks = [*line.cues("answer.yes"), *line.cues("answer.no")]
        return any(0 <= cue.start - mention.end <= 2 for cue in marks)
