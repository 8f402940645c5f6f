"""The codec against the golden files that the page's JavaScript reads too."""

import json
import typing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colloque.streaming import messages as m
from colloque.streaming.errors import BadMessage, ColloqueError, TooBig
from colloque.streaming.wire import (
    MAX_TEXT_BYTES,
    decode_client,
    decode_event,
    encode_client,
    encode_event,
    event_to_json,
)

GOLDEN = Path(__file__).parents[1] / "fixtures" / "wire"


def golden(name: str) -> list[dict[str, Any]]:
    return typing.cast(list[dict[str, Any]], json.loads((GOLDEN / name).read_text(encoding="utf-8")))


@pytest.mark.parametrize("case", golden("client_messages.json"), ids=lambda case: case["why"])
def test_client_messages(case: dict[str, Any]) -> None:
    if case["valid"]:
        message = decode_client(case["text"])
        assert message.TYPE == json.loads(case["text"])["type"]
        assert decode_client(encode_client(message)) == message
    else:
        with pytest.raises(ColloqueError) as caught:
            decode_client(case["text"])
        assert caught.value.code == case["code"]


def test_every_client_message_has_a_golden_sample() -> None:
    seen = {json.loads(case["text"])["type"] for case in golden("client_messages.json") if case["valid"]}
    assert seen == {kind.TYPE for kind in typing.get_args(m.ClientMessage)}


def test_a_text_over_the_limit_is_too_big() -> None:
    with pytest.raises(TooBig):
        decode_client('{"type":"end","pad":"' + "x" * MAX_TEXT_BYTES + '"}')


def test_refusals_do_not_repeat_what_was_sent() -> None:
    with pytest.raises(BadMessage) as caught:
        decode_client('{"type":"speaker.assign","speaker":"S1","role":"Madame Martin"}')
    assert "Martin" not in str(caught.value)


@pytest.mark.parametrize("case", golden("events.json"), ids=lambda case: case["event"]["type"])
def test_events(case: dict[str, Any]) -> None:
    envelope = decode_event(case["text"])
    assert envelope is not None
    assert event_to_json(envelope) == case["event"]
    assert encode_event(envelope) == case["text"]


def test_every_event_has_a_golden_sample() -> None:
    seen = {case["event"]["type"] for case in golden("events.json")}
    assert seen == {kind.TYPE for kind in typing.get_args(m.ServerEvent)}


@pytest.mark.parametrize("case", golden("unreadable_events.json"), ids=lambda case: case["why"])
def test_events_of_newer_or_broken_servers(case: dict[str, Any]) -> None:
    if "code" in case:
        with pytest.raises(BadMessage):
            decode_event(case["text"])
    elif case["ignored"]:
        assert decode_event(case["text"]) is None
    else:
        envelope = decode_event(case["text"])
        assert envelope is not None
        assert event_to_json(envelope) == case["event"]


@pytest.mark.parametrize("head", ['"seq":"1","t":0.0', '"t":0.0', '"seq":1', '"seq":1,"t":true', '"seq":1.5,"t":0'])
def test_an_event_needs_its_place(head: str) -> None:
    with pytest.raises(BadMessage):
        decode_event('{"type":"audio.ack","samples":1,' + head + "}")


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        decode_client(text)
    except ColloqueError as error:
        assert error.code in ("bad_message", "too_big")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_FIELDS = ("audio", "encoding", "rate", "channels", "language", "keyterms", "speakers_max", "speaker", "role", "name")


@given(
    st.sampled_from([kind.TYPE for kind in typing.get_args(m.ClientMessage)]),
    st.dictionaries(st.sampled_from(_FIELDS), _JSON, max_size=4),
)
def test_any_fields_are_read_or_refused(kind: str, fields: dict[str, Any]) -> None:
    try:
        message = decode_client(json.dumps({"type": kind, **fields}))
    except BadMessage:
        return
    assert decode_client(encode_client(message)) == message


@given(st.text(), st.floats(0, 1e5), st.floats(0, 1), st.integers(0, 2**40))
def test_values_survive_the_way(text: str, t: float, confidence: float, seq: int) -> None:
    event = m.SpeakerUpdate("S1", "patient", round(confidence, 6), "provisional", text)
    assert decode_event(encode_event(m.Envelope(seq, round(t, 4), event))) == m.Envelope(seq, round(t, 4), event)
