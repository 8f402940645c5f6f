from __future__ import annotations

import pytest

from colloque.streaming.engines import Language
from tests.models.written.spelled import rendered


@pytest.mark.parametrize(
    ("language", "said", "written"),
    [
        ("fr", "le quinze mars deux mille vingt-quatre", "le 15 mars 2024"),
        ("fr", "en deux mille dix-huit.", "en 2018."),
        ("fr", "à huit heures trente", "à 8 h 30"),
        ("fr", "8h30", "8 h 30"),
        ("fr", "une heure trente", "1 h 30"),
        ("en", "in nineteen ninety-four.", "in 1994."),
        ("de", "am fünfzehnten März", "am 15. März"),
        ("de", "am dritten Mai", "am 3. Mai"),
        ("de", "um acht Uhr dreißig", "um 8:30 Uhr"),
        ("de", "um acht Uhr", "um 8 Uhr"),
    ],
)
def test_dates_and_times(language: Language, said: str, written: str) -> None:
    assert rendered(said, language) == written


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "le premier mars à huit heures et demie"),
        ("fr", "à huit heures quatre cents"),
        ("en", "two may help"),
        ("de", "die letzten Tage im Mai"),
    ],
)
def test_other_numbers_stay(language: Language, text: str) -> None:
    assert rendered(text, language) == text
