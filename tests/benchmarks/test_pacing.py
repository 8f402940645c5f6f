"""Sending at the pace of speech."""

import asyncio

import numpy as np

from benchmarks.recognition.pacing import send_paced


async def test_late_audio_leaves_at_once_in_frames_of_100_ms() -> None:
    pcm = np.arange(4_000, dtype=np.int16)
    sent: list[bytes] = []

    async def send(frame: bytes) -> None:
        sent.append(frame)

    await send_paced(pcm, send, asyncio.get_running_loop().time() - 60.0)
    assert [len(frame) for frame in sent] == [3_200, 3_200, 1_600]
    assert b"".join(sent) == pcm.astype("<i2").tobytes()
