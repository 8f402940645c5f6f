"""`colloque stream`: sends a recording through a server, and prints the transcript and the note as they grow."""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from colloque.clients.client import ColloqueClient
from colloque.clients.consultation import Plan, consult
from colloque.clients.errors import ClientError
from colloque.clients.local_server import LocalServer
from colloque.clients.recording import Recording

TWICE_AFTER_S = 0.5
"""Signals nearer together are one: `timeout` and shells send theirs to the process and to its group."""
_OVER = "\r\x1b[K"


def add_stream_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command; its `run` default takes the parsed arguments and gives the exit code."""
    parser = subparsers.add_parser(
        "stream",
        help="send a recording through a server and print the live transcript and note",
        description="Sends a recording through a server and prints the live transcript and the note. Without --url it"
        " starts a server of its own, and stops it afterwards.",
    )
    parser.add_argument("file", metavar="FILE", help="any recording that FFmpeg reads; - is the standard input")
    parser.add_argument("--url", default=os.environ.get("COLLOQUE_URL"), help="http://host:port of a running server")
    parser.add_argument("--api-key", help="its key; better in the environment, as COLLOQUE_API_KEY")
    parser.add_argument("--language", choices=("fr", "en", "de"), default="fr", help="spoken language (default: fr)")
    pace = parser.add_mutually_exclusive_group()
    pace.add_argument("--realtime", dest="realtime", action="store_true", help="as it would be spoken (the default)")
    pace.add_argument("--fast", dest="realtime", action="store_false", help="as fast as the server takes it")
    parser.add_argument(
        "--tracks", choices=("auto", "1", "2"), default="auto", help="1 mixes two channels into one room"
    )
    parser.add_argument("--consent", choices=("verbal", "written", "electronic"), help="how those recorded have agreed")
    parser.add_argument("--by", default="colloque stream", help="who has noted the consent")
    parser.add_argument("--events", type=Path, metavar="OUT.jsonl", help="write received events, one a line, here")
    parser.add_argument("--keep", action="store_true", help="on a terminal: keep the own server until Ctrl+C")
    parser.set_defaults(run=run, realtime=True)


def run(options: argparse.Namespace) -> int:
    """Runs the command. 0, or 1 after one line on the standard error that says what went wrong."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        asyncio.run(_main(options))
        return 0
    except (ClientError, ValueError) as error:
        print(f"colloque stream: {error}", file=sys.stderr)
    except BrokenPipeError:
        # Whoever read the output has gone; nothing more can be written there, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("colloque stream: stopped", file=sys.stderr)
    return 1


async def _main(options: argparse.Namespace) -> None:
    if options.consent is None:
        raise ClientError(
            "nothing is recorded without consent (consent_required): where everybody in the recording has agreed, say"
            " how with --consent verbal, written or electronic"
        )
    interrupts = Interrupts()
    plan = Plan(options.language, options.consent, options.by, options.realtime, options.events)
    with Recording(options.file, options.tracks) as recording:
        async with _server(options) as server, ColloqueClient(server.url, server.api_key) as client:
            with interrupts.gently() as stop:
                link = await consult(client, recording, plan, sys.stdout, stop)
                await _afterwards(server, link, options.keep, stop)


@dataclass(frozen=True, slots=True)
class Server:
    """The server that is used."""

    url: str
    api_key: str | None
    own: LocalServer | None = None
    """Where it is ours."""


@asynccontextmanager
async def _server(options: argparse.Namespace) -> AsyncIterator[Server]:
    """The server that was named, or one of our own."""
    if options.url:
        yield Server(options.url, options.api_key or os.environ.get("COLLOQUE_API_KEY"))
        return
    own = LocalServer(_progress)
    try:
        await own.__aenter__()
    finally:
        if sys.stdout.isatty():
            print(_OVER, end="", flush=True)
    try:
        print(f"The server is ready at {own.url}", flush=True)
        yield Server(own.url, own.api_key, own)
    finally:
        await own.stop()


def _progress(passed_s: float) -> None:
    """Shows that the server is starting: every time on a terminal, else once."""
    if sys.stdout.isatty():
        print(f"{_OVER}Starting a server and loading the models ... {passed_s:.0f} s", end="", flush=True)
    elif not passed_s:
        print("Starting a server and loading the models ...", flush=True)


async def _afterwards(server: Server, link: str, keep: bool, stop: asyncio.Event) -> None:
    """Says where the note can be read; keeps our own server going where that is wanted."""
    if server.own is None:
        print(f"Read it in a browser: {link}", flush=True)
    elif keep and sys.stdout.isatty() and not stop.is_set():
        print(f"Read it in a browser: {link}")
        print(f"Hold one of your own: {server.url}/#key={server.api_key}")
        print("The server goes on until Ctrl+C.", flush=True)
        await stop.wait()
    elif not server.own.keeps_data:
        print("The server stops now and keeps nothing; `colloque serve` and --url keep what was recorded.", flush=True)


class Interrupts:
    """Ctrl+C and its like: while something is to be finished in order the first one asks for that; otherwise, and the
    second time, the task that made this is cancelled."""

    def __init__(self) -> None:
        self._task = asyncio.current_task()
        self._stop: asyncio.Event | None = None
        self._asked_at = -math.inf
        loop = asyncio.get_running_loop()
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            with suppress(AttributeError, NotImplementedError):  # Windows: there Ctrl+C cancels
                loop.add_signal_handler(getattr(signal, name), self._interrupt)

    @contextmanager
    def gently(self) -> Iterator[asyncio.Event]:
        """An event that the first signal inside sets."""
        self._stop = asyncio.Event()
        try:
            yield self._stop
        finally:
            self._stop = None

    def _interrupt(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._stop is not None and not self._stop.is_set():
            self._stop.set()
            self._asked_at = now
        elif self._task is not None and now - self._asked_at > TWICE_AFTER_S:
            self._task.cancel()
