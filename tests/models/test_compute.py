from __future__ import annotations

from typing import Literal

import ctranslate2
import pytest

from colloque.models.compute import (
    COMPUTE_TYPES,
    Compute,
    ComputeType,
    ComputeUnsupported,
    choose_compute,
    cores,
    pick_compute_type,
    share_cores,
)

HOPPER = {"int8", "int8_float32", "int8_float16", "int8_bfloat16", "float16", "bfloat16", "float32"}
PASCAL = {"int8", "int8_float32", "float32"}


@pytest.mark.parametrize(
    ("wanted", "device", "supported", "picked"),
    [
        ("auto", "cpu", {"int8", "int8_float32", "float32"}, "int8"),
        ("auto", "cpu", {"float32"}, "float32"),
        ("auto", "cuda", HOPPER, "float16"),
        ("auto", "cuda", PASCAL, "int8"),
        ("int8_float16", "cuda", HOPPER, "int8_float16"),
        ("float32", "cpu", {"int8", "float32"}, "float32"),
    ],
)
def test_the_numbers_are_chosen_by_device(
    wanted: ComputeType, device: Literal["cpu", "cuda"], supported: set[str], picked: ComputeType
) -> None:
    assert pick_compute_type(wanted, device, supported) == picked


def test_numbers_that_the_device_cannot_do_are_refused() -> None:
    with pytest.raises(ComputeUnsupported, match=r"compute_type = float16.*It can do float32, int8; set one of these"):
        pick_compute_type("float16", "cpu", {"int8", "float32"})


@pytest.mark.parametrize(
    ("core_count", "workers", "threads", "shares"),
    [
        (1, 0, 0, (1, 1)),
        (2, 0, 0, (2, 2)),
        (4, 0, 0, (4, 2)),
        (2, 0, 1, (2, 1)),
        (64, 0, 0, (8, 2)),
        (8, 0, 4, (2, 4)),
        (8, 2, 0, (2, 2)),
        (2, 3, 5, (3, 5)),
    ],
)
def test_cores_are_shared(core_count: int, workers: int, threads: int, shares: tuple[int, int]) -> None:
    assert share_cores("cpu", core_count, workers, threads) == shares


def test_a_gpu_needs_few_cores() -> None:
    assert share_cores("cuda", 64, 0, 0) == (1, 1)
    assert share_cores("cuda", 64, 2, 4) == (2, 4)


def test_this_machine_is_asked() -> None:
    chosen = choose_compute("cpu")
    assert chosen.compute_type in ctranslate2.get_supported_compute_types("cpu")
    assert chosen.compute_type != "auto"
    assert (chosen.workers, chosen.threads) == share_cores("cpu", cores(), 0, 0)
    assert choose_compute("cpu", "float32", 3, 2) == Compute("cpu", "float32", 3, 2)
    assert str(Compute("cpu", "int8", 3, 2)) == "int8 on cpu, 3 worker(s) of 2 thread(s)"
    assert str(Compute("cuda", "float16", 1, 1)) == "float16 on cuda"


def test_a_device_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 0)
    with pytest.raises(ComputeUnsupported, match="no CUDA device"):
        choose_compute("cuda")
    assert choose_compute("auto").device == "cpu"


def test_auto_is_the_first_choice() -> None:
    assert COMPUTE_TYPES[0] == "auto"
