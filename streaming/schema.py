"""Frozen dataclasses to JSON values and back, strictly: every field checked, no unknown type let through.

Small on purpose: it knows the few shapes that `messages.py` uses (dataclasses, tuples, dicts, literals, unions with
None, and scalars). A class may rename fields on the wire with `WIRE_NAMES`, and `WIRE` may give a pair of functions.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Callable
from functools import cache
from typing import Any, Literal, TypeVar, Union

from colloque.streaming.audio import SAMPLE_RATE, seconds
from colloque.streaming.errors import BadMessage
from colloque.streaming.messages import SpeakerRelabel
from colloque.streaming.transcript import Word

T = TypeVar("T")

_WIRE_NAMES: dict[type, dict[str, str]] = {
    SpeakerRelabel: {"source": "from", "target": "to"},
    Word: {"start_sample": "start", "end_sample": "end"},
}
_SAMPLE_FIELDS = {"start_sample", "end_sample"}


@cache
def _fields(cls: Any) -> tuple[tuple[str, str, Any, bool], ...]:
    """(attribute, name on the wire, type, required) of every field of a dataclass."""
    hints = typing.get_type_hints(cls)
    names = _WIRE_NAMES.get(cls, {})
    return tuple(
        (
            f.name,
            names.get(f.name, f.name),
            hints[f.name],
            f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING,
        )
        for f in dataclasses.fields(cls)
    )


def to_json(value: Any) -> Any:
    """A JSON value. Sample indexes go out as seconds, rounded to 0.1 ms."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        out = {}
        for attribute, name, _, _ in _fields(typing.cast(Any, type(value))):
            item = getattr(value, attribute)
            out[name] = round(seconds(item), 4) if attribute in _SAMPLE_FIELDS else to_json(item)
        return out
    if isinstance(value, (tuple, list)):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    return round(value, 6) if isinstance(value, float) else value


def from_json(kind: type[T], value: Any, where: str = "message") -> T:
    """The dataclass `kind` from a JSON object. Unknown fields are ignored (additions are free).

    Raises `BadMessage` that names the field and what it should hold, never its content.
    """
    if not isinstance(value, dict):
        raise BadMessage(f"{where} must be a JSON object")
    arguments: dict[str, Any] = {}
    for attribute, name, hint, required in _fields(typing.cast(Any, kind)):
        if name not in value:
            if required:
                raise BadMessage(f"{where} lacks the field `{name}`")
            continue
        item = value[name]
        if attribute in _SAMPLE_FIELDS:
            arguments[attribute] = round(_read(float, item, f"{where}.{name}") * SAMPLE_RATE)
        else:
            arguments[attribute] = _read(hint, item, f"{where}.{name}")
    return kind(**arguments)


def _read(hint: Any, value: Any, where: str) -> Any:
    origin = typing.get_origin(hint)
    if hint is Any:
        return value
    if origin in (Union, types.UnionType):
        return _read_union(hint, value, where)
    if origin is Literal:
        options = typing.get_args(hint)
        if not isinstance(value, (str, int)) or value not in options:
            raise BadMessage(f"{where} must be one of {', '.join(map(str, options))}")
        return value
    if origin is tuple:
        return _read_tuple(typing.get_args(hint)[0], value, where)
    if origin is dict:
        if not isinstance(value, dict):
            raise BadMessage(f"{where} must be a JSON object")
        return {str(k): _read(typing.get_args(hint)[1], v, f"{where}.{k}") for k, v in value.items()}
    if dataclasses.is_dataclass(hint):
        return from_json(typing.cast("type[Any]", hint), value, where)
    return _SCALARS[hint](value, where)


def _read_union(hint: Any, value: Any, where: str) -> Any:
    options = [option for option in typing.get_args(hint) if option is not type(None)]
    if value is None and len(options) < len(typing.get_args(hint)):
        return None
    return _read(options[0], value, where)


def _read_tuple(item_hint: Any, value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise BadMessage(f"{where} must be a list")
    return tuple(_read(item_hint, item, f"{where}[{i}]") for i, item in enumerate(value))


def _string(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise BadMessage(f"{where} must be a string")
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise BadMessage(f"{where} holds half a surrogate pair, which is no text")
    return value


def _integer(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadMessage(f"{where} must be an integer")
    return value


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise BadMessage(f"{where} must be a finite number")
    return float(value)


def _boolean(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise BadMessage(f"{where} must be true or false")
    return value


_SCALARS: dict[Any, Callable[[Any, str], Any]] = {str: _string, int: _integer, float: _number, bool: _boolean}
