from __future__ import annotations

import dataclasses
from typing import get_args

import pytest

from colloque.models.drafting.facts import Content, Fact, Quoted
from tests.models.drafting.scenes import dialogue


def test_facts_are_values() -> None:
    said = (dialogue("fr", "P: Bonjour.").lines[0].whole(),)
    fact = Fact("plan:rest", "plan", "planned", "patient", Quoted("", "repos"), said, 0.9)
    assert fact == dataclasses.replace(fact) and fact.hold is None and fact.codes == ()
    with pytest.raises(dataclasses.FrozenInstanceError):
        fact.key = "other"  # type: ignore[misc]


def test_every_content_is_frozen() -> None:
    assert all(content.__dataclass_params__.frozen for content in get_args(Content))
