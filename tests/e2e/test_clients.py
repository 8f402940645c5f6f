"""Several clients of one session, over real sockets: the same events in the same order for everybody."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.server.live_server import Stream

pytestmark = pytest.mark.timeout(60)

TO_ONE = ("session.ready", "audio.ack", "snapshot", "error")
"""What is said to one connection only."""


def broadcast(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] not in (*TO_ONE, "close")]


async def talk(publisher: Stream, duration_s: float) -> None:
    for _ in range(round(duration_s * 10)):
        await publisher.speak(0.1)
        await asyncio.sleep(0)
