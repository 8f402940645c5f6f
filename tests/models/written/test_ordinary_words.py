from __future__ import annotations

import pytest

from colloque.models.drafting.numbers import plain
from colloque.models.written.drug_names import listed_names
from colloque.models.written.ordinary_words import ORDINARY
from colloque.streaming.engines import Language


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_words_are_plain_and_no_drugs(language: Language) -> None:
    for word in ORDINARY[language]:
        assert word == plain(word) and word.isalpha()
        assert word not in listed_names()
