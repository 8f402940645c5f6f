"""`colloque models`: the listing, and what is said of what is missing or damaged. `colloque.models.fetch` has its own
tests; here nothing is downloaded."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from colloque.models.catalogue import CATALOGUE
from colloque.server.commands.models import add_models_parser


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
