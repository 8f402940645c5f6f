from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from colloque.models.catalogue import (
    CATALOGUE,
    SILERO_VAD,
    ModelMissing,
    file_path,
    find,
    lacking,
    locate,
    models_folder,
)
from colloque.models.hub import HubModel
from colloque.models.model import Model, WheelSource


def fill(model: Model, folder: Path) -> None:
    """Puts files of the right size, with holes for content, into the folder."""
    for file in model.files:
        (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
        with (folder / file.path).open("wb") as stream:
            stream.truncate(file.size_bytes)


@pytest.mark.parametrize("model", CATALOGUE.values(), ids=str)
def test_every_model_is_described_and_every_file_pinned(model: Model) -> None:
    assert model.needed
    assert model.purpose and model.origin and model.licence in {"MIT", "Apache-2.0"}
    assert (model.package is None) == bool(model.sources)
    for file in (*model.files, *filter(None, [model.weights])):
        assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert file.size_bytes > 0


@pytest.mark.parametrize("model", CATALOGUE.values(), ids=str)
def test_every_wheel_holds_every_file_that_is_asked_of_it(model: Model) -> None:
    wanted = {file.name for file in ((model.weights,) if model.weights else model.files)}
    for source in model.sources:
        if isinstance(source, WheelSource):
            assert set(source.members) == wanted


def test_the_models_folder_is_the_users_choice_or_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("COLLOQUE_MODELS", raising=False)
    assert models_folder() == tmp_path / "colloque" / "models"
    monkeypatch.setenv("COLLOQUE_MODELS", str(tmp_path / "mine"))
    assert models_folder() == tmp_path / "mine"


@pytest.mark.parametrize(
    ("platform", "place"),
    [("linux", ".cache"), ("darwin", "Library/Caches"), ("win32", "AppData/Local")],
)
def test_each_platform_has_its_cache(
    platform: str, place: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("COLLOQUE_MODELS", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr("sys.platform", platform)
    assert models_folder() == tmp_path / place / "colloque" / "models"


def test_a_ready_model_is_a_folder_or_a_file(tmp_path: Path) -> None:
    for name in ("whisper-base", "campplus"):
        fill(CATALOGUE[name], tmp_path)
    assert locate("whisper-base", tmp_path) == tmp_path / "whisper-base"
    assert locate("campplus", tmp_path) == tmp_path / "campplus.onnx"


def test_silero_vad_is_where_its_package_is() -> None:
    assert locate("silero-vad").name == "silero_vad_v6.onnx"
    assert locate("silero-vad").is_file()


def test_a_missing_model_says_what_it_means_and_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLLOQUE_MODELS", str(tmp_path))
    with pytest.raises(ModelMissing) as missing:
        locate("whisper-base")
    text = str(missing.value)
    assert "whisper-base/model.bin" in text
    assert str(tmp_path) in text
    assert "nothing recognises French, German and English speech." in text
    assert text.endswith("colloque models pull whisper-base")


def test_a_file_that_was_cut_is_missing(tmp_path: Path) -> None:
    model = CATALOGUE["whisper-base"]
    fill(model, tmp_path)
    with (tmp_path / model.files[3].path).open("r+b") as stream:
        stream.truncate(1_000)
    assert lacking(model, tmp_path) == [model.files[3]]
    with pytest.raises(ModelMissing, match=r"whisper-base/model\.bin missing or not of the right size"):
        locate("whisper-base", tmp_path)


def test_a_name_that_the_catalogue_does_not_have_is_an_error() -> None:
    with pytest.raises(ModelMissing, match=r"it has whisper-base, silero-vad, segmentation-3\.0, campplus"):
        locate("whisper-enormous")


def test_a_whisper_model_of_ones_own_is_an_absolute_path(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"model\.bin, config\.json, tokenizer\.json, vocabulary\.json missing"):
        locate(str(tmp_path))
    for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt"):
        (tmp_path / name).touch()
    assert locate(str(tmp_path)) == tmp_path


def test_a_model_whose_package_is_not_installed_says_so(tmp_path: Path) -> None:
    model = replace(SILERO_VAD, package="colloque_no_such_package")
    with pytest.raises(ModelMissing, match="pip install 'faster-whisper=="):
        file_path(model, model.files[0], tmp_path)


def test_a_model_of_the_hub_that_is_not_here_says_how_to_get_it(tmp_path: Path) -> None:
    for name in ("large-v3-turbo", "some/whisper@v1"):
        assert isinstance(find(name, tmp_path), HubModel)
        with pytest.raises(ModelMissing) as missing:
            locate(name, tmp_path)
        assert str(missing.value).endswith(f"To get it: colloque models pull {name}")
    assert "if you meant a folder, give its absolute path" in str(missing.value)


def test_the_short_name_of_what_the_catalogue_has() -> None:
    assert locate("base") == locate("whisper-base")
