"""The composition root: the only place where the server's parts are chosen and joined.

services = compose(config, keys, engines)      # inside the event loop
app = make_app(services)
async with running(services): ...              # sessions awake, engines warming up; put away at the end
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI

from colloque.server import problems, routes_health, routes_note, routes_page, routes_sessions, sse, websocket
from colloque.server.auth import KeyRing
from colloque.server.config import ServerConfig
from colloque.server.effects import Means
from colloque.server.engines import Engines
from colloque.server.registry import SessionRegistry
from colloque.server.services import Services
from colloque.server.storage.sqlite import SqliteStore
from colloque.server.telemetry import Telemetry
from colloque.streaming.engines import NoteEngine, SpeechEngine, Writer

_log = structlog.get_logger(__name__)


def compose(
    config: ServerConfig, keys: KeyRing, speech: SpeechEngine, notes: NoteEngine, writer: Writer | None = None
) -> Services:
    """The server's parts, joined; nothing runs yet. Raises `StorageFailed` where the data folder cannot be used."""
    telemetry = Telemetry()
    telemetry.watch_engine(speech.statistics)
    store = SqliteStore(config.database)
    engines = Engines(speech, notes, telemetry, writer)
    means = Means(store, engines, telemetry)
    registry = SessionRegistry(means, config.limits, lambda: config.sessions_max or speech.capacity or 1)
    return Services(config, store, registry, keys, telemetry, engines)


def make_app(services: Services) -> FastAPI:
    """The HTTP and WebSocket interface of the services."""
    app = FastAPI(
        title="Colloque",
        version="1",
        summary="Live consultations: transcript and draft note",
        docs_url=None,  # the framework's own pages load scripts from elsewhere
        redoc_url=None,
    )
    app.state.services = services
    problems.install(app)
    for module in (routes_sessions, routes_note, sse, websocket, routes_health, routes_page):
        app.include_router(module.router)
    return app


@asynccontextmanager
async def running(services: Services) -> AsyncIterator[asyncio.Task[None]]:
    """Wakes up the sessions that were open, and warms the engines up beside it; the task ends once that is settled.

    At the end everything accepted is on disk, the sessions go on from there when the server comes back.
    """
    warm_up = asyncio.create_task(services.engines.warm_up(), name="warm-up")
    try:
        await services.registry.start()
        yield warm_up
    finally:
        warm_up.cancel()
        await services.registry.stop()
        await services.engines.shut_down()
        await services.store.close()
        _log.info("server_stopped")
