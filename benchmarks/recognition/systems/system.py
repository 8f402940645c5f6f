"""What the measurement asks of a recogniser."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from benchmarks.recognition.stream import Pcm16, Update

STOP_WAIT_S = 20.0


class SystemFailed(Exception):
    """A system did not start, or ended on its own."""


class StreamRefused(Exception):
    """A system says that it takes no further stream."""


class System(Protocol):
    """A recogniser in processes of its own. Raises `SystemFailed` from anything, `StreamRefused` from `recognise`."""

    name: str

    async def start(self, language: str, streams: int) -> None:
        """Brings it up, warm, to take so many streams of a language at once."""

    @property
    def pids(self) -> Sequence[int]:
        """Roots of its process trees."""

    def recognise(self, pcm: Pcm16, language: str) -> AsyncGenerator[Update]:
        """Plays a stream at its pace and yields an update for all that comes back, until the system is done."""

    async def stop(self) -> None:
        """Ends its processes. Does nothing where there are none."""


class Child:
    """A server in a process group of its own, with its log in a folder that goes with it."""

    def __init__(self, process: asyncio.subprocess.Process, folder: str) -> None:
        self.process = process
        self._folder = folder

    @classmethod
    async def start(
        cls, command: Sequence[str], environment: dict[str, str] | None = None, *, piped: bool = False
    ) -> Child:
        """Starts a command; with `piped` its standard input and output are for the caller."""
        folder = tempfile.mkdtemp(prefix="recognition-")
        pipe = asyncio.subprocess.PIPE
        with (Path(folder) / "log").open("wb") as log:
            try:
                process = await asyncio.create_subprocess_exec(
                    *command,
                    stdin=pipe if piped else asyncio.subprocess.DEVNULL,
                    stdout=pipe if piped else log,
                    stderr=log,
                    env={**os.environ, **(environment or {})},
                    start_new_session=True,
                )
            except OSError as error:
                shutil.rmtree(folder, ignore_errors=True)
                raise SystemFailed(f"{command[0]} cannot be started: {error.strerror}") from None
        return cls(process, folder)

    def last_words(self) -> str:
        """The end of its log, for an error."""
        lines = (Path(self._folder) / "log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return " / ".join(line.strip() for line in lines[-3:])[-600:] or "it said nothing"

    async def stop(self) -> None:
        """Ends the whole group, gently first."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_WAIT_S):
                await self.process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            await self.process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
