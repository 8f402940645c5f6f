"""A server of its own process, on a real socket, that can be killed and started again where it was."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect

from colloque.clients.client import ColloqueClient, CreatedSession
from colloque.clients.closing import Patience
from colloque.streaming.config import TrackSpec
from tests.server.live_server import KEY, Stream

AT_ONCE = Patience(first_s=0.01, max_s=0.1)
"""For clients that wait for a server that is being started."""
_KEPT = {"COLLOQUE_MODELS"}
"""Of the environment; whatever else is set for a server of the developer's own is left out."""


def clean_environment(**settings: str) -> dict[str, str]:
    """This process's environment, with these settings of Colloque and no others."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("COLLOQUE_") or name in _KEPT}
    return own | {f"COLLOQUE_{name.upper()}": value for name, value in settings.items()}


class ServerProcess:
    """`python -m colloque.server serve`; every start after the first is on the same port and the same folder."""

    def __init__(self, folder: Path, **settings: str) -> None:
        """`settings` are variables of the environment, without the prefix; by default the engine is scripted."""
        self.port = 0
        self._folder = folder
        self._settings = {"engine": "scripted", "sessions_max": "50", **settings}
        self._process: Process | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self, **settings: str) -> None:
        """Starts it and returns once it says that it is ready. `settings` go before those it was made with."""
        fixed = {"data": str(self._folder / "data"), "api_key": KEY}
        environment = clean_environment(**{**self._settings, **settings, **fixed})
        command = (sys.executable, "-m", "colloque.server", "serve", "--port", str(self.port))
        with (self._folder / "server.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=PIPE, stderr=log)
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            if found := re.search(rb"listens on http://127\.0\.0\.1:(\d+)/", line):
                self.port = int(found.group(1))
            if b"ready" in line:
                return
        raise AssertionError(f"the server stopped while it was starting:\n{self.log()}")

    async def kill(self) -> None:
        """`kill -9`: it can say, store and close nothing any more."""
        assert await self._end(signal.SIGKILL) == -signal.SIGKILL

    async def stop(self) -> None:
        """Ends it as an operator does; nothing where it does not run."""
        if self._process is not None and self._process.returncode is None:
            assert await self._end(signal.SIGTERM) == 0, self.log()

    async def _end(self, number: signal.Signals) -> int | None:
        assert self._process is not None
        self._process.send_signal(number)
        await self._process.communicate()
        return self._process.returncode

    def log(self) -> str:
        """What it wrote to its standard error in all its lives."""
        return (self._folder / "server.log").read_text(encoding="utf-8")

    @asynccontextmanager
    async def stream(self, session_id: str, token: str, **query: str) -> AsyncIterator[Stream]:
        """A connection without a client's manners: what is sent and received is up to the test."""
        text = "&".join(f"{name}={value}" for name, value in query.items())
        url = f"ws://127.0.0.1:{self.port}/v1/sessions/{session_id}/stream?{text}"
        options: dict[str, Any] = {"compression": None, "max_size": None, "proxy": None}
        async with connect(url, additional_headers={"Authorization": f"Bearer {token}"}, **options) as socket:
            yield Stream(socket)


@asynccontextmanager
async def server_process(folder: Path, **settings: str) -> AsyncIterator[ServerProcess]:
    """A server that is ready, and stopped at the end if it still runs."""
    server = ServerProcess(folder, **settings)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def open_session(client: ColloqueClient, *, consent: bool = True, tracks: int = 1) -> CreatedSession:
    """A French session in which audio is taken, unless there is no consent."""
    several = [TrackSpec(f"track-{number}") for number in range(tracks)] if tracks > 1 else []
    created = await client.create_session("fr", tracks=several)
    if consent:
        await client.consent(created, given=True, method="verbal", by="dr-1")
    return created
