"""Tables and ratios."""

from typing import Any

from benchmarks.recognition.report import holds, report


def row(system: str, run: int, p50: float, cpu: float, **more: Any) -> dict[str, Any]:
    late = {"n": 3, "p50": p50, "p95": 2 * p50, "max": 3 * p50, "curve": []}
    figures = {"wer": 0.1, "wer_ratio": 1.0, "word_latency_s": late, "utterance_latency_s": late, "peak_mib": 500}
    return {
        "kind": "streams",
        "system": system,
        "language": "fr",
        "run": run,
        "cpu_s_per_audio_s": cpu,
        **figures,
        **more,
    }


def test_medians_of_the_runs_and_the_ratio_to_the_best_other() -> None:
    rows = [row("colloque", run, p50, 0.4) for run, p50 in enumerate((1.0, 9.0, 1.2))]
    rows += [row("slow", 0, 12.0, 4.0), row("slower", 0, 24.0, 2.0)]
    text = report(rows)
    assert "| colloque | fr | 3 | 10.0 |" in text
    assert "| word latency p50 | fr | 1.200 | 12.000 | slow | 10.00 times |" in text
    assert "| CPU seconds | fr | 0.400 | 2.000 | slower | 5.00 times |" in text


def test_a_system_that_failed_is_said_and_not_counted() -> None:
    text = report(
        [row("colloque", 0, 1.0, 0.4), {"kind": "streams", "system": "x", "language": "fr", "failed": "gone"}]
    )
    assert "- x, fr: gone" in text
    assert "Ratios" not in text


def test_a_load_is_held_where_all_are_served_in_time() -> None:
    served = row("colloque", 0, 1.5, 0.4, kind="load", at_once=4, refused=0)
    late = row("colloque", 0, 3.0, 0.4, kind="load", at_once=5, refused=0)
    refused = row("colloque", 0, 1.0, 0.4, kind="load", at_once=5, refused=1)
    assert holds([served])
    assert not holds([late])
    assert not holds([refused])
    assert "| colloque | 4 | 1 |" in report([served, late])


def test_nothing_measured() -> None:
    assert report([]) == ""
