"""Fit and figures of word confidence."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.recognition.calibration import across, bins, confidences, fit, judged, main, report
from benchmarks.recognition.committed_words import Rated
from colloque.models.confidence import Calibration, calibrated

TRUTH = Calibration(bias=-1.0, mean=0.8, weakest=0.4, passes=0.6)


def words(count: int, by: Calibration = TRUTH, seed: int = 0) -> list[Rated]:
    """Words of four streams that are right as often as `by` says."""
    dice = np.random.default_rng(seed)
    found: list[Rated] = []
    for number in range(count):
        mean = float(dice.uniform(0.3, 0.99))
        weakest, passes = mean * float(dice.uniform(0.3, 1)), int(dice.integers(0, 3))
        is_right = bool(dice.uniform() < calibrated(mean, weakest, passes, by))
        found.append(Rated(f"stream-{number % 4}", "fr", mean, weakest, passes, is_right))
    return found


def test_the_fit_finds_the_weights_that_made_the_words() -> None:
    found = fit(words(20_000))
    for name, weight in asdict(TRUTH).items():
        assert asdict(found)[name] == pytest.approx(weight, abs=0.15), name


def test_no_probability_counts_against_a_word() -> None:
    odd = words(4_000, replace(TRUTH, weakest=-0.5))
    assert fit(odd).weakest == 0 and fit(odd).mean > 0
    both = fit(words(4_000, replace(TRUTH, mean=-1.0, weakest=-0.5)))
    assert (both.mean, both.weakest) == (0, 0)


def test_words_that_are_all_right_can_be_fitted() -> None:
    found = fit([replace(word, is_right=True) for word in words(50)])
    assert all(np.isfinite(list(asdict(found).values())))


def test_each_stream_is_judged_by_the_others() -> None:
    some = words(4_000)
    changed = [replace(word, is_right=False) if word.stream == "stream-0" else word for word in some]
    held = np.array([word.stream == "stream-0" for word in some])
    assert (across(some)[held] == across(changed)[held]).all()
    assert (across(some)[~held] > across(changed)[~held]).any()


def test_a_fit_to_others_beats_the_mean_probability() -> None:
    some = words(4_000)
    right = np.array([float(word.is_right) for word in some])
    before, after = judged(np.array([word.mean for word in some]), right), judged(across(some), right)
    assert after.ece < before.ece and after.brier < before.brier and after.auc > before.auc


def test_figures() -> None:
    right = np.array([1.0, 1.0, 0.0, 0.0])
    perfect = judged(right.copy(), right)
    assert (perfect.ece, perfect.brier, perfect.auc) == (0, 0, 1)
    same = judged(np.full(4, 0.75), right)
    assert (same.ece, same.brier, same.auc) == (0.25, pytest.approx(0.3125), 0.5)
    assert np.isnan(judged(np.ones(2), np.ones(2)).auc)


def test_bins_hold_every_word() -> None:
    rows = bins(np.array([0.0, 0.05, 0.95, 1.0]), np.array([0.0, 0.0, 1.0, 0.0]))
    assert [row[0] for row in rows] == [2, *[0] * 8, 2]
    assert rows[0] == (2, 0.025, 0.0) and rows[9] == (2, pytest.approx(0.975), 0.5)


def test_confidences_are_those_of_the_model() -> None:
    (word,) = words(1)
    assert confidences([word], TRUTH)[0] == calibrated(word.mean, word.weakest, word.passes, TRUTH)


def test_a_report_of_earlier_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "words.jsonl"
    some = words(400)
    kept.write_text("".join(json.dumps(asdict(word)) + "\n" for word in some))
    assert main(["--report-only", "--out", str(kept)]) == 0
    printed = capsys.readouterr().out
    assert printed == report(some) + "\n"
    assert "400 words of 4 streams" in printed and str(fit(some)) in printed
    assert all(f"stream-{number}" in printed for number in range(4))


def test_too_few_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "words.jsonl"
    kept.write_text(json.dumps(asdict(words(1)[0])) + "\n")
    assert main(["--report-only", "--out", str(kept)]) == 1
    assert "Give more folders" in capsys.readouterr().err
    assert main(["--out", str(kept), str(tmp_path)]) == 1
    assert "0 words" in capsys.readouterr().err
