"""The HTTP server itself: the socket it listens on, uvicorn's settings, and an end that loses nothing."""

from __future__ import annotations

import asyncio
import socket
import sys

import uvicorn

from colloque.server.app import compose, make_app, running
from colloque.server.auth import KeyRing
from colloque.server.config import ServerConfig
from colloque.server.engines import make_engines, make_writer
from colloque.server.registry import SessionRegistry
from colloque.server.services import Services

MESSAGE_BYTES_MAX = 16 << 20
"""Where the transport itself cuts a WebSocket message off. Above 1 MiB the sender is told that it is too big."""
PING_EVERY_S = 20.0
PONG_WAIT_S = 120.0
"""A pong comes behind the audio that a fast publisher has in its socket buffers, so it may take a while."""
RECEIVE_BUFFER_BYTES = 256 * 1024
"""Of a socket: what a publisher has sent and the server does not want yet stays with the publisher."""
CLOSE_WAIT_S = 0.5
"""So long clients may take to read what is queued for them when the server goes away."""
REQUEST_WAIT_S = 1
CONNECTIONS_MAX = 512


class Server(uvicorn.Server):
    """uvicorn, but for its end: WebSocket clients are told 1001 after what was queued for them, not 1012 at once."""

    def __init__(self, config: uvicorn.Config, registry: SessionRegistry) -> None:
        super().__init__(config)
        self._registry = registry

    def handle_exit(self, sig: int, frame: object) -> None:
        """Ends gently; a second signal ends at once. The process then exits with 0, not by the signal."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stops listening, lets clients go, then what uvicorn does."""
        for server in self.servers:
            server.close()
        self._registry.close_connections()
        await _wait_for(self.server_state.tasks, CLOSE_WAIT_S)
        await super().shutdown(sockets)


async def _wait_for(tasks: set[asyncio.Task[None]], timeout_s: float) -> None:
    if tasks:
        await asyncio.wait(set(tasks), timeout=timeout_s)


def new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's, where there is one (not for Windows)."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def serve(config: ServerConfig, keys: KeyRing, made_key: str | None) -> int:
    """Serves on the configured address until a signal comes; gives the exit status.

    Raises `OSError` where the address cannot be had, `StorageFailed` where the data folder cannot be used.
    """
    listener = listen(config)
    services = compose(config, keys, *make_engines(config), make_writer(config))
    server = make_server(services)
    async with running(services) as warm_up:
        warm_up.add_done_callback(lambda _: _on_warm(services, server))
        _greet(config, listener.getsockname()[1], made_key)
        await server.serve([listener])
    return 1 if services.engines.readiness == "failed" else 0


def listen(config: ServerConfig) -> socket.socket:
    """A bound socket. Raises `OSError` that says what to do."""
    host = config.host.strip("[]")
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # connections inherit it
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    try:
        listener.bind((host, config.port))
    except OSError as error:
        listener.close()
        raise OSError(
            f"cannot listen on {config.host} port {config.port} ({error.strerror}): another server may be running"
            " there; stop it, or choose another port with --port"
        ) from None
    return listener


def make_server(services: Services) -> Server:
    """The HTTP server. It writes no access log: addresses may hold tokens."""
    config = uvicorn.Config(
        make_app(services),
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        ws="websockets-sansio",
        ws_max_size=MESSAGE_BYTES_MAX,
        ws_ping_interval=PING_EVERY_S,
        ws_ping_timeout=PONG_WAIT_S,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=REQUEST_WAIT_S,
        limit_concurrency=CONNECTIONS_MAX,
    )
    return Server(config, services.registry)


def page_address(config: ServerConfig, port: int) -> str:
    """Where a browser on this machine finds the page."""
    host = config.host.strip("[]")
    if host in ("0.0.0.0", "::"):
        host = "localhost"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def _greet(config: ServerConfig, port: int, made_key: str | None) -> None:
    address = page_address(config, port)
    _say(f"Colloque listens on {address} and loads its models.")
    if made_key is None:
        _say(f"The page: {address}")
    else:
        _say(f"No API key is configured, so one was made for as long as this server runs: {made_key}")
        _say(f"The page: {address}#key={made_key}")


def _on_warm(services: Services, server: Server) -> None:
    match services.engines.readiness:
        case "ready":
            _say("The models are loaded: ready.")
        case "failed":
            print(f"colloque: the engines cannot be started: {services.engines.failure}", file=sys.stderr, flush=True)  # noqa: T201
            server.should_exit = True


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201
