"""Tables and ratios of a results file, as Markdown. Every figure is the median of the runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.recognition.results import Row, median

OURS = "colloque"
P95_LIMIT_S = 4.0
"""A load is held where no stream was refused or cut off, and the 95th percentile is at most so late."""


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    key: str
    form: str
    scale: float = 1.0


_COLUMNS = (
    _Column("WER %", "wer", ".1f", 100),
    _Column("offline %", "offline_wer", ".1f", 100),
    _Column("ratio", "wer_ratio", ".2f"),
    _Column("word p50 s", "word_latency_s.p50", ".2f"),
    _Column("word p95 s", "word_latency_s.p95", ".2f"),
    _Column("utterance p50 s", "utterance_latency_s.p50", ".2f"),
    _Column("utterance p95 s", "utterance_latency_s.p95", ".2f"),
    _Column("CPU s / s", "cpu_s_per_audio_s", ".2f"),
    _Column("peak MiB", "peak_mib", ".0f"),
    _Column("revised %", "revision_rate", ".1f", 100),
    _Column("rewrites", "rewrites", ".0f"),
    _Column("drain s", "drain_s", ".1f"),
    _Column("cut off", "cut_off", ".0f"),
)
_LOAD_COLUMNS = (
    _Column("word p50 s", "word_latency_s.p50", ".2f"),
    _Column("word p95 s", "word_latency_s.p95", ".2f"),
    _Column("utterance p95 s", "utterance_latency_s.p95", ".2f"),
    _Column("WER %", "wer", ".1f", 100),
    _Column("cores", "cores_used", ".2f"),
    _Column("peak MiB", "peak_mib", ".0f"),
    _Column("refused", "refused", ".0f"),
    _Column("cut off", "cut_off", ".0f"),
)


def report(rows: Sequence[Row]) -> str:
    """All tables for which there are rows."""
    parts = [_streams(rows), _ratios(rows), _loads(rows), _failures(rows)]
    return "\n\n".join(part for part in parts if part)


def holds(rows: Sequence[Row]) -> bool:
    """Whether a load was held, by the rows of its runs."""
    late = median(rows, "word_latency_s.p95")
    return late is not None and late <= P95_LIMIT_S and not median(rows, "refused") and not median(rows, "cut_off")


def chosen(rows: Sequence[Row], **wanted: object) -> list[Row]:
    """Rows that were measured, and have these values."""
    return [row for row in rows if "failed" not in row and all(row.get(key) == wanted[key] for key in wanted)]


def distinct(rows: Sequence[Row], key: str) -> list[str]:
    """Values of a key in the order in which they come."""
    return list(dict.fromkeys(row[key] for row in rows if key in row))


def _streams(rows: Sequence[Row]) -> str:
    lines: list[list[str]] = []
    for language in distinct(rows, "language"):
        for system in distinct(chosen(rows, kind="streams", language=language), "system"):
            runs = chosen(rows, kind="streams", language=language, system=system)
            lines.append([system, language, str(len(runs)), *(_cell(runs, column) for column in _COLUMNS)])
        for offline in chosen(rows, kind="offline", language=language)[-1:]:
            cells = [_cell([offline], column) if column.key in offline else "" for column in _COLUMNS]
            lines.append(["(offline, whole file)", language, "", *cells])
    return _table("## Streams, one at a time", ["system", "language", "runs", *(c.title for c in _COLUMNS)], lines)


def _ratios(rows: Sequence[Row]) -> str:
    """Ours beside the best of the others, for each figure and language."""
    lines: list[list[str]] = []
    for language in distinct(rows, "language"):
        ours = chosen(rows, kind="streams", language=language, system=OURS)
        others = [s for s in distinct(chosen(rows, kind="streams", language=language), "system") if s != OURS]
        for title, key in (
            ("CPU seconds", "cpu_s_per_audio_s"),
            ("word latency p50", "word_latency_s.p50"),
            ("word latency p95", "word_latency_s.p95"),
            ("peak memory", "peak_mib"),
            ("word error rate", "wer"),
        ):
            figures = {s: median(chosen(rows, kind="streams", language=language, system=s), key) for s in others}
            known = {system: figure for system, figure in figures.items() if figure is not None}
            mine = median(ours, key)
            if not known or mine is None:
                continue
            best = min(known, key=lambda system: known[system])
            factor = f"{known[best] / mine:.2f} times" if mine > 0 else "none here"
            lines.append([title, language, f"{mine:.3f}", f"{known[best]:.3f}", best, factor])
    return _table(
        "## Ratios: the best of the others / this project",
        ["figure", "language", OURS, "best other", "which", "less here by"],
        lines,
    )


def _loads(rows: Sequence[Row]) -> str:
    lines: list[list[str]] = []
    for system in distinct(chosen(rows, kind="load"), "system"):
        for count in distinct(chosen(rows, kind="load", system=system), "at_once"):
            runs = chosen(rows, kind="load", system=system, at_once=count)
            cells = [_cell(runs, column) for column in _LOAD_COLUMNS]
            lines.append([system, str(count), str(len(runs)), *cells, "yes" if holds(runs) else "no"])
    head = ["system", "streams at once", "runs", *(c.title for c in _LOAD_COLUMNS), f"p95 ≤ {P95_LIMIT_S:.0f} s"]
    return _table("## Streams at once", head, lines)


def _failures(rows: Sequence[Row]) -> str:
    failed = [f"- {row['system']}, {row.get('language', '')}: {row['failed']}" for row in rows if "failed" in row]
    return "\n".join(["## Not measured", "", *failed]) if failed else ""


def _cell(rows: Sequence[Row], column: _Column) -> str:
    value = median(rows, column.key)
    return "–" if value is None else format(value * column.scale, column.form)


def _table(title: str, head: list[str], lines: list[list[str]]) -> str:
    if not lines:
        return ""
    body = ["| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *lines]]
    return "\n".join([title, "", *body])
