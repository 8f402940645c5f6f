from __future__ import annotations

import re

import pytest

from colloque.models.drafting import drugs as module
from colloque.models.drafting.drugs import SHORTEST_NAME, drugs, listed_drugs, own_drugs


def test_the_same_drug_has_one_identity_in_all_languages() -> None:
    assert "paracétamol" in drugs("fr")["paracetamol"].names
    assert "acetaminophen" in drugs("en")["paracetamol"].names
    assert drugs("de")["metformin"].atc == drugs("fr")["metformin"].atc == "A10BA02"


def test_french_brands_come_with_the_library() -> None:
    names = {name for drug in drugs("fr").values() for name in drug.names}
    assert {"doliprane", "ventoline", "xarelto"} <= names
    assert not {"gel", "fer", "art", "sirop", "divers"} & names


def test_a_name_may_be_in_use_in_one_language_only() -> None:
    assert "ass" in own_drugs("de")["aspirin"].names
    assert "ass" not in own_drugs("en")["aspirin"].names


def test_codes_are_codes_and_short_brands_are_left_out() -> None:
    for drug in drugs("fr").values():
        assert drug.atc == "" or re.fullmatch(r"[A-Z]\d\d[A-Z]{0,2}\d{0,2}", drug.atc)
    added = set(drugs("fr")) - set(own_drugs("fr"))
    assert all(len(name) >= SHORTEST_NAME for key in added for name in drugs("fr")[key].names)


def test_the_french_list_is_that_of_the_library() -> None:
    from edsnlp.pipes.ner.drugs.patterns import get_patterns

    assert listed_drugs() == get_patterns()


def test_without_the_library_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(RuntimeError, match="Install"):
        listed_drugs.__wrapped__()
