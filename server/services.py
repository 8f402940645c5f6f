"""What the routes work with: made once at start (`app.py`), handed to every request through `app.state.services`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from starlette.requests import HTTPConnection

from colloque.server.auth import KeyRing
from colloque.server.config import ServerConfig
from colloque.server.ports import Store

if TYPE_CHECKING:
    from colloque.server.engines import Engines
    from colloque.server.registry import SessionRegistry
    from colloque.server.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Services:
    """The server's parts, joined in one place."""

    config: ServerConfig
    store: Store
    registry: SessionRegistry
    keys: KeyRing
    telemetry: Telemetry
    """`render()` gives the text of `/metrics`, `CONTENT_TYPE` its type."""
    engines: Engines
    """`readiness` is `warming`, `ready` or `failed`; `failure` says why."""


def services_of(connection: HTTPConnection) -> Services:
    """The services of the app that a request or a WebSocket reached."""
    return cast(Services, connection.app.state.services)
