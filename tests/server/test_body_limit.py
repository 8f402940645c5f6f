"""The bound on request bodies, as the application meets it."""

from __future__ import annotations

import pytest
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from colloque.server.body_limit import BodyLimit


async def read_through(pieces: list[bytes], bytes_max: int, kind: str = "http") -> list[bytes]:
    """What an application behind the limit reads."""
    read: list[bytes] = []
    waiting = list(pieces)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in pieces:
            read.append((await receive())["body"])

    async def receive() -> Message:
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        raise AssertionError("nothing is sent here")

    await BodyLimit(application, bytes_max)({"type": kind}, receive, send)
    return read


async def test_a_body_within_the_limit_passes_unchanged() -> None:
    assert await read_through([b"abc", b"", b"de"], 5) == [b"abc", b"", b"de"]


async def test_a_body_over_the_limit_is_refused() -> None:
    with pytest.raises(HTTPException) as caught:
        await read_through([b"abc", b"def"], 5)
    assert caught.value.status_code == 413


async def test_other_traffic_is_not_counted() -> None:
    assert await read_through([b"abcdef"], 5, kind="websocket") == [b"abcdef"]
