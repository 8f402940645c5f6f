"""Opens the WebSocket of a session, and says what it means where that fails."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from socket import SO_SNDBUF, SOL_SOCKET
from socket import socket as Socket
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Subprotocol

from colloque.clients.errors import RequestRefused, ServerUnreachable

SUBPROTOCOL = Subprotocol("colloque.v1")
EVENT_BYTES_MAX = 64 << 20
"""A snapshot of a long session is far larger than any other event."""

PING_EVERY_S = 20.0
PONG_WAIT_S = 120.0
"""A ping waits behind the audio that a busy server has not taken yet."""
SEND_BUFFER_BYTES = 256 * 1024
"""Of the system: what a busy server does not take yet stays here, where it is counted."""
CLOSE_WAIT_S = 2.0
"""So long a server may take to say goodbye."""


class ConnectFailed(ServerUnreachable):
    """The connection could not be made now; a later try may succeed."""


@dataclass(frozen=True, slots=True)
class StreamAddress:
    """Where a session is streamed, and the token that opens it."""

    base_url: str
    """`http://host:port` of the server."""
    session_id: str
    token: str

    def url(self, last_seq: int | None) -> str:
        """The WebSocket's address; it holds no token, for addresses end up in logs."""
        parts = urlsplit(self.base_url)
        scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
        path = f"{parts.path.rstrip('/')}/v1/sessions/{quote(self.session_id, safe='')}/stream"
        return urlunsplit((scheme, parts.netloc, path, "" if last_seq is None else f"last_seq={last_seq}", ""))


def is_loopback(url: str) -> bool:
    """The address is this machine: no proxy is asked for it."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def open_stream(address: StreamAddress, last_seq: int | None) -> ClientConnection:
    """An open connection.

    Raises `ConnectFailed` where another try may help, `RequestRefused` where it would not, `ValueError` for an address
    that is none.
    """
    try:
        stream = await connect(
            address.url(last_seq),
            additional_headers={"Authorization": f"Bearer {address.token}"},
            subprotocols=[SUBPROTOCOL],
            compression=None,
            proxy=None if is_loopback(address.base_url) else True,
            max_size=EVENT_BYTES_MAX,
            close_timeout=CLOSE_WAIT_S,
            ping_interval=PING_EVERY_S,
            ping_timeout=PONG_WAIT_S,
        )
        raw: Socket | None = stream.transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(SOL_SOCKET, SO_SNDBUF, SEND_BUFFER_BYTES)
        return stream
    except InvalidURI:
        raise ValueError("the server's address must look like http://host:port") from None
    except InvalidStatus as error:
        raise _refusal(error.response.status_code, bytes(error.response.body or b"")) from None
    except (OSError, TimeoutError, InvalidHandshake, EOFError) as error:
        raise ConnectFailed(f"no connection to the server ({type(error).__name__}): is it running there?") from None


def _refusal(status: int, body: bytes) -> RequestRefused | ConnectFailed:
    if status == 429 or status >= 500:
        return ConnectFailed(f"the server cannot open a stream now (HTTP {status})")
    return problem(status, body)


def problem(status: int, body: bytes, retry_after: str | None = None) -> RequestRefused:
    """The exception for an answer with problem details (RFC 9457), or with anything else."""
    try:
        found: Any = json.loads(body)
    except ValueError:
        found = None
    fields = found if isinstance(found, dict) else {}
    code = fields.get("code") or f"http_{status}"
    detail = fields.get("detail") or fields.get("title") or f"the server answered HTTP {status}"
    wait = retry_after if retry_after is not None else fields.get("retry_after")
    try:
        retry_after_s = None if wait is None else float(wait)
    except (TypeError, ValueError):
        retry_after_s = None
    return RequestRefused(str(code), str(detail), status, retry_after_s)
