"""whisper_streaming (LocalAgreement-2; Macháček, Dabre, Bojar, "Turning Whisper into Real-Time Transcription System",
2023), driven through its own classes.

It is no package: the folder with its `whisper_online.py` is named by `--whisper-streaming`. Its server takes one
client, so each stream has a process of its own, and no stream is ever refused.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.recognition.pacing import send_paced
from benchmarks.recognition.stream import Pcm16, Update
from benchmarks.recognition.systems.system import Child, SystemFailed

WORKER = Path(__file__).with_name("whisper_streaming_worker.py")


class WhisperStreaming:
    """One worker a stream: samples in, committed text out."""

    name = "whisper_streaming"

    def __init__(self, folder: Path, model: Path, python: str = sys.executable, compute_type: str = "int8") -> None:
        """`folder` holds `whisper_online.py`, `model` the CTranslate2 weights; `python` has faster-whisper and what
        the module imports (librosa, soundfile)."""
        if not (folder / "whisper_online.py").exists():
            raise SystemFailed(f"there is no whisper_online.py in {folder}: name the folder of whisper_streaming")
        self._command = [python, str(WORKER), str(folder), str(model), compute_type]
        self._children: list[Child] = []
        self._free: list[Child] = []

    async def start(self, language: str, streams: int) -> None:
        """Starts the workers and waits until each has decoded something."""
        for _ in range(streams):
            self._children.append(await Child.start([*self._command, language], piped=True))
        for child in self._children:
            if "ready" not in await _said(child):
                raise SystemFailed(f"the worker of whisper_streaming did not start: {child.last_words()}")
        self._free = list(self._children)

    @property
    def pids(self) -> Sequence[int]:
        """The workers."""
        return [child.process.pid for child in self._children]

    async def recognise(self, pcm: Pcm16, language: str) -> AsyncGenerator[Update]:
        """Committed text only: its own output shows nothing else."""
        child = self._free.pop()
        assert child.process.stdin is not None
        pipe = child.process.stdin
        loop = asyncio.get_running_loop()
        started_s = loop.time()

        async def send(frame: bytes) -> None:
            pipe.write(frame)
            await pipe.drain()

        async def feed() -> None:
            await send_paced(pcm, send, started_s)
            pipe.close()

        feeder = asyncio.create_task(feed())
        text = ""
        try:
            yield Update(0.0, "")
            while "done" not in (said := await _said(child)):
                if "text" not in said:
                    raise SystemFailed(f"the worker of whisper_streaming ended: {child.last_words()}")
                text += said["text"]
                yield Update(loop.time() - started_s, text)
        finally:
            feeder.cancel()

    async def stop(self) -> None:
        """Ends the workers."""
        children, self._children, self._free = self._children, [], []
        for child in children:
            await child.stop()


async def _said(child: Child) -> dict[str, Any]:
    """The worker's next line; empty where it has ended."""
    assert child.process.stdout is not None
    line = await child.process.stdout.readline()
    return dict(json.loads(line)) if line else {}
