from __future__ import annotations

import pytest

from colloque.models.drafting.engine import LocalNoteEngine
from colloque.streaming.engines import Language
from tests.models.drafting.scenes import note


@pytest.mark.parametrize(
    ("language", "line", "assertion", "text"),
    [
        ("fr", "Le foie est souple, sans masse.", "present", "Foie souple, sans masse."),
        ("fr", "Le signe de Babinski est négatif.", "absent", "Signe de Babinski négatif."),
        ("fr", "Je note un nodule rouge au poignet.", "present", "Nodule rouge au poignet."),
        ("en", "No crackles.", "absent", "No crackles."),
        ("en", "I hear a soft murmur at the apex.", "present", "Soft murmur at the apex."),
        ("de", "Der Bauch ist weich.", "present", "Bauch weich."),
    ],
)
def test_findings_in_the_practitioners_words(
    engine: LocalNoteEngine, language: Language, line: str, assertion: str, text: str
) -> None:
    start = {"fr": "D: Je vous examine.", "en": "D: Let me examine you.", "de": "D: Ich untersuche Sie."}[language]
    (statement,) = note(engine, language, start, f"D: {line}").values()
    assert (statement.section, statement.assertion, statement.text) == ("examination", assertion, text)


def test_one_finding_a_sign(engine: LocalNoteEngine) -> None:
    found = note(engine, "fr", "D: Le cœur est régulier, l'abdomen est souple.")
    assert {s.text for s in found.values()} == {"Cœur régulier.", "Abdomen souple."}


@pytest.mark.parametrize(
    "lines",
    [
        ("P: J'ai la gorge rouge et sèche.",),
        ("D: La gorge est rouge ?",),
        ("D: La peau est rouge, peut-être, difficile à dire sans lumière.",),
        ("D: Si la gorge devient rouge, revenez.",),
    ],
)
def test_no_finding(engine: LocalNoteEngine, lines: tuple[str, ...]) -> None:
    assert not any(key.startswith("finding:") for key in note(engine, "fr", *lines))
