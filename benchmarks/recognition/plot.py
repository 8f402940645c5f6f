"""Draws a results file as SVG.

    python -m benchmarks.recognition.plot results.jsonl docs/

Writes `recognition-latency.svg` (share of words by how late they are committed), `recognition-wer.svg` (word error
rate by latency) and, where loads were measured, `recognition-load.svg` (latency by streams at once).
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.recognition.report import P95_LIMIT_S, chosen, distinct
from benchmarks.recognition.results import Row, median, read

STYLES = {
    "colloque": ("#0072b2", "o"),
    "whisper_streaming": ("#d55e00", "s"),
    "whisperlivekit-localagreement": ("#009e73", "^"),
    "whisperlivekit-alignatt": ("#cc79a7", "D"),
}
OTHER = ("#555555", "x")
TICKS_S = (0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1000)
SHARES = [step * 5 for step in range(21)]
"""Percent, of the `curve` in a results file."""


class PlotterMissing(Exception):
    """matplotlib is not installed."""


def draw(rows: Sequence[Row], folder: Path) -> list[Path]:
    """Draws all plots for which there are rows. Their paths. Raises `PlotterMissing`."""
    pyplot = pyplot_for_svg()
    plots: list[tuple[str, Callable[[Any, Sequence[Row]], Any]]] = []
    if chosen(rows, kind="streams"):
        plots += [("recognition-latency.svg", _latency), ("recognition-wer.svg", _wer)]
    if chosen(rows, kind="load"):
        plots.append(("recognition-load.svg", _load))
    paths: list[Path] = []
    for name, plot in plots:
        figure = plot(pyplot, rows)
        # Without a date the same results give the same file.
        figure.savefig(folder / name, format="svg", bbox_inches="tight", metadata={"Date": None})
        pyplot.close(figure)
        paths.append(folder / name)
    return paths


def pyplot_for_svg() -> Any:
    try:
        import matplotlib  # type: ignore[import-not-found, unused-ignore]
    except ModuleNotFoundError:
        raise PlotterMissing("plots need matplotlib: pip install '.[bench]'") from None
    matplotlib.use("svg")
    matplotlib.rcParams.update(
        {
            "svg.hashsalt": "recognition",
            "svg.fonttype": "none",
            "font.size": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.alpha": 0.3,
            "legend.frameon": False,
        }
    )
    from matplotlib import pyplot  # type: ignore[import-not-found, unused-ignore]

    return pyplot


def _panels(pyplot: Any, rows: Sequence[Row]) -> tuple[Any, list[tuple[str, Any]]]:
    """A figure with one panel a language."""
    languages = distinct(chosen(rows, kind="streams"), "language")
    figure, panels = pyplot.subplots(
        1, len(languages), figsize=(1 + 3.2 * len(languages), 3.0), sharex=True, sharey=True, squeeze=False
    )
    return figure, list(zip(languages, panels[0], strict=True))


def _latency(pyplot: Any, rows: Sequence[Row]) -> Any:
    figure, panels = _panels(pyplot, rows)
    for language, panel in panels:
        for system in distinct(chosen(rows, kind="streams", language=language), "system"):
            runs = chosen(rows, kind="streams", language=language, system=system)
            curves = [run["word_latency_s"]["curve"] for run in runs if run["word_latency_s"]["curve"]]
            if curves:
                late_s = [max(0.05, statistics.median(points)) for points in zip(*curves, strict=True)]
                panel.plot(late_s, SHARES, color=_style(system)[0], label=system)
        panel.set(title=language, xscale="log", xlabel="committed so late after the word's end (s)", ylim=(0, 100))
    _plain_seconds(panels[0][1].xaxis)
    panels[0][1].set_ylabel("words (%)")
    _legend(figure, panels)
    return figure


def _wer(pyplot: Any, rows: Sequence[Row]) -> Any:
    figure, panels = _panels(pyplot, rows)
    for language, panel in panels:
        for system in distinct(chosen(rows, kind="streams", language=language), "system"):
            runs = chosen(rows, kind="streams", language=language, system=system)
            late_s, wer = median(runs, "word_latency_s.p50"), median(runs, "wer")
            if late_s is not None and wer is not None:
                colour, mark = _style(system)
                panel.plot([late_s], [100 * wer], mark, color=colour, label=system, markersize=7)
        offline = median(chosen(rows, kind="offline", language=language), "wer")
        if offline is not None:
            panel.axhline(100 * offline, color="#555555", linestyle="--", linewidth=1, label="same weights, offline")
        panel.set(title=language, xscale="log", xlabel="median latency of committed words (s)")
    _plain_seconds(panels[0][1].xaxis)
    panels[0][1].set_ylabel("word error rate (%)")
    panels[0][1].set_ylim(0, panels[0][1].get_ylim()[1] * 1.05)
    _legend(figure, panels)
    return figure


def _load(pyplot: Any, rows: Sequence[Row]) -> Any:
    figure, panel = pyplot.subplots(figsize=(4.6, 3.0))
    for system in distinct(chosen(rows, kind="load"), "system"):
        counts = distinct(chosen(rows, kind="load", system=system), "at_once")
        points = [
            (n, median(chosen(rows, kind="load", system=system, at_once=n), "word_latency_s.p95")) for n in counts
        ]
        known = [(n, late_s) for n, late_s in points if late_s is not None]
        colour, mark = _style(system)
        panel.plot([n for n, _ in known], [late_s for _, late_s in known], f"{mark}-", color=colour, label=system)
    panel.axhline(P95_LIMIT_S, color="#555555", linestyle="--", linewidth=1, label="limit")
    panel.set(xlabel="streams at once", ylabel="95th percentile of latency (s)", yscale="log")
    panel.xaxis.get_major_locator().set_params(integer=True)
    _plain_seconds(panel.yaxis)
    _legend(figure, [("", panel)])
    return figure


def _style(system: str) -> tuple[str, str]:
    return STYLES.get(system, OTHER)


def _plain_seconds(axis: Any) -> None:
    """A logarithmic axis from one round number to another, without powers of ten."""
    low, high = axis.get_view_interval()
    below = max((tick for tick in TICKS_S if tick <= low), default=TICKS_S[0])
    above = min((tick for tick in TICKS_S if tick >= high), default=TICKS_S[-1])
    ticks = [tick for tick in TICKS_S if below <= tick <= above]
    axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set_ticks([], minor=True)
    axis.axes.set(**{f"{axis.axis_name}lim": (below, above)})


def _legend(figure: Any, panels: list[tuple[str, Any]]) -> None:
    known: dict[str, Any] = {}
    for _, panel in panels:
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
            known.setdefault(label, handle)
    figure.legend(
        known.values(), known.keys(), loc="upper center", bbox_to_anchor=(0.5, -0.02), ncol=3 if len(panels) > 2 else 2
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point. The exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.recognition.plot",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("results", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    try:
        for path in draw(read(options.results), options.folder):
            print(path)
    except (PlotterMissing, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
