"""What waits for one client is bounded, and a slow viewer gets a snapshot instead of what it missed."""

from __future__ import annotations

import asyncio

import pytest

from colloque.server.connection import BYTES_MAX, Closing, Connection, Outgoing


class Session:
    """The other side: counts how often a connection asks for a snapshot."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def connect(self, *, publisher: bool = False, messages_max: int = 3) -> Connection:
        return Connection(
            7, publisher, lambda connection: self.asked.append(connection.number), messages_max=messages_max
        )


def event(seq: int, size: int = 2) -> Outgoing:
    return Outgoing("x" * size, seq)


async def taken(connection: Connection, count: int) -> list[int | None]:
    items = [await connection.next() for _ in range(count)]
    return [item.seq for item in items if isinstance(item, Outgoing)]


async def test_events_come_out_in_order_and_closing_last() -> None:
    connection = Session().connect()
    connection.send(event(1))
    connection.send(event(2))
    connection.close(1000, "done")
    connection.send(event(3))
    assert await taken(connection, 2) == [1, 2]
    assert await connection.next() == Closing(1000, "done")
    assert await connection.next() == Closing(1000, "done")


async def test_the_first_close_counts() -> None:
    connection = Session().connect()
    connection.close(4003, "superseded")
    connection.close(1000, "done")
    assert await connection.next() == Closing(4003, "superseded")


async def test_a_reason_fits_into_a_control_frame() -> None:
    connection = Session().connect()
    connection.close(1011, "é" * 100)
    closing = await connection.next()
    assert isinstance(closing, Closing)
    assert len(closing.reason.encode()) <= 120
    assert set(closing.reason) == {"é"}


async def test_a_reader_waits_for_what_is_sent_later() -> None:
    connection = Session().connect()
    waiting = asyncio.create_task(connection.next())
    await asyncio.sleep(0)
    assert not waiting.done()
    connection.send(event(5))
    assert await waiting == event(5)


async def test_a_cancelled_reader_loses_nothing() -> None:
    connection = Session().connect()
    waiting = asyncio.create_task(connection.next())
    await asyncio.sleep(0)
    connection.send(event(5))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await taken(connection, 1) == [5]


async def test_a_viewer_that_falls_behind_gets_one_snapshot_and_then_the_rest() -> None:
    session = Session()
    connection = session.connect()
    for seq in range(1, 6):
        connection.send(event(seq))
    assert connection.waiting == 0
    assert connection.is_behind
    reader = asyncio.create_task(connection.next())
    await asyncio.sleep(0)
    assert session.asked == [7]
    connection.send(event(6))  # part of the snapshot already
    connection.resync(event(6))
    connection.send(event(7))
    assert await reader == event(6)
    assert await taken(connection, 1) == [7]
    assert session.asked == [7]


async def test_a_snapshot_is_asked_for_only_when_the_way_is_free() -> None:
    session = Session()
    connection = session.connect()
    for seq in range(1, 6):
        connection.send(event(seq))
    assert session.asked == []


async def test_a_snapshot_that_nobody_asked_for_is_not_sent_twice() -> None:
    connection = Session().connect()
    connection.resync(event(1))
    assert connection.waiting == 0


async def test_a_publisher_that_falls_behind_is_closed() -> None:
    connection = Session().connect(publisher=True)
    for seq in range(1, 5):
        connection.send(event(seq))
    closing = await connection.next()
    assert isinstance(closing, Closing)
    assert closing.code == 1013
    assert "retry_after" in closing.reason


async def test_bytes_are_bounded_too() -> None:
    connection = Session().connect(messages_max=1000)
    connection.send(event(1, BYTES_MAX // 2))
    connection.send(event(2, BYTES_MAX // 2 + 1))
    assert connection.is_behind


async def test_one_large_event_may_pass_alone() -> None:
    connection = Session().connect()
    connection.send(event(1, BYTES_MAX + 1))
    assert await taken(connection, 1) == [1]


async def test_a_snapshot_larger_than_the_bound_does_not_make_the_client_fall_behind_again() -> None:
    connection = Session().connect()
    connection.fall_behind()
    connection.resync(event(9, BYTES_MAX * 2))
    connection.send(event(10))
    assert await taken(connection, 2) == [9, 10]


async def test_a_client_that_fell_behind_gets_its_snapshot_before_it_is_closed() -> None:
    session = Session()
    connection = session.connect()
    connection.fall_behind()
    connection.close(1000, "done")
    reader = asyncio.create_task(connection.next())
    await asyncio.sleep(0)
    assert session.asked == [7]
    connection.resync(event(9))
    assert await reader == event(9)
    assert await connection.next() == Closing(1000, "done")


async def test_where_no_snapshot_can_come_any_more_it_is_closed_without() -> None:
    connection = Session().connect()
    connection.fall_behind()
    reader = asyncio.create_task(connection.next())
    await asyncio.sleep(0)
    connection.close(1011, "storage")
    connection.give_up_resync()
    assert await reader == Closing(1011, "storage")
