from __future__ import annotations

import pytest

from colloque.models.drafting.dosing import contradictory, medication, segments
from colloque.models.drafting.facts import Medication
from colloque.streaming.engines import Language
from tests.models.drafting.scenes import dialogue, reader


def dosed(language: Language, line: str) -> list[Medication]:
    found = dialogue(language, line)
    tables = reader(language).tables
    return [medication(tables, found.lines[0], m, segment)[0] for m, segment in segments(found, found.lines[0])]


@pytest.mark.parametrize(
    ("language", "line", "expected"),
    [
        (
            "fr",
            "P: Paracétamol un gramme, ibuprofène 400 mg.",
            [("Paracétamol", "1 g"), ("ibuprofène", "400 mg")],
        ),
        ("fr", "P: Du paracétamol. Un gramme, deux fois par jour.", [("paracétamol", "1 g")]),
        ("en", "P: One of budesonide with formoterol, one puff.", [("budesonide with formoterol", "1 puff")]),
    ],
)
def test_each_drug_has_what_is_said_of_it(language: Language, line: str, expected: list[tuple[str, str]]) -> None:
    assert [(m.name, m.dose) for m in dosed(language, line)] == expected


@pytest.mark.parametrize(
    "line",
    [
        "P: De la cortisone, 40 mg puis 20 mg.",
        "P: Du paracétamol, un gramme, si besoin.",
        "P: Du paracétamol, normalement un gramme par jour.",
    ],
)
def test_what_is_more_than_one_dose_is_kept_in_words(line: str) -> None:
    (found,) = dosed("fr", line)
    assert found.note and not found.dose


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("P: Du paracétamol trois fois par jour et deux fois par jour.", True),
        ("P: Du paracétamol trois fois par jour, puis deux fois par jour.", False),
        ("P: Du paracétamol deux fois par jour, trois fois par semaine.", False),
        ("P: Du paracétamol trois fois par jour, non, pardon, deux fois par jour.", False),
    ],
)
def test_contradictions(line: str, expected: bool) -> None:
    found = dialogue("fr", line)
    ((_, segment),) = segments(found, found.lines[0])
    assert contradictory(segment) is expected
