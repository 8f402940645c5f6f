"""The recogniser over recordings on a virtual clock: how good and how late it is, without waiting for anybody to speak.

    python -m benchmarks.recognition.virtual_clock FOLDER...

For work on the recogniser itself: the same folders and the same figures as `python -m benchmarks.recognition`, but the
recogniser alone, pass by pass, in this process. A pass comes due where the audio says so; it begins then, or when the
one before is over, and takes as long as the processor time that it needed. No pass is left out, so that the words, and
the word error rate, are the same on a slow machine and on a fast one. Prints the errors beside those of the offline
pass, latencies and the processor time of the passes.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.recognition.committed_words import passes
from benchmarks.recognition.offline import OfflineWhisper
from benchmarks.recognition.preparing import StreamPlan, streams_of, with_offline
from benchmarks.recognition.scoring import StreamScore, StreamScorer
from benchmarks.recognition.stream import Stream, Update
from colloque.clients.errors import ClientError
from colloque.models.catalogue import locate
from colloque.models.compute import choose_compute
from colloque.models.decoders import load_decoder
from colloque.models.vad import VoiceActivity
from colloque.models.whisper import Whisper
from colloque.streaming.errors import EngineFault


@dataclass(frozen=True, slots=True)
class Played:
    """A stream that has been played, and what the same weights made of it offline."""

    language: str
    score: StreamScore
    offline_errors: int
    busy_s: float
    """Processor time of its passes."""


def play(stream: Stream, whisper: Whisper, activity: VoiceActivity) -> tuple[StreamScore, float]:
    """Figures of one stream, and the processor seconds of its passes."""
    scorer, said = StreamScorer(stream), list[str]()
    free_s = busy_s = 0.0
    for due_s, due, reader in passes(stream, whisper, activity):
        before_s = time.process_time()
        heard = reader.take(due.kind, due.voice_end_sample)
        took_s = time.process_time() - before_s
        busy_s += took_s
        free_s = max(free_s, due_s) + took_s
        said += [word.text for word in heard.words]
        scorer.add(Update(free_s, " ".join(said), heard.tail))
    return scorer.score(), busy_s


def table(played: Sequence[Played]) -> str:
    """A line for each stream, each language and all together."""
    lines = [f"{'':28s} {'errors':>6s} {'offline':>7s} {'ratio':>6s}   word p50 / p95 s   end p50 / p95 s  CPU s / s"]
    lines += [_line(one.score.name, [one]) for one in played]
    for language in dict.fromkeys(one.language for one in played):
        lines.append(_line(language, [one for one in played if one.language == language]))
    return "\n".join([*lines, _line("all", played)])


def _line(name: str, played: Sequence[Played]) -> str:
    errors, offline = sum(one.score.errors for one in played), sum(one.offline_errors for one in played)
    word, end = (
        " / ".join(f"{value:5.2f}" for value in np.percentile(latencies, (50, 95))) if latencies else "none"
        for latencies in (
            [latency for one in played for latency in one.score.word_latencies_s],
            [latency for one in played for latency in one.score.utterance_latencies_s],
        )
    )
    share = sum(one.busy_s for one in played) / sum(one.score.audio_s for one in played)
    ratio = f"{errors / offline:6.3f}" if offline else "     -"
    return f"{name[:28]:28s} {errors:6d} {offline:7d} {ratio}   {word:>16s}   {end:>15s}  {share:9.3f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point. The exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.recognition.virtual_clock",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument(
        "--languages", nargs="+", default=["fr", "de", "en"], help="leave out streams of other languages"
    )
    parser.add_argument("--language", help="of recordings of which nothing says it")
    parser.add_argument("--seconds", type=float, metavar="S", help="only so much of each stream, to the pause before")
    options = parser.parse_args(arguments)
    try:
        print(table(_measure(options)))
    except (ValueError, ClientError, EngineFault, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _measure(options: argparse.Namespace) -> list[Played]:
    folder, compute = locate("whisper-base"), choose_compute("cpu", workers=1, threads=1)
    offline = OfflineWhisper(folder)
    streams = streams_of(options.folders, StreamPlan(tuple(options.languages), options.language), offline)
    if options.seconds is not None:
        streams = [stream.head(options.seconds) for stream in streams]
    if not streams:
        raise ValueError(f"there is no recording with a text in {', '.join(map(str, options.folders))}")
    whisper, activity = Whisper(folder, compute, load_decoder(folder, compute)), VoiceActivity(locate("silero-vad"))
    played: list[Played] = []
    for prepared in with_offline(streams, offline):
        score, busy_s = play(prepared.stream, whisper, activity)
        played.append(Played(prepared.stream.language, score, prepared.offline_errors, busy_s))
    return played


if __name__ == "__main__":
    sys.exit(main())
