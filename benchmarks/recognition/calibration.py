"""Measures whether the confidence of committed words says how often they are right, and fits it.

    python -m benchmarks.recognition.calibration FOLDER... --out words.jsonl --plot docs/

Runs the recogniser over the recordings (the same folders as `python -m benchmarks.recognition`), as the engine does but
as fast as it can, and compares the committed words with the text. Prints how well three confidences fit: the mean
probability of a word's tokens, what `colloque.models.confidence` makes of it now, and a fit to these words, for which
each stream is judged by a fit to the others. The new constants come last. `--out` keeps what was measured, but for the
text; with `--report-only` it is read again.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.recognition.committed_words import Rated, judge, recognise, streams_of
from benchmarks.recognition.plot import PlotterMissing, pyplot_for_svg
from colloque.clients.errors import ClientError
from colloque.models.catalogue import locate
from colloque.models.compute import choose_compute
from colloque.models.confidence import FITTED, Calibration, calibrated, features
from colloque.models.decoders import load_decoder
from colloque.models.vad import VoiceActivity
from colloque.models.whisper import Whisper
from colloque.streaming.errors import EngineFault

BINS = 10
"""Of equal width, for the table and the expected calibration error."""
QUANTILES = (1, 5, 10, 25, 50, 75, 90)
"""Percent."""
RIDGE = 1.0
"""Pull of the weights towards 0, as of one word: a fit of few words stays sane."""
STEPS_MAX = 50

Floats = npt.NDArray[np.float64]
"""Shape (n,), or (n, weights)."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well probabilities say what is right."""

    ece: float
    """Expected calibration error: mean distance of confidence and share of right words, over bins."""
    brier: float
    """Mean square of confidence minus outcome."""
    auc: float
    """Chance that a right word has more confidence than a wrong one; 0.5 knows nothing. NaN without both."""


def fit(words: Sequence[Rated]) -> Calibration:
    """Logistic regression by Newton's method. A probability whose weight would be negative is left out."""
    x, y = _design(words)
    kept = list(range(x.shape[1]))
    while True:
        weights = np.zeros(x.shape[1])
        weights[kept] = _newton(x[:, kept], y)
        negative = [i for i in (1, 2) if weights[i] < 0]
        if not negative:
            return Calibration(*(round(float(weight), 3) for weight in weights))
        kept.remove(min(negative, key=lambda i: weights[i]))


def _newton(x: Floats, y: Floats) -> Floats:
    pull = RIDGE * np.eye(x.shape[1])
    pull[0, 0] = 0.0  # the bias is free
    weights = np.zeros(x.shape[1])
    for _ in range(STEPS_MAX):
        p = 1 / (1 + np.exp(-x @ weights))
        slope = x.T @ (p - y) + pull @ weights
        step = np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + pull + 1e-9 * np.eye(x.shape[1]), slope)
        weights = weights - step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def _design(words: Sequence[Rated]) -> tuple[Floats, Floats]:
    x = [(1.0, *features(word.mean, word.weakest, word.passes)) for word in words]
    return np.array(x, np.float64), np.array([word.is_right for word in words], np.float64)


def confidences(words: Sequence[Rated], by: Calibration) -> Floats:
    """Of each word, shape (n,)."""
    return np.array([calibrated(word.mean, word.weakest, word.passes, by) for word in words])


def across(words: Sequence[Rated]) -> Floats:
    """Confidence of each word by a fit to the words of the other streams, shape (n,)."""
    found = np.zeros(len(words))
    streams = np.array([word.stream for word in words])
    for name in sorted(set(streams)):
        others = [word for word in words if word.stream != name]
        held = streams == name
        found[held] = confidences([word for word in words if word.stream == name], fit(others))
    return found


def bins(confidence: Floats, right: Floats) -> list[tuple[int, float, float]]:
    """For each bin from 0 to 1: words, their mean confidence, the share of them that is right (0 where it is empty)."""
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    rows = [(place == b) for b in range(BINS)]
    return [
        (int(held.sum()), float(confidence[held].mean()), float(right[held].mean())) if held.any() else (0, 0.0, 0.0)
        for held in rows
    ]


def judged(confidence: Floats, right: Floats) -> Fit:
    """The three figures; `right` holds 0 and 1. Both of shape (n,), n > 0."""
    ece = sum(n * abs(said - is_so) for n, said, is_so in bins(confidence, right)) / len(right)
    good, bad = confidence[right == 1], confidence[right == 0]
    auc = float(((good[:, None] > bad) + 0.5 * (good[:, None] == bad)).mean()) if len(good) and len(bad) else np.nan
    return Fit(float(ece), float(np.square(confidence - right).mean()), auc)


