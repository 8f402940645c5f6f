"""What is noted of a model of the hub when it comes for the first time, beside its files: commit, licence, checksums.

Nobody vouches for such a model in advance, so the first fetch is trusted, and every later one has to match it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath
from typing import Any

from colloque.models.hub import HubModel
from colloque.models.model import HubSource, Model, ModelFile

FILE_NAME = "colloque.json"
WEIGHTS = "model.bin"
LICENCE_UNKNOWN = "not stated"


def manifest_path(wanted: HubModel, folder: Path) -> Path:
    """Where its manifest is, or would be, in a models folder."""
    return folder / wanted.folder / FILE_NAME


def described(wanted: HubModel, commit: str, licence: str, files: tuple[ModelFile, ...]) -> Model:
    """The model with all that is known of it, as if it were of the catalogue."""
    return Model(
        name=wanted.name,
        purpose="recognises speech (Whisper, for CTranslate2)",
        licence=wanted.licence or licence or LICENCE_UNKNOWN,
        origin=f"{wanted.repository} on the hub, commit {commit}",
        files=files,
        needed=False,
        sources=(HubSource(wanted.repository, commit),),
    )


def read_manifest(wanted: HubModel, folder: Path) -> Model | None:
    """The model as it was noted; None where nothing readable is. Its paths are relative to the models folder."""
    try:
        noted = json.loads(manifest_path(wanted, folder).read_text("utf-8"))
        if noted["repository"] != wanted.repository:
            return None
        files = tuple(_file(wanted, file) for file in noted["files"])
        if any(file.name == WEIGHTS and wanted.weights_sha256 not in ("", file.sha256) for file in files):
            return None
        return described(wanted, str(noted["commit"]), str(noted["licence"]), files) if files else None
    except (OSError, ValueError, KeyError, TypeError):
        return None  # missing, or damaged: the next fetch writes it anew


def write_manifest(wanted: HubModel, model: Model, folder: Path) -> None:
    """Notes what has come. Raises `OSError` where the folder cannot be written."""
    path = manifest_path(wanted, folder)
    commit = next(source.revision for source in model.sources if isinstance(source, HubSource))
    noted = {
        "repository": wanted.repository,
        "revision": wanted.revision,
        "commit": commit,
        "licence": model.licence,
        "files": [{"name": file.name, "sha256": file.sha256, "size_bytes": file.size_bytes} for file in model.files],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(noted, indent=1) + "\n", "utf-8")
    part.replace(path)


def _file(wanted: HubModel, noted: Any) -> ModelFile:
    name, sha256, size_bytes = noted["name"], noted["sha256"], noted["size_bytes"]
    if not re.fullmatch(r"[\w-]+(\.[\w-]+)+", name, re.ASCII) or not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise ValueError("no name or checksum of a model's file")
    if not isinstance(size_bytes, int) or size_bytes < 0:
        raise ValueError("no size")
    return ModelFile(str(PurePosixPath(wanted.folder, name)), sha256, size_bytes)
