"""On which device and with which numbers the recogniser computes, and how it shares the processor's cores."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from colloque.streaming.errors import EngineFault

Device = Literal["auto", "cpu", "cuda"]
ComputeType = Literal[
    "auto", "int8", "int8_float32", "int8_float16", "int8_bfloat16", "int16", "float16", "bfloat16", "float32"
]
Decoder = Literal["auto", "ctranslate2"]
"""Whose text decoder serves a recogniser: see `decoders.py`."""
COMPUTE_TYPES: tuple[ComputeType, ...] = get_args(ComputeType)

_PREFERRED: dict[str, tuple[ComputeType, ...]] = {
    "cpu": ("int8", "int8_float32", "float32"),
    "cuda": ("float16", "int8_float16", "bfloat16", "int8", "float32"),
}
"""What `auto` takes: the first that the device can do."""
_WORKERS_MAX = 8
_THREADS_MAX = 2


class ComputeUnsupported(EngineFault):
    """The device is not there, or cannot compute with the numbers that are set."""


@dataclass(frozen=True, slots=True)
class Compute:
    """What was chosen for the recogniser."""

    device: Literal["cpu", "cuda"]
    compute_type: ComputeType
    """Never `auto`."""
    workers: int
    """Passes at once."""
    threads: int
    """Processor cores that one pass uses."""

    def __str__(self) -> str:
        shares = f", {self.workers} worker(s) of {self.threads} thread(s)" if self.device == "cpu" else ""
        return f"{self.compute_type} on {self.device}{shares}"


def choose_compute(
    device: Device = "auto", compute_type: ComputeType = "auto", workers: int = 0, threads: int = 0
) -> Compute:
    """Settles what is `auto` or 0 for this machine. Raises `ComputeUnsupported`."""
    import ctranslate2  # here: who only reads the configuration does not need the runtime

    gpus = ctranslate2.get_cuda_device_count()
    if device == "cuda" and not gpus:
        raise ComputeUnsupported(
            "device = cuda, and there is no CUDA device that can be used. Install the NVIDIA driver and CUDA 12 with "
            "cuDNN 9, or set COLLOQUE_DEVICE=auto"
        )
    chosen: Literal["cpu", "cuda"] = "cuda" if gpus and device != "cpu" else "cpu"
    picked = pick_compute_type(compute_type, chosen, ctranslate2.get_supported_compute_types(chosen))
    return Compute(chosen, picked, *share_cores(chosen, cores(), workers, threads))


def pick_compute_type(wanted: ComputeType, device: Literal["cpu", "cuda"], supported: Collection[str]) -> ComputeType:
    """The type to compute with, of those that the device supports. Raises `ComputeUnsupported`."""
    if wanted != "auto":
        if wanted in supported:
            return wanted
        raise ComputeUnsupported(
            f"this machine's {device} cannot compute with compute_type = {wanted}: it would be turned into another one "
            f"unseen. It can do {', '.join(sorted(supported))}; set one of these, or auto"
        )
    return next((kind for kind in _PREFERRED[device] if kind in supported), "float32")


def share_cores(device: Literal["cpu", "cuda"], core_count: int, workers: int, threads: int) -> tuple[int, int]:
    """(workers, threads); what is 0 is chosen.

    Two threads shorten a pass by a third where it is alone, and cost some hundredths of the throughput where every core
    has a pass; more hardly help. So there are as many workers as cores, of two threads each. Voice activity,
    diarisation and the server share them: `capacity.py` leaves room for it. On a GPU the processor has little to do.
    """
    if device == "cuda":
        return workers or 1, threads or 1
    if not threads:
        return workers or min(_WORKERS_MAX, core_count), min(_THREADS_MAX, core_count)
    return workers or max(1, min(_WORKERS_MAX, core_count // threads)), threads


@cache
def has_vnni() -> bool:
    """The processor adds up eight-bit products without overflow (Intel's VNNI or AMX, AMD's since Zen 4).

    False where that is not known: only Linux tells.
    """
    try:
        flags = Path("/proc/cpuinfo").read_text("utf-8").split()
    except (OSError, ValueError):
        return False
    return not {"avx512_vnni", "avx_vnni"}.isdisjoint(flags)


def cores() -> int:
    """Processor cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # only Linux tells
        return os.cpu_count() or 1
