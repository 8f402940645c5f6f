"""Sends audio as it would be spoken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from benchmarks.recognition.stream import SAMPLE_RATE, Pcm16

FRAME_S = 0.1


async def send_paced(pcm: Pcm16, send: Callable[[bytes], Awaitable[object]], started_s: float) -> None:
    """Gives `send` frames of 100 ms of s16le. A frame leaves when its last sample has been spoken, `started_s` (of the
    loop's clock) being when the first one was; one that is late leaves at once."""
    loop = asyncio.get_running_loop()
    frame = int(FRAME_S * SAMPLE_RATE)
    for start in range(0, len(pcm), frame):
        part = pcm[start : start + frame]
        await asyncio.sleep(max(0.0, started_s + (start + len(part)) / SAMPLE_RATE - loop.time()))
        await send(part.astype("<i2").tobytes())