# --- report -----------------------------------------------------------------------------------------------------------


def report(words: Sequence[Rated]) -> str:
    """Everything that is printed. Raises `ValueError` where a fit is impossible."""
    if len({word.stream for word in words}) < 2 or len({word.is_right for word in words}) < 2:
        raise ValueError(
            f"{len(words)} words are too few to fit: it takes two streams or more, and wrong words among the right "
            "ones. Give more folders"
        )
    right = _design(words)[1]
    ways = _ways(words)
    lines = [f"{len(words)} words of {len({word.stream for word in words})} streams, {right.mean():.1%} right", ""]
    lines += [f"{'confidence':24s}    ECE   Brier     AUC   percentiles {' '.join(f'{q:5d}' for q in QUANTILES)}"]
    for name, found in ways.items():
        how = judged(found, right)
        spread = " ".join(f"{value:5.2f}" for value in np.percentile(found, QUANTILES))
        lines.append(f"{name:24s} {how.ece:6.4f}  {how.brier:6.4f}  {how.auc:6.3f}               {spread}")
    for name, found in ways.items():
        lines += ["", f"{name}: reliability", "  bin       words   said  right"]
        for b, (count, said, is_so) in enumerate(bins(found, right)):
            lines.append(f"  {b / BINS:.1f}-{(b + 1) / BINS:.1f} {count:8d}  {said:5.3f}  {is_so:5.3f}")
    lines += ["", f"{'stream':32s} words  right  mean confidence: {'  '.join(ways)}"]
    for name in dict.fromkeys(word.stream for word in words):
        held = np.array([word.stream == name for word in words])
        means = "  ".join(f"{found[held].mean():.3f}" for found in ways.values())
        lines.append(f"{name:32s} {held.sum():5d}  {right[held].mean():.3f}  {means}")
    return "\n".join([*lines, "", f"fit to all: {fit(words)}"])


def _ways(words: Sequence[Rated]) -> dict[str, Floats]:
    return {
        "mean probability": np.array([word.mean for word in words]),
        "as it is now": confidences(words, FITTED),
        "fit to other streams": across(words),
    }


def draw(words: Sequence[Rated], folder: Path) -> Path:
    """Draws the reliability curves as `confidence.svg`. Raises `PlotterMissing`."""
    pyplot: Any = pyplot_for_svg()
    right, ways = _design(words)[1], _ways(words)
    figure, panel = pyplot.subplots(figsize=(4.6, 4.0))
    panel.plot([0, 1], [0, 1], color="#555555", linestyle="--", linewidth=1, label="ideal")
    for name, style in (("mean probability", ("#d55e00", "s")), ("fit to other streams", ("#0072b2", "o"))):
        rows = [row for row in bins(ways[name], right) if row[0]]
        panel.plot([row[1] for row in rows], [row[2] for row in rows], f"{style[1]}-", color=style[0], label=name)
    panel.set(xlabel="confidence", ylabel="share of words that are right", xlim=(0, 1), ylim=(0, 1))
    panel.legend(loc="upper left")
    path = folder / "confidence.svg"
    figure.savefig(path, format="svg", bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)
    return path


def _measure(options: argparse.Namespace) -> list[Rated]:
    place, compute = locate("whisper-base"), choose_compute(workers=1, threads=1)
    whisper = Whisper(place, compute, load_decoder(place, compute))
    activity = VoiceActivity(locate("silero-vad"))
    words: list[Rated] = []
    with options.out.open("w", encoding="utf-8") as file:
        for stream in streams_of(options.folders, options.language):
            found = judge(stream, recognise(stream, whisper, activity))
            file.writelines(json.dumps(asdict(word)) + "\n" for word in found)
            file.flush()
            words += found
    return words


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point. The exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.recognition.calibration",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--language", help="of recordings of which nothing says it")
    parser.add_argument("--out", type=Path, default=Path("words.jsonl"))
    parser.add_argument("--report-only", action="store_true", help="only read --out again")
    parser.add_argument("--plot", type=Path, metavar="FOLDER", help="also draw confidence.svg there")
    options = parser.parse_args(arguments)
    try:
        if options.report_only:
            words = [Rated(**json.loads(line)) for line in options.out.read_text(encoding="utf-8").splitlines()]
        else:
            words = _measure(options)
        print(report(words))
        if options.plot is not None:
            print(draw(words, options.plot))
    except (PlotterMissing, ValueError, TypeError, ClientError, EngineFault, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
