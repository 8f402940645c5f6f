"""WhisperLiveKit, its own server over its own WebSocket (`/asr`, raw samples, full state in every message).

It lives in an environment of its own (it needs torch), which `--whisperlivekit-bin` names. AlignAtt, its default
policy, decodes with torch: it gets a checkpoint made of the same weights (`torch_checkpoint.py`).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any, Literal

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from benchmarks.recognition.pacing import send_paced
from benchmarks.recognition.stream import Pcm16, Update
from benchmarks.recognition.systems.system import Child, SystemFailed

Policy = Literal["localagreement", "alignatt"]
HOST = "127.0.0.1"
READY_WAIT_S = 180.0
ASK_EVERY_S = 0.5
CONVERTER = Path(__file__).with_name("torch_checkpoint.py")
SILENCE = -2
"""What it gives as the speaker of a line that is a pause."""


class WhisperLiveKit:
    """One server for all streams of a language: its AlignAtt policy takes the language from the command line."""

    def __init__(self, programs: Path, model: Path, policy: Policy) -> None:
        """`programs` is the folder of the environment's programs, `model` holds the CTranslate2 weights (float16 or
        float32 for AlignAtt)."""
        self.name = f"whisperlivekit-{policy}"
        if not (programs / "whisperlivekit-server").exists():
            raise SystemFailed(f"there is no whisperlivekit-server in {programs}: `pip install whisperlivekit` there")
        self._programs, self._model, self._policy = programs, model, policy
        self._checkpoint = programs.parent / f"{model.name}-{_fingerprint(model)}.pt"
        self._child: Child | None = None
        self._port = 0

    async def start(self, language: str, streams: int) -> None:
        """Starts the server and waits until it says that it is ready."""
        if self._policy == "alignatt" and not self._checkpoint.exists():
            await self._convert()
        self._port = _free_port()
        self._child = await Child.start([*self._command(language)], {"HF_HUB_OFFLINE": "1"})
        loop = asyncio.get_running_loop()
        until_s = loop.time() + READY_WAIT_S
        async with httpx.AsyncClient(trust_env=False) as http:
            while not await _is_ready(http, f"http://{HOST}:{self._port}/health"):
                if self._child.process.returncode is not None or loop.time() > until_s:
                    raise SystemFailed(f"WhisperLiveKit did not start: {self._child.last_words()}")
                await asyncio.sleep(ASK_EVERY_S)

    @property
    def pids(self) -> Sequence[int]:
        """The server."""
        return [self._child.process.pid] if self._child else []

    def _command(self, language: str) -> list[str]:
        command = [str(self._programs / "whisperlivekit-server"), "--host", HOST, "--port", str(self._port)]
        # An empty warm-up file keeps it from fetching one.
        command += ["--pcm-input", "--lan", language, "--warmup-file", "", "-l", "WARNING"]
        command += ["--backend", "faster-whisper"]
        if self._policy == "localagreement":
            return [*command, "--backend-policy", "localagreement", "--model_dir", str(self._model)]
        command += ["--backend-policy", "simulstreaming", "--model", "base"]
        command += ["--encoder-model-path", str(self._model), "--decoder-model-path", str(self._checkpoint)]
        heads = self._checkpoint.with_suffix(".heads").read_text(encoding="ascii")
        return [*command, "--custom-alignment-heads", heads]

    async def _convert(self) -> None:
        converter = [str(self._programs / "python"), str(CONVERTER), str(self._model), str(self._checkpoint)]
        child = await Child.start(converter)
        try:
            if await child.process.wait():
                raise SystemFailed(f"no torch checkpoint could be made of the weights: {child.last_words()}")
        finally:
            await child.stop()

    async def recognise(self, pcm: Pcm16, language: str) -> AsyncGenerator[Update]:
        """Committed: the text of its lines. Tentative: its transcription buffer, shown in grey on its page."""
        loop = asyncio.get_running_loop()
        address = f"ws://{HOST}:{self._port}/asr?language={language}"
        try:
            # Busy decoding, it does not answer pings in time.
            async with connect(address, max_size=None, ping_interval=None, proxy=None) as connection:
                started_s = loop.time()
                feeder = asyncio.create_task(_feed(connection, pcm, started_s))
                try:
                    yield Update(0.0, "")
                    async for message in connection:
                        said: dict[str, Any] = json.loads(message)
                        if said.get("type") == "ready_to_stop":
                            return
                        if "lines" in said:
                            yield _update(said, loop.time() - started_s)
                finally:
                    feeder.cancel()
        except (OSError, WebSocketException) as error:
            raise SystemFailed(f"WhisperLiveKit closed the stream ({type(error).__name__})") from None

    async def stop(self) -> None:
        """Ends the server."""
        child, self._child = self._child, None
        if child is not None:
            await child.stop()


async def _feed(connection: ClientConnection, pcm: Pcm16, started_s: float) -> None:
    await send_paced(pcm, connection.send, started_s)
    await connection.send(b"")  # the end


def _update(said: dict[str, Any], at_s: float) -> Update:
    lines = (line["text"] or "" for line in said["lines"] if line.get("speaker") != SILENCE)
    return Update(at_s, " ".join(lines), said.get("buffer_transcription") or "")


async def _is_ready(http: httpx.AsyncClient, address: str) -> bool:
    try:
        answer = await http.get(address, timeout=2.0)
        return answer.status_code == 200 and bool(answer.json().get("ready"))
    except (httpx.HTTPError, ValueError):
        return False


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _fingerprint(model: Path) -> str:
    weights = model / "model.bin"
    if not weights.exists():
        raise SystemFailed(f"there is no model.bin in {model}: name the folder of a CTranslate2 conversion of Whisper")
    return hashlib.sha256(f"{weights.resolve()} {weights.stat().st_size}".encode()).hexdigest()[:8]
