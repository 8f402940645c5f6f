from __future__ import annotations

import pytest

from colloque.models.drafting.numbers import plain
from colloque.models.drafting.terms import expanded, flagged, load, measures
from colloque.streaming.engines import Language
from colloque.streaming.note import SECTIONS

LANGUAGES: tuple[Language, ...] = ("fr", "en", "de")


def test_patterns() -> None:
    assert expanded("mal (à|au) ventre(s)") == [
        "mal à ventre",
        "mal à ventres",
        "mal au ventre",
        "mal au ventres",
    ]
    assert expanded("(très |)mal") == ["très mal", "mal"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_concept_can_be_found_and_written(language: Language) -> None:
    for concept in load(language).concepts.values():
        assert concept.label and concept.absent, concept
        assert concept.terms, concept
        assert all(term == term.strip() and term for term in concept.terms), concept


@pytest.mark.parametrize("language", LANGUAGES)
def test_absence_and_label_are_apart(language: Language) -> None:
    concept = load(language).concepts["symptom", "fever"]
    assert plain(concept.absent).endswith(plain(concept.label)) and concept.absent != concept.label


@pytest.mark.parametrize("language", LANGUAGES)
def test_topics_and_measures_belong_to_sections(language: Language) -> None:
    assert {topic.section for topic in load(language).topics.values()} <= set(SECTIONS)
    assert {measure.section for measure in measures().values()} <= set(SECTIONS)
    assert all(measure.low < measure.high for measure in measures().values())


def test_languages_share_their_phrases_cues_and_measures() -> None:
    tables = [load(language) for language in LANGUAGES]
    for other in tables[1:]:
        assert set(other.phrases) == set(tables[0].phrases)
        assert set(other.cues) == set(tables[0].cues)
        assert {k for k in other.concepts if k[0] == "measure"} == {k for k in tables[0].concepts if k[0] == "measure"}


def test_flags_name_concepts_that_exist() -> None:
    known = {(kind, name) for language in LANGUAGES for kind, name in load(language).concepts}
    assert {("symptom", name) for name in flagged("symptom", "sited")} <= known
    assert {("condition", name) for name in flagged("condition", "lasting")} <= known
    assert {("measure", name) for name in measures()} <= known
