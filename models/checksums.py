"""Whether a model's files are what the catalogue says, by their content or, faster, by what was noted last time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from colloque.models.catalogue import ModelMissing, file_path
from colloque.models.model import Model, ModelFile

_BLOCK_BYTES = 1 << 20


def matches(path: Path, file: ModelFile, on_block: Callable[[int], None] = lambda _: None) -> bool:
    """True where the content at `path` is that of `file`. `on_block` gets the number of bytes read so far.

    Raises `OSError` where it cannot be read.
    """
    if path.stat().st_size != file.size_bytes:
        return False
    digest = hashlib.sha256()
    done = 0
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
            done += len(block)
            on_block(done)
    return digest.hexdigest() == file.sha256


def is_stamped(model: Model, folder: Path) -> bool:
    """True where the files have been checked before and have had the same size and time since. Reads no content."""
    try:
        noted = json.loads(_stamp_path(model, folder).read_text("utf-8"))
        return all(noted[file.path] == _facts(model, file, folder) for file in model.files)
    except (OSError, ValueError, KeyError, TypeError, ModelMissing):
        return False  # no stamp, a broken one, or files that are gone: the content decides


def stamp(model: Model, folder: Path) -> None:
    """Notes that the files have just been checked. Raises `OSError` where the folder cannot be written."""
    path = _stamp_path(model, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps({file.path: _facts(model, file, folder) for file in model.files}, indent=1), "utf-8")
    part.replace(path)


def _stamp_path(model: Model, folder: Path) -> Path:
    return folder / ".verified" / f"{model.name}.json"


def _facts(model: Model, file: ModelFile, folder: Path) -> list[int | str]:
    """The checksum is among them, so that a newer catalogue does not trust an older stamp."""
    status = file_path(model, file, folder).stat()
    return [status.st_size, status.st_mtime_ns, file.sha256]
