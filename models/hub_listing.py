"""What a repository of the hub holds, asked before its first fetch: commit, licence, files, the checksums it gives."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from colloque.models.downloads import Downloads, HubUnreachable, SourceFailed, hub_access
from colloque.models.hub import HubModel
from colloque.models.manifest import LICENCE_UNKNOWN, described
from colloque.models.model import HubSource, Model, ModelFile

REQUIRED = ("config.json", "tokenizer.json", "model.bin")
VOCABULARIES = ("vocabulary.json", "vocabulary.txt")
OPTIONAL = ("preprocessor_config.json",)
_TIMEOUT_S = 30.0


class NoWhisper(SourceFailed):
    """The repository holds no CTranslate2 conversion of Whisper that can be used here."""


def list_hub_model(wanted: HubModel, downloads: Downloads, endpoint: str | None = None) -> Model:
    """The model's files at the commit that its revision stands for now.

    Files for which the hub gives no SHA-256 are downloaded for it. `endpoint` is the address of another hub than the
    user's. Raises `SourceFailed`.
    """
    commit, licence, found = _ask(wanted, endpoint)
    source = HubSource(wanted.repository, commit)
    files = []
    for name in _wanted_names(found):
        size_bytes, sha256 = found[name]
        if not size_bytes:
            raise SourceFailed(f"the hub does not say how large its {name} is")
        file = ModelFile(f"{wanted.folder}/{name}", sha256, size_bytes)
        if not sha256:
            file = ModelFile(file.path, _sha256(downloads.from_hub(source, file)), size_bytes)
        if name == "model.bin" and wanted.weights_sha256 not in ("", file.sha256):
            raise SourceFailed("its model.bin is not the published one: the SHA-256 differs")
        files.append(file)
    return described(wanted, commit, licence, tuple(files))


def _wanted_names(found: dict[str, tuple[int, str]]) -> list[str]:
    missing = [name for name in REQUIRED if name not in found]
    vocabulary = [name for name in VOCABULARIES if name in found][:1]
    if not vocabulary:
        missing.append(" or ".join(VOCABULARIES))
    if missing:
        raise NoWhisper(
            f"it holds no CTranslate2 Whisper model: {', '.join(missing)} missing. Convert the original with "
            "`ct2-transformers-converter --copy_files tokenizer.json` and give the absolute path of the folder"
        )
    return [*REQUIRED[:-1], *vocabulary, *(name for name in OPTIONAL if name in found), REQUIRED[-1]]


def _ask(wanted: HubModel, endpoint: str | None) -> tuple[str, str, dict[str, tuple[int, str]]]:
    """Commit, licence, and name → (bytes, SHA-256, empty where the hub does not give it).

    Asked by HTTP, not by the hub's own client, whose errors are of another HTTP library in each of its versions.
    """
    address, headers = hub_access(endpoint)
    url = f"{address}/api/models/{wanted.repository}/revision/{quote(wanted.revision, safe='')}"
    try:
        answer = httpx.get(
            url, params={"blobs": "true"}, headers=headers, follow_redirects=True, timeout=_TIMEOUT_S
        ).raise_for_status()
        return _read(answer.json())
    except httpx.HTTPStatusError as error:
        raise SourceFailed(_refusal(wanted, error.response.status_code)) from error
    except httpx.HTTPError as error:
        raise HubUnreachable("the hub cannot be reached") from error
    except (ValueError, KeyError, TypeError) as error:
        raise SourceFailed("what answers there is no hub of models") from error


def _read(told: dict[str, Any]) -> tuple[str, str, dict[str, tuple[int, str]]]:
    files = {
        str(file["rfilename"]): (int(file.get("size") or 0), str((file.get("lfs") or {}).get("sha256", "")))
        for file in told["siblings"]
    }
    licence = (told.get("cardData") or {}).get("license")
    return str(told["sha"]), licence if isinstance(licence, str) else LICENCE_UNKNOWN, files


def _refusal(wanted: HubModel, status: int) -> str:
    if status in (401, 403, 404):
        return (
            f"the hub answers {status}: it has no {wanted.repository} at revision {wanted.revision}, or not for you "
            "(accept its conditions there, and give your token in HF_TOKEN)"
        )
    return f"the hub answers {status}"


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
