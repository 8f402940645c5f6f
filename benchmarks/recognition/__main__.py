"""Measures streaming recognisers on folders of audio with texts, at the pace of speech, and prints the ratios.

    python -m benchmarks.recognition FOLDER... --out results.jsonl
    python -m benchmarks.recognition FOLDER... --systems colloque whisper_streaming whisperlivekit-localagreement \\
        whisperlivekit-alignatt --whisper-streaming CHECKOUT --whisperlivekit-bin VENV/bin --load 1 2 3 4

A folder holds recordings with their texts: NAME.wav (or flac, mp3, opus, ogg, m4a) beside NAME.txt, NAME.lab or
NAME.json, or audio.flac beside reference.json; see docs/benchmarks.md. Each run appends rows to the results file.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.recognition.campaign import SYSTEMS, Campaign
from benchmarks.recognition.offline import OfflineWhisper
from benchmarks.recognition.preparing import Prepared, StreamPlan, streams_of, with_offline
from benchmarks.recognition.report import report
from benchmarks.recognition.results import Row, read
from benchmarks.recognition.systems.system import SystemFailed
from colloque.clients.errors import ClientError
from colloque.models.catalogue import locate
from colloque.streaming.errors import EngineFault


def parser() -> argparse.ArgumentParser:
    """All options."""
    options = argparse.ArgumentParser(
        prog="python -m benchmarks.recognition",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = options.add_argument
    add("folders", nargs="*", type=Path, metavar="FOLDER")
    add("--systems", nargs="+", choices=SYSTEMS, default=["colloque"], metavar="SYSTEM", help=" ".join(SYSTEMS))
    add("--languages", nargs="+", default=["fr", "de", "en"], help="leave out streams of other languages")
    add("--language", help="of recordings of which nothing says it")
    add("--runs", type=int, default=3)
    add("--load", nargs="+", type=int, default=[], metavar="N", help="also play N streams at once, in rising order")
    add("--load-language", help="default: the first of --languages")
    add("--only-load", action="store_true", help="leave out the streams one at a time")
    add("--separate", action="store_true", help="each recording is a stream; else those of one folder are joined")
    add("--pause", type=float, default=0.8, metavar="S", help="between joined recordings")
    add("--seconds", type=float, metavar="S", help="only so much of each stream, to the pause before")
    add("--drain", type=float, default=120.0, metavar="S", help="patience with the rest after the last sample")
    add("--model", type=Path, help="CTranslate2 folder, for all systems but colloque; default: colloque's own")
    add("--compute-type", default="int8", help="of the weights, offline and in whisper_streaming")
    add("--command", help="how to run colloque's server, for example 'other/bin/python -m colloque.server'")
    add("--whisper-streaming", type=Path, metavar="FOLDER", help="where its whisper_online.py is")
    add("--whisper-streaming-python", default=sys.executable, metavar="PYTHON")
    add("--whisperlivekit-bin", type=Path, metavar="FOLDER", help="programs of the environment that has it")
    add("--keep-text", action="store_true", help="write the recognised text into the results")
    add("--report-only", action="store_true", help="only print all that is in --out")
    add("--out", type=Path, default=Path("results.jsonl"))
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point. The exit status."""
    options = parser().parse_args(arguments)
    try:
        rows = read(options.out) if options.report_only else _measure(options)
        print(report(rows))
    except (ValueError, ClientError, EngineFault, SystemFailed, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except asyncio.CancelledError:
        return 128 + signal.SIGTERM
    return 0


def _measure(options: argparse.Namespace) -> list[Row]:
    """The rows of this call: earlier ones in the file were measured at another time."""
    if options.model is None:
        options.model = locate("whisper-base")
    languages = tuple(options.languages)
    campaign = Campaign(options)
    plan = StreamPlan(languages, options.language, options.pause, is_joined=not options.separate)
    whisper = OfflineWhisper(options.model, compute_type=options.compute_type)
    streams = streams_of(options.folders, plan, whisper)
    if options.seconds is not None:
        streams = [stream.head(options.seconds) for stream in streams]
    if not streams:
        places = ", ".join(map(str, options.folders)) or "no folder"
        raise ValueError(f"there is no recording with a text in {places} for {' '.join(languages)}")
    prepared = with_offline(streams, whisper)
    del whisper  # its threads and memory are not to stand beside the systems
    return asyncio.run(_until_terminated(campaign, prepared))


async def _until_terminated(campaign: Campaign, prepared: Sequence[Prepared]) -> list[Row]:
    """Ends the systems' processes also where this one is told to end: they are in groups of their own."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await campaign.run(prepared)


if __name__ == "__main__":
    sys.exit(main())
