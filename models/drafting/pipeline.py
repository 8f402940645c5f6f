"""EDS-NLP as the language engine: tokens, sentences, terms, negation and doubt, in three languages.

EDS-NLP (AP-HP, BSD-3-Clause) is made for French notes. Its tokeniser, normaliser, phrase matcher and qualifiers take
any language's term lists, and ours are made for speech. Two of its qualifiers are not used: `eds.family` marks every
entity of a segment (`j'ai de l'asthme, ma mère aussi`), and `eds.history` reads headings; both are questions of who is
spoken about, which `dialogue.py` answers.
"""

from __future__ import annotations

import bisect
import threading
from typing import Any, NamedTuple

from colloque.models.drafting.drugs import drugs
from colloque.models.drafting.numbers import plain
from colloque.models.drafting.reading import Cue, Mention, Token
from colloque.models.drafting.terms import Tables, load
from colloque.streaming.engines import Language

_QUALIFIER_TERMS = ("pseudo", "preceding", "following", "termination")


class Parsed(NamedTuple):
    """What the pipeline says of a text."""

    tokens: list[Token]
    sentences: list[tuple[int, int]]
    mentions: list[Mention]
    cues: list[Cue]


class ClinicalPipeline:
    """The pipeline of one language. Thread-safe: one text at a time."""

    def __init__(self, language: Language) -> None:
        self.tables: Tables = load(language)
        self._pipe = _build(self.tables)
        self._lock = threading.Lock()

    def parse(self, text: str, word_starts: list[int]) -> Parsed:
        """Reads a text; `word_starts` are the character offsets of its words.

        What spaCy learns of the words while reading is forgotten at once (`memory_zone`), so that a long-running server
        neither grows nor keeps speech.
        """
        with self._lock, self._pipe.vocab.memory_zone():
            doc = self._pipe(text)
            tokens, places = _tokens(doc, word_starts)
            sentences = [(places[s.start], places[s.end - 1] + 1) for s in doc.sents]
            mentions = [_mention(span, places) for span in doc.spans["mentions"]]
            cues = [_cue(span, places) for span in doc.spans["cues"]]
            return Parsed(tokens, sentences, mentions, cues)


def _build(tables: Tables) -> Any:
    # Imported here: EDS-NLP takes seconds and 150 MB, and only an engine that drafts needs it.
    import edsnlp

    labels = tables.labels()
    labels |= {f"drug:{drug.id}": list(drug.names) for drug in drugs(tables.language).values()}
    terms = {label: names for label, names in labels.items() if not _is_cue(label)}
    phrases = {label: names for label, names in labels.items() if _is_cue(label)}
    pipe = edsnlp.blank("eds")
    pipe.add_pipe("eds.normalizer", config={"pollution": False})
    pipe.add_pipe("eds.sentences")
    pipe.add_pipe("eds.matcher", name="terms", config=_matcher(terms, "mentions"))
    pipe.add_pipe("eds.matcher", name="phrases", config=_matcher(phrases, "cues"))
    # Both are made before either is added: making one looks up the metadata of the pipes that are there.
    for qualifier in (_negation(pipe, tables), _doubt(pipe, tables)):
        pipe.add_pipe(qualifier)
    return pipe


def _negation(pipe: Any, tables: Tables) -> Any:
    from edsnlp.pipes.qualifiers.negation.negation import NegationQualifier

    class Negation(NegationQualifier):  # type: ignore[misc]
        """Without the conjugated verbs of written French notes, which cost 60 MB."""

        def load_verbs(self, verbs: list[str]) -> tuple[list[str], list[str]]:
            return [], []

    terms = {name: list(tables.cues[f"negation.{name}"]) for name in _QUALIFIER_TERMS}
    return Negation(pipe, "negation", **terms, preceding_regex=[], verbs=[], span_getter="mentions", explain=True)


def _doubt(pipe: Any, tables: Tables) -> Any:
    from edsnlp.pipes.qualifiers.hypothesis.hypothesis import HypothesisQualifier

    class Doubt(HypothesisQualifier):  # type: ignore[misc]
        """Without verbs, likewise. Conditions (`si`, `if`, `wenn`) are phrases of their own: they are no doubt."""

        def load_verbs(self, verbs_hyp: list[str], verbs_eds: list[str]) -> tuple[list[str], list[str]]:
            return [], []

    terms = {name: list(tables.cues[f"uncertain.{name}"]) for name in _QUALIFIER_TERMS}
    return Doubt(pipe, "doubt", **terms, verbs_hyp=[], verbs_eds=[], span_getter="mentions", explain=True)


def _is_cue(label: str) -> bool:
    return label.partition(":")[0] in ("cue", "topic", "plan", "unit")


def _matcher(terms: dict[str, list[str]], group: str) -> dict[str, Any]:
    return {"terms": terms, "attr": "NORM", "span_setter": {group: True}}


def _tokens(doc: Any, word_starts: list[int]) -> tuple[list[Token], list[int]]:
    """Our tokens, and for each of spaCy's the index of ours. A number and its decimals are one: `2` `,` `25`."""
    tokens: list[Token] = []
    places: list[int] = []
    at = 0
    while at < len(doc):
        parts = 3 if _is_decimal(doc, at) else 1
        text = "".join(doc[i].text for i in range(at, at + parts))
        first = bisect.bisect_right(word_starts, doc[at].idx) - 1
        last = bisect.bisect_right(word_starts, doc[at].idx + len(text) - 1) - 1
        tokens.append(Token(text, plain(text), bool(doc[at + parts - 1].whitespace_), first, last))
        places += [len(tokens) - 1] * parts
        at += parts
    return tokens, places


def _is_decimal(doc: Any, at: int) -> bool:
    if at + 2 >= len(doc) or doc[at].whitespace_ or doc[at + 1].whitespace_:
        return False
    return doc[at].text.isdigit() and doc[at + 1].text in (".", ",") and doc[at + 2].text.isdigit()


def _mention(span: Any, places: list[int]) -> Mention:
    kind, _, name = span.label_.partition(":")
    cues = [*span._.negation_cues, *span._.hypothesis_cues]
    return Mention(
        kind,
        name,
        places[span.start],
        places[span.end - 1] + 1,
        negated=bool(span._.negation),
        uncertain=bool(span._.hypothesis),
        cues=tuple(dict.fromkeys((places[cue.start], places[cue.end - 1] + 1) for cue in cues)),
    )


def _cue(span: Any, places: list[int]) -> Cue:
    kind, _, name = span.label_.partition(":")
    return Cue(name if kind == "cue" else span.label_, places[span.start], places[span.end - 1] + 1)
