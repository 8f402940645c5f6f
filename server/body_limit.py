"""A bound on the size of request bodies: no client can make the server hold megabytes of JSON."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_BYTES_MAX = 256 * 1024
"""Far above the largest honest body (200 key terms, a statement, a session description)."""


class BodyLimit:
    """ASGI middleware that refuses a body once more than `BODY_BYTES_MAX` of it have come, whatever its headers say.

    The refusal is raised where the application reads the body, so that its error handlers answer as for any error.
    """

    def __init__(self, app: ASGIApp, bytes_max: int = BODY_BYTES_MAX) -> None:
        self._app = app
        self._bytes_max = bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on with a counted body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        count = 0

        async def counted() -> Message:
            nonlocal count
            message = await receive()
            count += len(message.get("body", b""))
            if count > self._bytes_max:
                raise HTTPException(413, f"the body of a request may have {self._bytes_max} bytes at most")
            return message

        await self._app(scope, counted, send)
