"""One live session for long: does the work keep up, and does memory stay flat?

    python benchmarks/endurance.py --minutes 10 FILE           real time, the recording over and over
    python benchmarks/endurance.py --minutes 60 --fast FILE    as fast as the server takes it
    python benchmarks/endurance.py --minutes 60 --fast --silence

Starts a server of its own and meters its whole process tree. Prints one JSON object: `behind` is received minus
processed audio (seconds) as the server's own `lag` events say, `rss_mib` the resident memory at the marks, `cpu` CPU
seconds per second of audio, and how many words and statements came.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from colloque.clients.client import ColloqueClient
from colloque.clients.local_server import LocalServer
from colloque.clients.recording import Recording
from colloque.streaming import messages as m

RATE = 16_000
FRAME_S = 0.1
MARKS = 12


def tree(pid: int) -> list[psutil.Process]:
    """The server and its children."""
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def rss_mib(pid: int) -> float:
    """Resident memory of the tree, MiB."""
    return sum(p.memory_info().rss for p in tree(pid)) / 2**20


def cpu_s(pid: int) -> float:
    """User and system seconds of the tree."""
    return sum(sum(p.cpu_times()[:2]) for p in tree(pid))


def audio_of(arguments: argparse.Namespace) -> np.ndarray:
    """s16 samples, shape (n,), to be repeated; silence is a faint noise, as a quiet room is."""
    if arguments.silence:
        noise = np.random.default_rng(1).normal(0, 8, 60 * RATE)
        return noise.astype(np.int16)
    return np.concatenate([np.frombuffer(frame, np.int16) for frame in Recording(str(arguments.file), "1").frames()])


async def feed(session: Any, pcm: np.ndarray, minutes: float, fast: bool, report: dict[str, Any], pid: int) -> None:
    """Sends the audio, paced or not, and notes the memory at the marks."""
    frame, total = int(FRAME_S * RATE), int(minutes * 60 * RATE)
    started, at, position = time.monotonic(), 0, 0
    while at < total:
        if position + frame > len(pcm):
            position = 0
        if not fast:
            await asyncio.sleep(max(0.0, started + (at + frame) / RATE - time.monotonic()))
        await session.send_audio(pcm[position : position + frame].tobytes())
        at, position = at + frame, position + frame
        if at * MARKS // total > len(report["rss_mib"]):
            report["rss_mib"].append(round(rss_mib(pid), 1))
            print(f"{at / RATE / 60:6.1f} min  {report['rss_mib'][-1]:7.1f} MiB", flush=True)
    await session.end()


async def watch(session: Any, report: dict[str, Any]) -> None:
    """Counts what comes and how far the work is behind."""
    async for envelope in session:
        match envelope.event:
            case m.Lag(received, processed):
                report["behind"].append(received - processed)
            case m.TranscriptFinal(_, _, words):
                report["words"] += len(words)
            case m.NoteUpsert():
                report["upserts"] += 1
            case m.Gap():
                report["gaps"] += 1


async def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Runs one session from its start to its end."""
    pcm = audio_of(arguments)
    report: dict[str, Any] = {"behind": [], "rss_mib": [], "words": 0, "upserts": 0, "gaps": 0}
    async with LocalServer() as server, ColloqueClient(server.url, server.api_key) as client:
        created = await client.create_session(arguments.language)
        await client.consent(created, given=True, method="verbal", by="benchmark")
        report["rss_mib_start"], cpu, started = round(rss_mib(server.pid), 1), cpu_s(server.pid), time.monotonic()
        async with client.publish(created) as session:
            feeder = asyncio.create_task(feed(session, pcm, arguments.minutes, arguments.fast, report, server.pid))
            await watch(session, report)
            await feeder
        report["wall_s"] = round(time.monotonic() - started, 1)
        report["cpu"] = round((cpu_s(server.pid) - cpu) / (arguments.minutes * 60), 3)
    behind = np.array(report.pop("behind") or [0.0])
    report["behind_s"] = {
        "p50": round(float(np.quantile(behind, 0.5)), 2),
        "p95": round(float(np.quantile(behind, 0.95)), 2),
        "max": round(float(behind.max()), 2),
    }
    report["minutes"], report["machine"] = arguments.minutes, f"{platform.machine()}, {psutil.cpu_count()} cores"
    return report


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, default=Path("clients/demo/consultation.fr.opus"))
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--language", default="fr")
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--silence", action="store_true")
    print(json.dumps(asyncio.run(measure(parser.parse_args()))))


if __name__ == "__main__":
    main()
