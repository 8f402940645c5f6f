"""Rows of a results file: one JSON object a line."""

from __future__ import annotations

import json
import platform
import statistics
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped, unused-ignore]

from benchmarks.recognition.measuring import Measurement
from benchmarks.recognition.meter import MIB
from benchmarks.recognition.preparing import Prepared
from benchmarks.recognition.scoring import StreamScore, quantiles

Row = dict[str, Any]


def surroundings(model: Path) -> Row:
    """What every row says of the machine and of what was compared."""
    names = ("colloque", "faster-whisper", "ctranslate2")
    return {
        "when_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {psutil.cpu_count()} cores, Python {platform.python_version()}",
        "versions": {name: version(name) for name in names},
        "model": model.name,
    }


def offline_row(language: str, prepared: Sequence[Prepared]) -> Row:
    """The weights on whole files."""
    audio_s = sum(one.stream.duration_s for one in prepared)
    words = sum(len(one.stream.words) for one in prepared)
    return {
        "kind": "offline",
        "language": language,
        "audio_s": round(audio_s, 1),
        "reference_words": words,
        "wer": round(sum(one.offline_errors for one in prepared) / words, 4),
        "cpu_s_per_audio_s": round(sum(one.offline_cpu_s for one in prepared) / audio_s, 3),
        "word_times": {one.stream.name: one.stream.word_times for one in prepared},
    }


def measured_row(measurements: Sequence[Measurement], offline_wer: float | None, *, keep_text: bool) -> Row:
    """All starts of one system in one language and run, as one."""
    scores = [score for one in measurements for score in one.scores]
    audio_s = sum(one.audio_s for one in measurements)
    span_s = sum(one.span_s for one in measurements)
    cpu_s = sum(one.cpu_s for one in measurements)
    row: Row = {
        "audio_s": round(audio_s, 1),
        "streams": [score.name for score in scores],
        "refused": sum(len(one.refusals) for one in measurements),
        "cut_off": sum(score.is_cut_off for score in scores),
        "refusals": sorted({refusal for one in measurements for refusal in one.refusals}),
        **_text_figures(scores, offline_wer),
        "word_latency_s": quantiles([x for score in scores for x in score.word_latencies_s]),
        "utterance_latency_s": quantiles([x for score in scores for x in score.utterance_latencies_s]),
        "word_latency_p95_s": {score.name: quantiles(score.word_latencies_s)["p95"] for score in scores},
        "cpu_s_per_audio_s": round(cpu_s / audio_s, 3) if audio_s else None,
        "cores_used": round(cpu_s / span_s, 2),
        "peak_mib": round(max(one.peak_bytes for one in measurements) / MIB),
        "drain_s": round(max((score.drain_s for score in scores), default=0.0), 2),
        "machine_cores_busy": round(sum(one.machine_busy_s for one in measurements) / span_s, 2),
    }
    if keep_text:
        row["text"] = {score.name: score.text for score in scores}
    return row


def _text_figures(scores: Sequence[StreamScore], offline_wer: float | None) -> Row:
    words = sum(score.reference_words for score in scores)
    wer = sum(score.errors for score in scores) / words if words else None
    shown = sum(score.shown for score in scores)
    return {
        "reference_words": words,
        "wer": None if wer is None else round(wer, 4),
        "offline_wer": offline_wer,
        "wer_ratio": round(wer / offline_wer, 3) if wer is not None and offline_wer else None,
        "substitutions": sum(score.substitutions for score in scores),
        "deletions": sum(score.deletions for score in scores),
        "insertions": sum(score.insertions for score in scores),
        "shown_words": shown,
        "revision_rate": round(sum(score.revised for score in scores) / shown, 4) if shown else None,
        "rewrites": sum(score.rewrites for score in scores),
    }


def append(path: Path, row: Row) -> None:
    """Adds a row to a results file."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")


def read(path: Path) -> list[Row]:
    """All rows of a results file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def pick(row: Row, key: str) -> float | None:
    """A figure of a row; `word_latency_s.p50` looks one level down."""
    outer, _, inner = key.partition(".")
    value = row.get(outer)
    if inner:
        value = value.get(inner) if isinstance(value, dict) else None
    return value


def median(rows: Iterable[Row], key: str) -> float | None:
    """Median of a figure over runs; None where no run has it."""
    values = [value for row in rows if (value := pick(row, key)) is not None]
    return statistics.median(values) if values else None
