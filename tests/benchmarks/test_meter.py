"""Metering processes."""

import os

import pytest

from benchmarks.recognition.meter import MIB, MachineMeter, ProcessMeter


def test_it_counts_what_is_used_since_it_was_entered() -> None:
    machine = MachineMeter()
    with ProcessMeter([os.getpid()]) as meter:
        sum(range(3_000_000))
        used_s = meter.cpu_s_now()
    assert 0 < used_s < 60
    assert meter.peak_bytes > MIB
    assert machine.busy_s() >= 0


def test_a_process_that_has_ended_is_no_error() -> None:
    process = os.posix_spawn("/bin/true", ["/bin/true"], os.environ)
    with ProcessMeter([process]) as meter:
        os.waitpid(process, 0)
        assert meter.cpu_s_now() == pytest.approx(0.0, abs=1.0)
