"""The written form of a turn: `trente-huit cinq` as `38,5 °C`, `amoxycilline` as `amoxicilline`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from colloque.models.written.amounts import amounts
from colloque.models.written.dates import dates
from colloque.models.written.drug_names import DrugNames
from colloque.models.written.line import Edit, Line, read_line
from colloque.models.written.numerals import numerals
from colloque.models.written.vitals import Vitals
from colloque.models.written.vocabulary import vocabulary
from colloque.streaming.engines import Language, Written


class WrittenForm:
    """Implements `colloque.streaming.engines.Writer` with rules. Without state: the same words give the same answer.

    A value never changes: where two readings are possible, the words stay as they were said.
    """

    def __init__(self, languages: Iterable[Language] = ("fr", "en", "de")) -> None:
        self._vocabularies = {language: vocabulary(language) for language in languages}
        self._drugs = {language: DrugNames(language) for language in self._vocabularies}

    def write(self, words: Sequence[str], language: Language) -> tuple[Written, ...]:
        """What is written otherwise than it was said, in order, without overlap.

        Raises KeyError for a language that it was not made for.
        """
        known = self._vocabularies[language]
        line = read_line(words)
        if not line.tokens:
            return ()
        found = numerals(line, known)
        edits: list[Edit] = []
        if found:
            edits += Vitals(line, found, known).edits()
            edits += dates(line, found, known)
            edits += amounts(line, found, known)
        elif language == "de":
            edits += dates(line, found, known)
        edits += self._drugs[language].edits(line, found, known)
        return _written(line, words, _apart(edits))


def _apart(edits: Iterable[Edit]) -> list[Edit]:
    """Edits in order without overlap; the first found wins."""
    kept: list[Edit] = []
    for edit in edits:
        if not any(edit.start < other.end and other.start < edit.end for other in kept):
            kept.append(edit)
    return sorted(kept)


def _written(line: Line, words: Sequence[str], edits: Sequence[Edit]) -> tuple[Written, ...]:
    groups: list[tuple[int, int, list[Edit]]] = []
    for edit in edits:
        first, last = line.words_of(edit.start, edit.end)
        if groups and first < groups[-1][1]:
            start, end, together = groups.pop()
            groups.append((start, max(last, end), [*together, edit]))
        else:
            groups.append((first, last, [edit]))
    found = []
    for first, last, together in groups:
        start, end = line.span_of(first, last)
        text, at = "", start
        for edit in together:
            text += line.text[at : line.tokens[edit.start].start] + edit.text
            at = line.tokens[edit.end - 1].end
        text += line.text[at:end]
        if text != line.text[start:end]:
            found.append(Written(first, last, text))
    return tuple(found)
