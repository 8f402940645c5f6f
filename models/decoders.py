"""Where the text decoders live that are built from recognisers, and how they get there.

A recogniser may be a folder that nobody can write into, so its decoder lives in the models folder, under a digest of
what it was built from: other weights have another folder. What has its final name is whole.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from colloque.models.catalogue import models_folder
from colloque.models.checksums import matches
from colloque.models.compute import Compute, has_vnni
from colloque.models.export import whisper_decoder
from colloque.models.export.graph import ExportUnavailable
from colloque.models.export.weights import BadCheckpoint
from colloque.models.model import ModelFile
from colloque.models.progress import Report, Step, silent

if TYPE_CHECKING:  # it brings the runtime with it, which who only fetches or lists does not need
    from colloque.models.text_decoder import TextDecoder

FORMAT = 1
"""Raise it when `export/whisper_decoder.py` builds something else: every decoder is then built anew."""

CHECKSUMS = "sha256.json"
"""File of a built decoder: name of each other file → its SHA-256 and size."""

_SAMPLE_BYTES = 1 << 12
_SAMPLE_EVERY_BYTES = 1 << 16
_UNFINISHED = ".building-"

_log = logging.getLogger(__name__)


class DecoderUnavailable(Exception):
    """A recogniser has no decoder of its own here. The text says why, what that means and what to do."""


def suits(compute: Compute) -> bool:
    """True where a decoder of its own serves a recogniser that computes so.

    Its weights have eight bits, which nobody gets who has asked for more; on CUDA CTranslate2 is the faster.
    """
    return compute.device == "cpu" and compute.compute_type.startswith("int8")


def decoder_folder(recogniser: Path, models: Path | None = None) -> Path:
    """Where the decoder of the model in folder `recogniser` is, or would be. `models`: by default `models_folder()`.

    It depends on the processor, for the fastest form of the weights is not right on every one: what was built on
    another kind is left alone. Reads some of the weights, all through the file: a model that was trained further may
    differ from its origin in few of its layers. Raises `OSError`.
    """
    digest = hashlib.sha256(f"{FORMAT} {'signed ' if has_vnni() else ''}".encode())
    digest.update((recogniser / "config.json").read_bytes())
    with (recogniser / "model.bin").open("rb", buffering=0) as stream:
        size = os.fstat(stream.fileno()).st_size
        digest.update(f" {size} ".encode())
        for at in range(0, size, _SAMPLE_EVERY_BYTES):
            stream.seek(at)
            digest.update(stream.read(_SAMPLE_BYTES))
    return (models or models_folder()) / "decoders" / f"{recogniser.name[:40]}-{digest.hexdigest()[:16]}"


def load_decoder(recogniser: Path, compute: Compute, models: Path | None = None) -> TextDecoder | None:
    """The decoder of the model in folder `recogniser`, built where it is missing or damaged.

    None where CTranslate2's own is to serve: by `suits`, and where none can be had, which the log says. Raises
    `OSError` where the model cannot be read.
    """
    if not suits(compute):
        return None
    try:
        return _load(recogniser, decoder_folder(recogniser, models), compute.threads)
    except DecoderUnavailable as error:
        _log.warning("%s", error)
        return None


def _load(recogniser: Path, folder: Path, threads: int) -> TextDecoder:
    from colloque.models.text_decoder import TextDecoder

    is_there = folder.is_dir()
    if is_there:
        try:
            return TextDecoder(folder, threads)
        except Exception as error:  # the runtime's errors have no root of their own
            _log.warning("the text decoder in %s is damaged (%s): it is built anew", folder, type(error).__name__)
    build_decoder(recogniser, folder, anew=is_there)
    try:
        return TextDecoder(folder, threads)
    except Exception as error:
        why = f"what was built in {folder} does not load ({type(error).__name__})"
        raise _unavailable(recogniser, why, "pip install --upgrade onnxruntime") from error


def bring_decoder(name: str, recogniser: Path, models: Path | None = None, progress: Report = silent) -> Path:
    """Sees that the decoder of a recogniser is there and whole; returns its folder. `name`: for the progress.

    Raises `DecoderUnavailable`, `OSError`.
    """
    folder = decoder_folder(recogniser, models)
    if not is_whole(folder):
        progress(Step(name, "building", "its text decoder"))
        build_decoder(recogniser, folder, anew=folder.exists())
        progress(Step(name, "ready"))
    return folder


def is_whole(folder: Path) -> bool:
    """True where the built files are, byte for byte, as they were written."""
    try:
        noted: dict[str, list[Any]] = json.loads((folder / CHECKSUMS).read_text("utf-8"))
        return bool(noted) and all(
            matches(folder / name, ModelFile(name, sha256, size)) for name, (sha256, size) in noted.items()
        )
    except (OSError, ValueError, TypeError, AttributeError):
        return False


def build_decoder(recogniser: Path, target: Path, anew: bool = False) -> None:
    """Builds the decoder into the folder `target`, which is there as a whole or not at all.

    Where another process builds too, the later one waits and takes what has come. `anew` replaces what is there.
    Raises `DecoderUnavailable`.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.parent / ".lock"):
            if anew or not target.exists():
                _build(recogniser, target)
    except ExportUnavailable as error:
        raise _unavailable(recogniser, str(error), "colloque models pull, once it is") from error
    except (BadCheckpoint, KeyError, ValueError, IndexError) as error:
        why = f"its weights are of a kind that is not known here ({error})"
        raise _unavailable(recogniser, why, "convert the model anew, or set COLLOQUE_DECODER=ctranslate2") from error
    except OSError as error:
        why = f"it cannot be built in {target}: {error.strerror or error}"
        raise _unavailable(recogniser, why, "make room or give permission, then colloque models pull") from error


def _unavailable(recogniser: Path, why: str, remedy: str) -> DecoderUnavailable:
    return DecoderUnavailable(
        f"the recogniser in {recogniser} has no text decoder of its own: CTranslate2's serves, which is right but may "
        f"be slower. The reason: {why}. What to do: {remedy}"
    )


def _build(recogniser: Path, target: Path) -> None:
    """The caller holds the lock: what is unfinished here was left behind."""
    for left in target.parent.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(left, ignore_errors=True)
    files = _files(recogniser)
    with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=target.parent, ignore_cleanup_errors=True) as scratch:
        made, old = Path(scratch) / "made", Path(scratch) / "old"
        made.mkdir()
        for name, data in files.items():
            with (made / name).open("wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
        if target.exists():
            target.rename(old)
        made.rename(target)


def _files(recogniser: Path) -> dict[str, bytes]:
    """Name → content of all that a decoder consists of."""
    from colloque.models.text_decoder import POSITIONS_FILE, TOKENS_FILE

    files = {f"{name}.onnx": data for name, data in whisper_decoder.build(recogniser, is_signed=has_vnni()).items()}
    tokens, positions = whisper_decoder.embeddings(recogniser)
    files |= {TOKENS_FILE: _npy(tokens), POSITIONS_FILE: _npy(positions)}
    noted = {name: (hashlib.sha256(data).hexdigest(), len(data)) for name, data in files.items()}
    return {**files, CHECKSUMS: json.dumps(noted, indent=1).encode()}


def _npy(array: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()
