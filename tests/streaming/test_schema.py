"""Dataclasses to JSON values and back, strictly."""

from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from colloque.streaming.errors import BadMessage
from colloque.streaming.messages import SpeakerRelabel
from colloque.streaming.schema import from_json, to_json
from colloque.streaming.transcript import Word


@dataclass(frozen=True, slots=True)
class Inner:
    kind: Literal["a", "b"]


@dataclass(frozen=True, slots=True)
class Outer:
    name: str
    count: int
    share: float
    flag: bool
    inner: Inner
    many: tuple[Inner, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    perhaps: str | None = None
    anything: dict[str, Any] = field(default_factory=dict)


FULL: dict[str, Any] = {
    "name": "x",
    "count": 3,
    "share": 0.5,
    "flag": True,
    "inner": {"kind": "a"},
    "many": [{"kind": "b"}],
    "counts": {"k": 1},
    "perhaps": "y",
    "anything": {"deep": [1, None]},
}
LEAST = {key: FULL[key] for key in ("name", "count", "share", "flag", "inner")}


def test_there_and_back() -> None:
    value = from_json(Outer, FULL)
    assert value == Outer("x", 3, 0.5, True, Inner("a"), (Inner("b"),), {"k": 1}, "y", {"deep": [1, None]})
    assert to_json(value) == FULL


def test_defaults_fill_what_is_left_out() -> None:
    assert from_json(Outer, LEAST) == Outer("x", 3, 0.5, True, Inner("a"))


def test_unknown_fields_are_ignored() -> None:
    assert from_json(Inner, {"kind": "a", "later": 1}) == Inner("a")


def test_a_whole_number_is_a_number() -> None:
    share = from_json(Outer, {**LEAST, "share": 1}).share
    assert isinstance(share, float)
    assert share == 1.0


@pytest.mark.parametrize("missing", LEAST)
def test_a_missing_field_is_named(missing: str) -> None:
    with pytest.raises(BadMessage, match=f"lacks the field `{missing}`"):
        from_json(Outer, {key: value for key, value in LEAST.items() if key != missing})


@pytest.mark.parametrize(
    ("where", "wrong"),
    [
        ("name", 1),
        ("name", None),
        ("count", True),
        ("count", 1.0),
        ("count", "1"),
        ("share", "0.5"),
        ("share", False),
        ("share", float("inf")),
        ("flag", 1),
        ("inner", None),
        ("inner", []),
        ("inner", {"kind": "c"}),
        ("inner", {"kind": ["a"]}),
        ("many", {"kind": "a"}),
        ("many", [{"kind": "a"}, 3]),
        ("counts", []),
        ("counts", {"k": "1"}),
        ("perhaps", 4),
    ],
)
def test_a_wrong_value_is_refused_and_its_place_named(where: str, wrong: Any) -> None:
    with pytest.raises(BadMessage, match=f"message.{where}"):
        from_json(Outer, {**LEAST, where: wrong})


def test_names_on_the_wire() -> None:
    relabel = SpeakerRelabel("S3", "S1", ("w0-1",))
    assert to_json(relabel) == {"from": "S3", "to": "S1", "word_ids": ["w0-1"]}
    assert from_json(SpeakerRelabel, to_json(relabel)) == relabel


def test_samples_go_as_seconds() -> None:
    word = Word("w0-1", "Bonjour", 16_000, 24_016, 0.9, None, "provisional")
    value = to_json(word)
    assert (value["start"], value["end"]) == (1.0, 1.501)
    assert from_json(Word, value) == word
