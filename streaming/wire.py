"""The one codec: messages to text and back.

Every message is one JSON object in one WebSocket text frame (or one server-sent event); audio travels in binary
frames, see `pcm.py`. `tests/fixtures/wire/` holds golden files that this module and the page's `wire.js` both pass.
"""

from __future__ import annotations

import json
import typing
from typing import Any

from colloque.streaming.errors import BadMessage, TooBig
from colloque.streaming.messages import ClientMessage, Envelope, ServerEvent
from colloque.streaming.schema import from_json, to_json

MAX_TEXT_BYTES = 64 * 1024
"""Bytes of a client's text message; far above any honest one."""

_CLIENT_TYPES: dict[str, type[Any]] = {kind.TYPE: kind for kind in typing.get_args(ClientMessage)}
_EVENT_TYPES: dict[str, type[Any]] = {kind.TYPE: kind for kind in typing.get_args(ServerEvent)}


def _load(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadMessage("the text frame is not JSON; send one JSON object with a `type`") from None
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        raise BadMessage("a message is one JSON object with a string `type`")
    return value


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


def decode_client(text: str) -> ClientMessage:
    """A client's message.

    Raises `TooBig`, or `BadMessage` which says what is wrong with which field.
    """
    if len(text) > MAX_TEXT_BYTES:
        raise TooBig(f"a text message may have {MAX_TEXT_BYTES} characters at most")
    value = _load(text)
    kind = _CLIENT_TYPES.get(value["type"])
    if kind is None:
        raise BadMessage(f"unknown message type; known are {', '.join(sorted(_CLIENT_TYPES))}")
    return typing.cast(ClientMessage, from_json(kind, value, kind.TYPE))


def encode_client(message: ClientMessage) -> str:
    """Text of a client's message; fields that are None are left out."""
    fields = {name: value for name, value in to_json(message).items() if value is not None}
    return _dump({"type": message.TYPE, **fields})


def encode_event(envelope: Envelope) -> str:
    """Text of a server's event."""
    return _dump(event_to_json(envelope))


def event_to_json(envelope: Envelope) -> dict[str, Any]:
    """The event as a JSON object."""
    head = {"type": envelope.event.TYPE, "seq": envelope.seq, "t": round(envelope.t, 4)}
    return {**head, **to_json(envelope.event)}


def decode_event(text: str) -> Envelope | None:
    """A server's event; None where the type is newer than this code (additions are free). Raises `BadMessage`."""
    value = _load(text)
    kind = _EVENT_TYPES.get(value["type"])
    if kind is None:
        return None
    seq, t = value.get("seq"), value.get("t")
    if not isinstance(seq, int) or isinstance(t, bool) or not isinstance(t, (int, float)):
        raise BadMessage("an event has an integer `seq` and a number `t`")
    return Envelope(seq, float(t), typing.cast(ServerEvent, from_json(kind, value, kind.TYPE)))


def _dump(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
