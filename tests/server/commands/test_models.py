"""`colloque models`: the listing, and what is said of what is missing, damaged, or comes for the first time."""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from colloque.models import decoders
from colloque.models.catalogue import CATALOGUE, models_folder
from colloque.server.commands.models import add_models_parser
from tests.models.tiny import WHISPER_FILES, TinyHub


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLLOQUE_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    add_models_parser(parser.add_subparsers())
    options = parser.parse_args(["models", *arguments])
    return int(options.run(options))


def test_list_names_every_model_and_how_to_get_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    said = capsys.readouterr().out
    assert str(folder) in said
    assert all(name in said for name in CATALOGUE)
    assert "to get it: colloque models pull whisper-base" in said
    assert not folder.exists()


def test_verify_finds_what_is_missing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("verify", "whisper-base") == 1
    assert "whisper-base: whisper-base/model.bin: it is missing" in capsys.readouterr().out


def test_verify_passes_what_is_as_published(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("verify", "silero-vad") == 0
    assert "silero-vad: assets/silero_vad_v6.onnx: as published" in capsys.readouterr().out


def test_pull_says_where_a_model_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("pull", "silero-vad") == 0
    said = capsys.readouterr()
    assert said.out.startswith("silero-vad: ")
    assert said.out.strip().endswith("silero_vad_v6.onnx")
    assert "silero-vad: ready" in said.err


@pytest.mark.parametrize("action", ["pull", "verify"])
def test_an_unknown_name_is_refused(folder: Path, action: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(action, "whisper-huge") == 1
    assert "the catalogue has no model whisper-huge" in capsys.readouterr().err


def test_a_folder_that_cannot_be_used_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COLLOQUE_MODELS", str(tmp_path / "file" / "models"))
    assert run("pull", "silero-vad") == 1
    assert "colloque models: " in capsys.readouterr().err


def test_a_wrong_configuration_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "colloque.toml"
    file.write_text("prot = 1")
    monkeypatch.setenv("COLLOQUE_CONFIG", str(file))
    assert run("list") == 1
    assert "did you mean `port`" in capsys.readouterr().err


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[TinyHub]:
    """A hub with one repository, which the user has set as theirs."""
    tiny_hub = TinyHub(WHISPER_FILES)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", tiny_hub.start())
    thread = threading.Thread(target=tiny_hub.serve)
    thread.start()
    yield tiny_hub
    tiny_hub.stop()
    thread.join()


def test_a_model_of_the_hub_is_pulled_trusted_noted_and_verified(
    folder: Path, hub: TinyHub, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("verify", "tiny/whisper") == 1
    assert "it has never been fetched. To get it: colloque models pull tiny/whisper" in capsys.readouterr().out
    assert run("pull", "tiny/whisper") == 0
    said = capsys.readouterr().out
    noted = folder / "hub" / "tiny--whisper@main" / "colloque.json"
    assert f"tiny/whisper: {noted.parent}" in said
    assert "tiny/whisper: licence apache-2.0. It came for the first time and its checksums were not known" in said
    assert str(noted) in said
    assert run("verify", "tiny/whisper") == 0
    assert "hub/tiny--whisper@main/model.bin: as first fetched" in capsys.readouterr().out
    assert run("pull", "tiny/whisper") == 0
    assert "first time" not in capsys.readouterr().out


def test_what_is_configured_is_listed_and_pulled(
    folder: Path, hub: TinyHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLLOQUE_WHISPER", "tiny/whisper")
    assert run("list") == 0
    said = capsys.readouterr().out
    assert re.search(r"tiny/whisper +missing +needed", said)
    assert re.search(r"whisper-base +missing +optional", said)
    assert "large-v3-turbo" in said
    monkeypatch.setattr("colloque.server.commands.models.needed_models", lambda served: [served["fr"]])
    assert run("pull") == 0
    assert run("list") == 0
    assert re.search(r"tiny/whisper +ready +needed .* apache-2.0", capsys.readouterr().out)


def test_a_configured_model_that_is_no_recogniser_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLLOQUE_WHISPER_FOR_FR", "campplus")
    assert run("list") == 1
    assert "the model campplus recognises no speech" in capsys.readouterr().err


@pytest.fixture
def brought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder with all models and no text decoder, on a machine that has no GPU."""
    folder, ready = tmp_path / "models", models_folder()
    folder.mkdir()
    for name in ("whisper-base", "segmentation-3.0.onnx", "campplus.onnx"):
        (folder / name).symlink_to(ready / name)
    monkeypatch.setenv("COLLOQUE_MODELS", str(folder))
    monkeypatch.setenv("COLLOQUE_DEVICE", "cpu")
    return folder


@pytest.fixture
def quick_build(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is built is small; `tests/models/test_decoders.py` builds the real one."""
    graph = b"graph"
    noted = {"text.onnx": [hashlib.sha256(graph).hexdigest(), len(graph)]}
    files = {"text.onnx": graph, decoders.CHECKSUMS: json.dumps(noted).encode()}
    monkeypatch.setattr(decoders, "_files", lambda _: files)


def test_a_pull_builds_the_text_decoder(brought: Path, quick_build: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    assert "whisper-base: text decoder not built yet: colloque models pull" in capsys.readouterr().out
    assert run("verify") == 0
    assert "whisper-base: text decoder: not built yet" in capsys.readouterr().out
    assert run("pull") == 0
    assert "whisper-base: building its text decoder" in capsys.readouterr().err
    (graph,) = (brought / "decoders").glob("whisper-base-*/text.onnx")
    assert run("list") == 0
    assert f"whisper-base: text decoder in {graph.parent}" in capsys.readouterr().out
    assert run("verify", "base") == 0
    assert f"whisper-base: decoders/{graph.parent.name}: as built" in capsys.readouterr().out


def test_a_changed_text_decoder_is_found_and_put_right(
    brought: Path, quick_build: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("pull", "whisper-base") == 0
    (graph,) = (brought / "decoders").glob("whisper-base-*/text.onnx")
    graph.write_bytes(b"grapH")
    assert run("verify", "whisper-base") == 1
    assert f"{graph.parent.name}: it is damaged or has been changed" in capsys.readouterr().out
    assert run("pull", "whisper-base") == 0
    assert run("verify", "whisper-base") == 0


def test_a_pull_builds_for_a_folder_of_ones_own(
    brought: Path, quick_build: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").symlink_to((brought / "whisper-base").resolve())
    monkeypatch.setenv("COLLOQUE_WHISPER_FOR_FR", str(tmp_path / "mine"))
    assert run("pull") == 0
    built = {path.name.rpartition("-")[0] for path in (brought / "decoders").iterdir() if path.is_dir()}
    assert built == {"whisper-base", "mine"}


@pytest.mark.parametrize(("name", "value"), [("DECODER", "ctranslate2"), ("COMPUTE_TYPE", "float32")])
def test_where_ctranslate2_decodes_nothing_is_built_or_said(
    brought: Path, name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(f"COLLOQUE_{name}", value)
    assert [run(action) for action in ("pull", "list", "verify")] == [0, 0, 0]
    assert "decoder" not in capsys.readouterr().out
    assert not (brought / "decoders").exists()


def test_a_pull_without_the_package_onnx_says_what_that_means(
    brought: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert run("pull", "whisper-base") == 0
    said = capsys.readouterr()
    assert f"whisper-base: {brought / 'whisper-base'}" in said.out
    assert "CTranslate2's serves" in said.err
    assert "pip install 'colloque[fetch]'" in said.err
