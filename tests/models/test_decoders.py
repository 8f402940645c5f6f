"""The built text decoders: where they live, that they come whole or not at all, and what happens where none can be."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from colloque.models import decoders
from colloque.models.catalogue import locate
from colloque.models.compute import Compute
from colloque.models.decoders import (
    CHECKSUMS,
    DecoderUnavailable,
    bring_decoder,
    build_decoder,
    decoder_folder,
    is_whole,
    load_decoder,
    suits,
)
from colloque.models.progress import Step

INT8 = Compute("cpu", "int8", workers=1, threads=1)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with the decoder of the real model. Copy what is to be damaged."""
    models = tmp_path_factory.mktemp("models")
    build_decoder(locate("whisper-base"), decoder_folder(locate("whisper-base"), models))
    return models


@pytest.fixture
def models(built: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(built, tmp_path / "models"))


def write_recogniser(folder: Path, weights: bytes = b"weights " * 40_000, config: str = "{}") -> Path:
    """Something that looks like a recogniser to whoever does not read its weights."""
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(weights)
    (folder / "config.json").write_text(config)
    return folder


def test_a_built_decoder_is_loaded_and_not_built_again(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    decoder = load_decoder(locate("whisper-base"), INT8, built)
    assert decoder is not None
    hearing = decoder.hear(np.zeros((50, 512), np.float32))
    logits, attention = hearing.read([50258, 50259], [1])
    assert logits.shape[0] == 1
    assert attention.shape[0] == 2


def test_a_built_folder_holds_the_files_and_nothing_is_left_beside_it(built: Path) -> None:
    folder = decoder_folder(locate("whisper-base"), built)
    names = {"cross.onnx", "text.onnx", "tokens.npy", "positions.npy"}
    assert {path.name for path in folder.iterdir()} == {*names, CHECKSUMS}
    assert set(json.loads((folder / CHECKSUMS).read_text())) == names
    assert {path.name for path in folder.parent.iterdir()} - {".lock"} == {folder.name}
    assert is_whole(folder)


def test_the_models_folder_of_the_user_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLLOQUE_MODELS", str(tmp_path / "mine"))
    assert decoder_folder(write_recogniser(tmp_path / "a")).parent == tmp_path / "mine" / "decoders"


def test_the_folder_follows_the_content_and_not_the_place(tmp_path: Path) -> None:
    one = decoder_folder(write_recogniser(tmp_path / "one" / "voice"), tmp_path)
    assert one.name.startswith("voice-")
    assert decoder_folder(write_recogniser(tmp_path / "two" / "voice"), tmp_path) == one


@pytest.mark.parametrize(
    ("weights", "config"),
    [
        (b"weights " * 40_001, "{}"),
        (b"weights " * 40_000, '{"alignment_heads": [[1, 2]]}'),
        # trained further in some layers: size, beginning and end stay
        (b"weights " * 15_000 + b"Weights " * 10_000 + b"weights " * 15_000, "{}"),
    ],
)
def test_another_model_has_another_folder(tmp_path: Path, weights: bytes, config: str) -> None:
    one = decoder_folder(write_recogniser(tmp_path / "one" / "voice"), tmp_path)
    assert decoder_folder(write_recogniser(tmp_path / "two" / "voice", weights, config), tmp_path) != one


def test_another_format_has_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recogniser = write_recogniser(tmp_path / "voice")
    before = decoder_folder(recogniser, tmp_path)
    monkeypatch.setattr(decoders, "FORMAT", decoders.FORMAT + 1)
    assert decoder_folder(recogniser, tmp_path) != before


@pytest.mark.parametrize(
    ("compute", "suitable"),
    [
        (INT8, True),
        (Compute("cpu", "int8_float32", 1, 1), True),
        (Compute("cpu", "float32", 1, 1), False),
        (Compute("cuda", "int8", 1, 1), False),
    ],
)
def test_what_it_serves(compute: Compute, suitable: bool, tmp_path: Path) -> None:
    assert suits(compute) is suitable
    if not suitable:
        assert load_decoder(locate("whisper-base"), compute, tmp_path) is None
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damaged", ["text.onnx", "cross.onnx", "tokens.npy", "positions.npy"])
def test_a_damaged_decoder_is_built_anew(
    models: Path, damaged: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = decoder_folder(locate("whisper-base"), models)
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    builds: list[Path] = []

    def files(recogniser: Path) -> dict[str, bytes]:
        builds.append(recogniser)
        return whole

    monkeypatch.setattr(decoders, "_files", files)
    (folder / damaged).write_bytes((folder / damaged).read_bytes()[:1000])
    assert not is_whole(folder)
    assert load_decoder(locate("whisper-base"), INT8, models) is not None
    assert is_whole(folder)
    assert builds == [locate("whisper-base")]
    assert "is damaged" in caplog.text


def test_what_does_not_load_is_built_anew_once(
    models: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    builds: list[Path] = []

    def files(recogniser: Path) -> dict[str, bytes]:
        builds.append(recogniser)
        return {"text.onnx": b"of a later runtime"}

    monkeypatch.setattr(decoders, "_files", files)
    (decoder_folder(locate("whisper-base"), models) / "text.onnx").write_bytes(b"")
    assert load_decoder(locate("whisper-base"), INT8, models) is None
    assert len(builds) == 1
    assert "does not load" in caplog.text


def test_without_the_package_onnx_ctranslate2_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert load_decoder(locate("whisper-base"), INT8, tmp_path / "models") is None
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "CTranslate2's serves" in record.message
    assert "pip install 'colloque[fetch]'" in record.message
    assert "colloque models pull" in record.message


def test_weights_of_an_unknown_kind_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert load_decoder(write_recogniser(tmp_path / "voice"), INT8, tmp_path / "models") is None
    (record,) = caplog.records
    assert "of a kind that is not known here" in record.message
    assert "COLLOQUE_DECODER=ctranslate2" in record.message


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    assert load_decoder(locate("whisper-base"), INT8, tmp_path / "file") is None
    (record,) = caplog.records
    assert "cannot be built in" in record.message
    assert "Not a directory" in record.message
    assert "colloque models pull" in record.message


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(decoders, "_files", lambda _: {"text.onnx": b"graph"})
    monkeypatch.setattr("os.fsync", full)
    target = tmp_path / "decoders" / "voice"
    with pytest.raises(DecoderUnavailable, match="No space left on device"):
        build_decoder(tmp_path, target)
    assert {path.name for path in target.parent.iterdir()} <= {".lock"}


def test_what_a_killed_build_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoders, "_files", lambda _: {"text.onnx": b"graph"})
    write_recogniser(tmp_path / "decoders" / ".building-abc")
    build_decoder(tmp_path, tmp_path / "decoders" / "voice")
    assert {path.name for path in (tmp_path / "decoders").iterdir()} - {".lock"} == {"voice"}


def test_of_two_that_build_at_once_one_builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builds: list[Path] = []
    both_want_it = threading.Event()

    def files(recogniser: Path) -> dict[str, bytes]:
        builds.append(recogniser)
        both_want_it.wait(10)
        return {"text.onnx": b"graph"}

    monkeypatch.setattr(decoders, "_files", files)
    target = tmp_path / "decoders" / "voice"
    threads = [threading.Thread(target=build_decoder, args=(tmp_path, target)) for _ in range(2)]
    for thread in threads:
        thread.start()
    threading.Timer(0.2, both_want_it.set).start()
    for thread in threads:
        thread.join()
    assert len(builds) == 1
    assert (target / "text.onnx").read_bytes() == b"graph"


def test_a_fetch_builds_what_is_missing_and_what_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: list[Step]
) -> None:
    noted = {"text.onnx": [hashlib.sha256(b"graph").hexdigest(), 5]}
    recogniser = write_recogniser(tmp_path / "voice")

    def files(_: Path) -> dict[str, bytes]:
        return {"text.onnx": b"graph", CHECKSUMS: json.dumps(noted).encode()}

    monkeypatch.setattr(decoders, "_files", files)
    folder = bring_decoder("voice", recogniser, tmp_path, steps.append)
    assert [(step.model, step.action) for step in steps] == [("voice", "building"), ("voice", "ready")]
    bring_decoder("voice", recogniser, tmp_path, steps.append)
    assert len(steps) == 2
    (folder / "text.onnx").write_bytes(b"grapH")
    bring_decoder("voice", recogniser, tmp_path, steps.append)
    assert len(steps) == 4
    assert is_whole(folder)
