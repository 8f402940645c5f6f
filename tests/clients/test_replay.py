"""What is kept until the server has it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colloque.clients.replay import AcknowledgedAudioLost, ReplayBuffer
from colloque.streaming.messages import ClientMessage, End, Finalize, Pause


def frame(first: int, count: int) -> bytes:
    """Samples that hold their own position."""
    return b"".join(value.to_bytes(2, "little") for value in range(first, first + count))


def drain(buffer: ReplayBuffer) -> list[bytes | ClientMessage]:
    out = []
    while buffer.has_unsent:
        out.append(buffer.next())
    return out


def filled(*items: int | ClientMessage) -> ReplayBuffer:
    """A buffer of frames of these lengths, and messages between."""
    buffer = ReplayBuffer(2)
    for item in items:
        if isinstance(item, int):
            buffer.add_audio(frame(buffer.end, item))
        else:
            buffer.add_message(item)
    return buffer


def test_everything_is_sent_once_in_order() -> None:
    buffer = filled(10, Finalize(), 5)
    assert drain(buffer) == [frame(0, 10), Finalize(), frame(10, 5)]
    assert not buffer.has_unsent
    buffer.add_message(End())
    assert drain(buffer) == [End()]
    assert buffer.unacked_samples == 15


def test_acknowledged_audio_is_let_go_with_the_messages_before_it() -> None:
    buffer = filled(10, Pause(), 10, Finalize())
    drain(buffer)
    buffer.acknowledge(20)
    assert (buffer.base, buffer.end) == (20, 20)
    buffer.rewind(20)
    assert drain(buffer) == [Finalize()]


def test_a_partial_acknowledgement_keeps_the_whole_frame() -> None:
    buffer = filled(10)
    drain(buffer)
    buffer.acknowledge(4)
    assert buffer.unacked_samples == 10


def test_what_was_not_sent_is_not_acknowledged() -> None:
    buffer = filled(10, 10)
    assert buffer.next() == frame(0, 10)
    buffer.acknowledge(20)
    assert drain(buffer) == [frame(10, 10)]


def test_a_new_connection_goes_on_in_the_middle_of_a_frame() -> None:
    buffer = filled(10, Finalize(), 10)
    drain(buffer)
    buffer.rewind(4)
    assert drain(buffer) == [frame(4, 6), Finalize(), frame(10, 10)]


def test_a_message_after_the_last_sample_is_said_again() -> None:
    buffer = filled(10, End())
    drain(buffer)
    buffer.rewind(10)
    assert drain(buffer) == [End()]


def test_a_session_that_has_heard_more_than_this_client_goes_on_from_there() -> None:
    buffer = ReplayBuffer(2)
    buffer.rewind(500)
    buffer.add_audio(frame(500, 10))
    assert (buffer.base, buffer.end) == (500, 510)
    assert drain(buffer) == [frame(500, 10)]
    buffer.add_message(End())
    buffer.rewind(900)
    assert (buffer.base, buffer.end) == (900, 900)
    assert drain(buffer) == [End()]


def test_a_server_that_lost_what_it_had_acknowledged_is_found_out() -> None:
    buffer = filled(10, 10)
    drain(buffer)
    buffer.acknowledge(10)
    with pytest.raises(AcknowledgedAudioLost):
        buffer.rewind(9)


def test_refused_audio_is_settled_and_the_rest_follows_the_servers_clock() -> None:
    buffer = filled(10, 10, 10)
    buffer.next()
    buffer.next()
    buffer.settle(10)
    assert (buffer.base, buffer.end) == (10, 20)
    assert drain(buffer) == [frame(20, 10)]


def test_what_was_not_sent_can_be_forgotten() -> None:
    buffer = filled(10, Finalize(), 10)
    buffer.next()
    buffer.forget_unsent()
    assert (buffer.end, buffer.has_unsent) == (10, False)
    buffer.rewind(5)
    assert drain(buffer) == [frame(5, 5)]


@settings(max_examples=60)
@given(st.lists(st.integers(1, 30), max_size=20), st.data())
def test_whatever_is_lost_the_server_hears_every_sample_once(sizes: list[int], data: st.DataObject) -> None:
    buffer = filled(*sizes)
    heard = b""
    while buffer.base < buffer.end:
        for _ in range(data.draw(st.integers(0, 5))):
            if buffer.has_unsent:
                item = buffer.next()
                assert isinstance(item, bytes)
                heard += item
        accepted = data.draw(st.integers(buffer.base, max(buffer.base, len(heard) // 2)))
        buffer.acknowledge(accepted)
        if data.draw(st.booleans()):
            position = data.draw(st.integers(max(accepted, buffer.base), len(heard) // 2))
            heard = heard[: 2 * position]
            buffer.rewind(position)
    assert heard[: 2 * sum(sizes)] == frame(0, sum(sizes))
