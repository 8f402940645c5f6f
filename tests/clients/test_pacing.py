"""When frames leave."""

import threading
from collections.abc import AsyncIterator, Generator

import pytest

from colloque.clients.pacing import AHEAD_MAX, in_real_time, read_ahead


class Clock:
    """Virtual time."""

    def __init__(self) -> None:
        self.time_s = 50.0

    def now(self) -> float:
        return self.time_s

    async def wait_until(self, moment: float) -> None:
        self.time_s = max(self.time_s, moment)


async def stream(*frames: tuple[float, bytes], clock: Clock) -> AsyncIterator[bytes]:
    """Frames that become available at these times."""
    for available_s, frame in frames:
        clock.time_s = max(clock.time_s, available_s)
        yield frame


async def test_a_frame_leaves_when_its_last_sample_would_have_been_spoken() -> None:
    clock = Clock()
    frames = stream((0, bytes(100)), (0, bytes(100)), (0, bytes(50)), clock=clock)
    left = [clock.now() async for _ in in_real_time(frames, 1000, clock.now, clock.wait_until)]
    assert left == pytest.approx([50.1, 50.2, 50.25])


async def test_what_is_late_follows_at_once_and_the_clock_is_kept() -> None:
    clock = Clock()
    frames = stream((60.0, bytes(100)), (61.0, bytes(100)), (0, bytes(100)), (0, bytes(1000)), clock=clock)
    left = [clock.now() async for _ in in_real_time(frames, 1000, clock.now, clock.wait_until)]
    assert left == pytest.approx([60.1, 61.0, 61.0, 61.3])


def numbers(count: int) -> Generator[bytes]:
    yield from (i.to_bytes(2, "little") for i in range(count))


async def test_reading_ahead_gives_every_frame_in_order() -> None:
    assert [frame async for frame in read_ahead(numbers(500))] == list(numbers(500))


async def test_reading_ahead_is_bounded_and_stops_with_the_reader() -> None:
    made = 0
    closed = threading.Event()

    def source() -> Generator[bytes]:
        nonlocal made
        try:
            while True:
                made += 1
                yield b"x"
        finally:
            closed.set()

    frames = read_ahead(source())
    for _ in range(10):
        await anext(frames)
    await frames.aclose()
    assert closed.wait(10)
    assert made <= 10 + AHEAD_MAX + 2


async def test_what_goes_wrong_on_the_thread_is_raised_to_the_reader() -> None:
    def source() -> Generator[bytes]:
        yield b"x"
        raise OSError("the disk is gone")

    frames = read_ahead(source())
    assert await anext(frames) == b"x"
    with pytest.raises(OSError, match="disk is gone"):
        await anext(frames)
