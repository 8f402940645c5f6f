from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from colloque.models.hub import HubModel
from colloque.models.manifest import described, manifest_path, read_manifest, write_manifest
from tests.models.tiny import COMMIT, file_of

WANTED = HubModel("tiny/whisper", "tiny/whisper")
MODEL = described(WANTED, COMMIT, "mit", (file_of(f"{WANTED.folder}/model.bin", b"weights"),))


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    assert read_manifest(WANTED, tmp_path) is None
    write_manifest(WANTED, MODEL, tmp_path)
    assert read_manifest(WANTED, tmp_path) == MODEL
    assert [path.name for path in manifest_path(WANTED, tmp_path).parent.iterdir()] == ["colloque.json"]


def test_the_licence_that_is_known_counts_more_than_what_the_hub_says() -> None:
    assert described(replace(WANTED, licence="MIT"), COMMIT, "other", ()).licence == "MIT"
    assert described(WANTED, COMMIT, "", ()).licence == "not stated"


FILE = {"name": "model.bin", "sha256": "0" * 64, "size_bytes": 1}


@pytest.mark.parametrize(
    "noted",
    [
        {},
        [],
        {"repository": "other/whisper", "commit": COMMIT, "licence": "", "files": [FILE]},
        {"repository": "tiny/whisper", "commit": COMMIT, "licence": "", "files": []},
        {"repository": "tiny/whisper", "commit": COMMIT, "licence": "", "files": [{**FILE, "name": "../../evil.bin"}]},
        {"repository": "tiny/whisper", "commit": COMMIT, "licence": "", "files": [{**FILE, "sha256": "0"}]},
        {"repository": "tiny/whisper", "commit": COMMIT, "licence": "", "files": [{**FILE, "size_bytes": "1"}]},
    ],
)
def test_a_damaged_manifest_counts_as_none(noted: Any, tmp_path: Path) -> None:
    path = manifest_path(WANTED, tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(noted), "utf-8")
    assert read_manifest(WANTED, tmp_path) is None


def test_weights_that_are_not_the_published_ones_are_not_believed(tmp_path: Path) -> None:
    write_manifest(WANTED, MODEL, tmp_path)
    assert read_manifest(replace(WANTED, weights_sha256="1" * 64), tmp_path) is None
    assert read_manifest(replace(WANTED, weights_sha256=MODEL.files[0].sha256), tmp_path) is not None
