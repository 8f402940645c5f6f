"""A server of our own, for as long as the command line needs one."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import socket
import sys
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from colloque.clients.client import ColloqueClient
from colloque.clients.errors import LocalServerFailed, ServerUnreachable

HOST = "127.0.0.1"
USUAL_PORT = 8765
READY_WAIT_S = 600.0
"""Loading the models takes seconds on a usual machine; on a slow one with a cold disk it may take minutes."""
ASK_EVERY_S = 0.25
STOP_WAIT_S = 15.0
"""So long the server may take to store what it holds; then it is killed."""

_ADDRESS = re.compile(rf"http://{re.escape(HOST)}:\d+(?=/)")

Progress = Callable[[float], None]
"""Told how many seconds the start has taken so far."""


class LocalServer:
    """An async context manager: the server is ready inside, and stopped whatever happens.

    It gets a random API key, listens on this machine only, and keeps its sessions in a folder that is deleted with it,
    unless `COLLOQUE_DATA` names one. It ignores the terminal's Ctrl+C: whoever started it stops it.
    """

    def __init__(self, progress: Progress | None = None, command: tuple[str, ...] = ()) -> None:
        """`command` runs a server; `serve`'s options are appended to it."""
        self.api_key = secrets.token_urlsafe(32)
        self.url = ""
        """Where it listens, once it has started."""
        self.keeps_data = bool(os.environ.get("COLLOQUE_DATA"))
        """True where the sessions outlive the server."""
        self._command = command or (sys.executable, "-m", "colloque.server")
        self._progress = progress or (lambda _: None)
        self._folder = tempfile.TemporaryDirectory(prefix="colloque-", ignore_cleanup_errors=True)
        self._log = Path(self._folder.name) / "server.log"
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        """Starts the server and waits until it is ready. Raises `LocalServerFailed`."""
        try:
            await self._start()
            await self._until_ready()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def pid(self) -> int:
        """The server's process, for whoever meters it. Raises `LocalServerFailed` where there is none."""
        if self._process is None:
            raise LocalServerFailed("the server has not been started")
        return self._process.pid

    async def _start(self) -> None:
        self._progress(0.0)
        environment = {**os.environ, "COLLOQUE_API_KEY": self.api_key}
        environment.setdefault("COLLOQUE_DATA", str(Path(self._folder.name) / "data"))
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                "serve",
                "--host",
                HOST,
                "--port",
                str(_usual_port_if_free()),
                stdin=DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )

    async def _until_ready(self) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        while not await self._is_ready():
            passed_s = loop.time() - started
            if self._process is None or self._process.returncode is not None:
                raise LocalServerFailed(f"the server stopped while it was starting: {self._last_words()}")
            if passed_s > READY_WAIT_S:
                raise LocalServerFailed(f"the server was not ready after {passed_s:.0f} s: {self._last_words()}")
            self._progress(passed_s)
            await asyncio.sleep(ASK_EVERY_S)

    async def _is_ready(self) -> bool:
        # Only its own word says where it listens: on the usual port somebody else may have been faster.
        said = _ADDRESS.search(self._log.read_text(encoding="utf-8", errors="replace"))
        if said is None:
            return False
        self.url = said.group()
        async with ColloqueClient(self.url, self.api_key) as client:
            try:
                return await client.is_ready()
            except ServerUnreachable:
                return False

    def _last_words(self) -> str:
        """The last thing that the server wrote, in one line."""
        try:
            lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        except OSError:
            lines = []
        return (lines[-1][:400] if lines else "it said nothing") + " (`colloque doctor` says what is missing)"

    async def stop(self) -> None:
        """Stops the server, gently first, and deletes what it kept unless `COLLOQUE_DATA` names the folder."""
        process = self._process
        try:
            if process is not None and process.returncode is None:
                process.terminate()
                with suppress(TimeoutError):
                    async with asyncio.timeout(STOP_WAIT_S):
                        await process.wait()
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        finally:
            if process is not None and process.returncode is None:
                process.kill()
            self._folder.cleanup()


def _usual_port_if_free() -> int:
    """The usual port, so that a browser knows the page again; 0, any free one, where that is taken."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, USUAL_PORT))
        except OSError:
            return 0
    return USUAL_PORT
