"""The events of a session as server-sent events: `GET /v1/sessions/{id}/events`.

For clients that only listen: the same events as on the WebSocket, one `data:` line each, `id:` being the `seq` to go on
after (`Last-Event-ID`, which browsers send by themselves, or `?last_seq=`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from colloque.server.connection import Closing, Connection
from colloque.server.driver import Driver
from colloque.server.routing import PROBLEMS, Access, may_view
from colloque.server.telemetry import Telemetry
from colloque.server.websocket import parse_last_seq

KEEP_ALIVE_S = 15.0
"""Silence after which a comment is sent, so that proxies keep the connection open."""
RETRY_MS = 1000
"""What browsers wait before they connect again."""
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

router = APIRouter(tags=["sessions"], responses=PROBLEMS)


@router.get(
    "/v1/sessions/{session_id}/events",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}}, 204: {"description": "All is told: the session is over"}},
)
async def read_events(request: Request, access: Annotated[Access, Depends(may_view)]) -> Response:
    """The session's events from now on; after `Last-Event-ID` first what was missed, or a snapshot."""
    driver, services = access.driver, access.services
    last_seq = parse_last_seq(request.headers.get("last-event-id") or request.query_params.get("last_seq"))
    if last_seq is not None and driver.finished:
        missed = await services.store.events(access.session_id, last_seq, driver.session.seq)
        if not missed:
            # tells an EventSource not to come back
            return Response(status_code=204, headers=_HEADERS)
    connection = driver.attach(publisher=False, last_seq=last_seq, token=None)
    return EventStream(driver, connection, services.telemetry)


class EventStream(StreamingResponse):
    """The response that lasts as long as the client listens."""

    def __init__(self, driver: Driver, connection: Connection, telemetry: Telemetry) -> None:
        super().__init__(events(connection), media_type="text/event-stream", headers=_HEADERS)
        self._driver = driver
        self._connection = connection
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Streams, and detaches the client however it goes."""
        try:
            with self._telemetry.connected("events"):
                await super().__call__(scope, receive, send)
        finally:
            self._driver.detach(self._connection)


async def events(connection: Connection, keep_alive_s: float = KEEP_ALIVE_S) -> AsyncIterator[str]:
    """The lines of the stream."""
    yield f"retry: {RETRY_MS}\n\n"
    while True:
        try:
            async with asyncio.timeout(keep_alive_s):
                item = await connection.next()
        except TimeoutError:
            yield ": still here\n\n"
            continue
        if isinstance(item, Closing):
            return
        place = "" if item.seq is None else f"id: {item.seq}\n"
        # JSON text has no line breaks of its own
        yield f"{place}data: {item.text}\n\n"
