from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from colloque.models.downloads import Downloads, HubUnreachable, SourceFailed
from colloque.models.hub import HubModel
from colloque.models.hub_listing import NoWhisper, list_hub_model
from colloque.models.model import HubSource, Model
from tests.models.tiny import COMMIT, WHISPER_FILES, TinyHub

WANTED = HubModel("tiny/whisper@v2", "tiny/whisper", "v2")


def ask(address: str, folder: Path, wanted: HubModel = WANTED) -> Model:
    return list_hub_model(wanted, Downloads(folder, lambda *_: None, address), address)


def test_a_repository_is_described_at_the_commit_of_its_revision(hub: Callable[[TinyHub], str], tmp_path: Path) -> None:
    tiny_hub = TinyHub(WHISPER_FILES)
    model = ask(hub(tiny_hub), tmp_path)
    assert model.sources == (HubSource("tiny/whisper", COMMIT),)
    assert (model.name, model.licence) == ("tiny/whisper@v2", "apache-2.0")
    assert {file.name: file.sha256 for file in model.files} == {
        name: hashlib.sha256(content).hexdigest() for name, content in WHISPER_FILES.items() if name != "README.md"
    }
    assert all(file.path.startswith("hub/tiny--whisper@v2/") for file in model.files)
    assert tiny_hub.asked[0].startswith("/api/models/tiny/whisper/revision/v2")
    assert not any("model.bin" in path for path in tiny_hub.asked)  # the hub says its checksum


def test_a_hub_that_gives_no_checksums_is_downloaded_for_them(hub: Callable[[TinyHub], str], tmp_path: Path) -> None:
    tiny_hub = TinyHub(WHISPER_FILES, gives_checksums=False, licence=None)
    model = ask(hub(tiny_hub), tmp_path)
    assert model.files[-1].sha256 == hashlib.sha256(WHISPER_FILES["model.bin"]).hexdigest()
    assert f"/tiny/whisper/resolve/{COMMIT}/model.bin" in tiny_hub.asked
    assert model.licence == "not stated"


def test_weights_that_are_not_the_published_ones_are_refused(hub: Callable[[TinyHub], str], tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match=r"its model\.bin is not the published one"):
        ask(hub(TinyHub(WHISPER_FILES)), tmp_path, replace(WANTED, weights_sha256="0" * 64))


def test_a_repository_without_a_conversion_is_said(hub: Callable[[TinyHub], str], tmp_path: Path) -> None:
    with pytest.raises(NoWhisper, match=r"tokenizer\.json, model\.bin, vocabulary\.json or vocabulary\.txt missing"):
        ask(hub(TinyHub({"config.json": b"{}", "pytorch_model.bin": b"1"})), tmp_path)


def test_a_file_without_a_size_is_said(hub: Callable[[TinyHub], str], tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match=r"does not say how large its tokenizer\.json is"):
        ask(hub(TinyHub({**WHISPER_FILES, "tokenizer.json": b""})), tmp_path)


def test_a_hub_that_refuses_is_quoted(hub: Callable[[TinyHub], str], tmp_path: Path) -> None:
    with pytest.raises(
        SourceFailed, match="the hub answers 403: it has no tiny/whisper at revision v2, or not for you"
    ):
        ask(hub(TinyHub({}, forbidden=True)), tmp_path)


def test_a_hub_that_does_not_answer_is_said(tmp_path: Path) -> None:
    with pytest.raises(HubUnreachable, match="the hub cannot be reached"):
        ask("http://127.0.0.1:9", tmp_path)


def test_a_user_who_forbids_the_hub_is_obeyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(HubUnreachable):
        ask("http://127.0.0.1:9", tmp_path)


def test_what_is_no_hub_is_said(hub: Callable[[TinyHub], str], tmp_path: Path) -> None:
    address = hub(TinyHub({"v2": b"<html>a page to log in</html>"}))
    with pytest.raises(SourceFailed, match="what answers there is no hub of models"):
        ask(f"{address}/elsewhere", tmp_path)
