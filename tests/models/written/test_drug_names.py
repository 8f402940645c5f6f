from __future__ import annotations

import pytest

from colloque.models.written.drug_names import listed_names
from colloque.streaming.engines import Language
from tests.models.written.spelled import rendered


def test_international_names_of_the_list_are_in_lower_case() -> None:
    names = listed_names()
    assert names["doliprane"] == "DOLIPRANE"
    assert names["amoxicilline"] == "amoxicilline"


@pytest.mark.parametrize(
    ("language", "said", "written"),
    [
        ("fr", "de l'Amoxicilline et du paracetamol", "de l'amoxicilline et du paracétamol"),
        ("fr", "du doliprane", "du Doliprane"),
        ("fr", "Paracetamol.", "Paracétamol."),
        ("fr", "du levothyrox", "du Lévothyrox"),
        ("fr", "de la Vitamine D", "de la vitamine D"),
        ("fr", "amoxicillin 1 gramme", "amoxicilline 1 g"),
        ("en", "some Ibuprofen and tylenol", "some ibuprofen and Tylenol"),
        ("en", "paracétamol", "paracetamol"),
        ("de", "ibuprofen oder ass", "Ibuprofen oder ASS"),
        ("de", "amoxicilline", "Amoxicillin"),
        ("fr", "du spasfon", "du Spasfon"),
    ],
)
def test_names_in_the_form_of_the_language(language: Language, said: str, written: str) -> None:
    assert rendered(said, language) == written


@pytest.mark.parametrize(
    ("language", "said", "written"),
    [
        ("fr", "amoxycilline un gramme", "amoxicilline 1 g"),
        ("fr", "Vous prenez du dolipram.", "Vous prenez du Doliprane."),
        ("en", "amoxycilin five hundred milligrams", "amoxicillin 500 mg"),
        ("de", "Metphormin tausend Milligramm", "Metformin 1000 mg"),
    ],
)
def test_misheard_names_are_set_right_beside_a_dose_or_where_they_are_taken(
    language: Language, said: str, written: str
) -> None:
    assert rendered(said, language) == written


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "amoxycilline et dolipram"),
        ("fr", "j'augmente de 5 mg"),
        ("fr", "la pilule, l'insuline, le calme"),
        ("fr", "rituximabe 500 mg"),
        ("en", "take Claritin 10 mg"),
        ("en", "augmenting 20 mg"),
        ("en", "two paracetamols"),
    ],
)
def test_other_words_stay(language: Language, text: str) -> None:
    assert rendered(text, language) in (text, text.replace("rituximabe", "rituximab"))
