from __future__ import annotations

import pytest

from colloque.streaming.engines import Language
from tests.models.written.spelled import rendered


@pytest.mark.parametrize(
    ("language", "said", "written"),
    [
        ("fr", "trente-huit cinq de fièvre.", "38,5 °C de fièvre."),
        ("fr", "trente-huit virgule cinq degrés", "38,5 °C"),
        ("fr", "trente-huit degrés cinq", "38,5 °C"),
        ("fr", "La température est à trente-neuf un.", "La température est à 39,1 °C."),
        ("fr", "38.5 de fièvre", "38,5 °C de fièvre"),
        ("fr", "39 de fièvre", "39 °C de fièvre"),
        ("en", "a temperature of thirty-eight point five", "a temperature of 38.5 °C"),
        ("en", "a fever of 101.5 degrees", "a fever of 101.5 °F"),
        ("en", "101 degrees Fahrenheit", "101 °F"),
        ("de", "achtunddreißig fünf Fieber", "38,5 °C Fieber"),
        ("de", "Fieber von 38,5 Grad", "Fieber von 38,5 °C"),
        ("fr", "La tension est à quatorze huit.", "La tension est à 14/8."),
        ("fr", "tension à cent quarante sur quatre-vingts", "tension à 140/80"),
        ("fr", "Quatorze sur huit.", "14/8."),
        ("fr", "tension 14 8", "tension 14/8"),
        ("fr", "tension à 14,8", "tension à 14/8"),
        ("en", "blood pressure is one twenty over eighty", "blood pressure is 120/80"),
        ("en", "120 over 80", "120/80"),
        ("de", "Blutdruck hundertvierzig zu neunzig", "Blutdruck 140/90"),
        ("fr", "un mètre soixante-quinze", "1,75 m"),
        ("fr", "1m75.", "1,75 m."),
        ("de", "ein Meter achtzig", "1,80 m"),
        ("fr", "le pouls à quatre-vingt-deux.", "le pouls à 82/min."),
        ("fr", "il sature à 97", "il sature à 97 %"),
        ("en", "respiratory rate eighteen.", "respiratory rate 18/min."),
        ("de", "der Puls sechsundsiebzig.", "der Puls 76/min."),
        ("fr", "HbA1c à sept virgule deux", "HbA1c à 7,2 %"),
    ],
)
def test_vital_signs(language: Language, said: str, written: str) -> None:
    assert rendered(said, language) == written


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "une flexion à quarante degrés"),
        ("fr", "de la fièvre, trente-neuf un peu tard"),
        ("fr", "sept sur dix"),
        ("fr", "la tension est à quatorze"),
        ("fr", "quatorze huit"),
        ("fr", "un mètre cinq"),
        ("fr", "la tension, dix sur douze"),
        ("en", "seven over ten"),
        ("en", "one twenty to one thirty over seventy to eighty"),
        ("en", "the pulse is fine in ninety people"),
    ],
)
def test_what_is_no_vital_sign_stays(language: Language, text: str) -> None:
    assert rendered(text, language) == text
