from __future__ import annotations

import pytest

from colloque.streaming.engines import Language
from tests.models.written.spelled import rendered


@pytest.mark.parametrize(
    ("language", "said", "written"),
    [
        ("fr", "Un gramme, matin et soir.", "1 g, matin et soir."),
        ("fr", "500 milligrammes", "500 mg"),
        ("fr", "deux comprimés par jour", "2 comprimés par jour"),
        ("fr", "un comprimé le matin", "1 comprimé le matin"),
        ("fr", "deux à trois comprimés", "2 à 3 comprimés"),
        ("fr", "pendant cinq jours", "pendant 5 jours"),
        ("fr", "trois fois par jour", "3 fois par jour"),
        ("fr", "toutes les six heures", "toutes les 6 heures"),
        ("fr", "quinze milligrammes par kilo par jour", "15 mg/kg par jour"),
        ("fr", "elle a quarante-deux ans", "elle a 42 ans"),
        ("fr", "quatre-vingt-dix-sept pour cent", "97 %"),
        ("fr", "95%", "95 %"),
        ("fr", "soixante-douze kilos", "72 kg"),
        ("fr", "mille unités internationales", "1000 UI"),
        ("fr", "38.5", "38,5"),
        ("en", "five hundred milligrams", "500 mg"),
        ("en", "one gram twice a day", "1 g twice a day"),
        ("en", "three times a day", "3 times a day"),
        ("en", "a forty-two-year-old man", "a 42-year-old man"),
        ("en", "zero point five milligrams", "0.5 mg"),
        ("en", "seven percent", "7%"),
        ("de", "fünfhundert Milligramm", "500 mg"),
        ("de", "ein Gramm morgens", "1 g morgens"),
        ("de", "zwei Tabletten täglich", "2 Tabletten täglich"),
        ("de", "zwei Komma fünf Milligramm", "2,5 mg"),
        ("de", "2.5 Milligramm", "2,5 mg"),
        ("de", "seit zehn Jahren", "seit 10 Jahren"),
    ],
)
def test_numbers_with_a_unit(language: Language, said: str, written: str) -> None:
    assert rendered(said, language) == written


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "un peu d'eau, une fois, une semaine, un kilo et un médecin neuf"),
        ("fr", "deux enfants, trois fois, mille mercis"),
        ("fr", "à quatre heures, deux minutes"),
        ("fr", "un gramme et demi"),
        ("fr", "deux kilos cinq cents"),
        ("fr", "la moitié d'un gramme"),
        ("fr", "1/2 comprimé"),
        ("fr", "deux fois"),
        ("en", "one of them, a gram, half a gram, point five milligrams"),
        ("en", "at one point two people came three times"),
        ("en", "one and a half tablets"),
        ("de", "ein bisschen, eine Woche, zwei Kinder, zweimal"),
        ("de", "um 8.30 Uhr"),
    ],
)
def test_what_is_in_doubt_stays(language: Language, text: str) -> None:
    assert rendered(text, language) == text
