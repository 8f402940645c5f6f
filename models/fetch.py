"""What `colloque models list`, `pull` and `verify` do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from colloque.models.catalogue import (
    CATALOGUE,
    ModelMissing,
    file_path,
    lacking,
    models_folder,
    place,
)
from colloque.models.checksums import is_stamped, matches, stamp
from colloque.models.installer import BUILDERS, Installer, PullFailed, lock
from colloque.models.model import Model, ModelFile
from colloque.models.progress import Report, Step, TerminalProgress, silent

__all__ = ["PullFailed", "Status", "TerminalProgress", "Verdict", "pull", "statuses", "verify"]


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of a model without reading it."""

    model: Model
    path: Path | None
    """Where it is, or would be; None where the package that carries it is not installed."""
    state: Literal["ready", "missing", "incomplete"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a file is, byte for byte, what the catalogue says."""

    model: str
    file: str
    problem: str | None
    """None where all is well; otherwise what is wrong and what to do."""


def statuses(folder: Path | None = None) -> list[Status]:
    """All models of the catalogue. Fast: compares sizes only."""
    folder = folder or models_folder()
    return [_status(model, folder) for model in CATALOGUE.values()]


def _status(model: Model, folder: Path) -> Status:
    try:
        path = place(model, folder)
    except ModelMissing:
        return Status(model, None, "missing")
    missing = lacking(model, folder)
    if not missing:
        return Status(model, path, "ready")
    return Status(model, path, "missing" if len(missing) == len(model.files) else "incomplete")


def verify(
    names: Iterable[str] | None = None,
    folder: Path | None = None,
    progress: Report = silent,
    catalogue: Mapping[str, Model] = CATALOGUE,
) -> list[Verdict]:
    """Reads all files of these models (default: all that the default run needs) and compares their SHA-256.

    Raises `ModelMissing` for a name that the catalogue does not have.
    """
    folder = folder or models_folder()
    verdicts: list[Verdict] = []
    for model in _named(names, catalogue):
        found = [Verdict(model.name, file.path, _problem(model, file, folder, progress)) for file in model.files]
        if not any(verdict.problem for verdict in found):
            stamp(model, folder)
        verdicts += found
    return verdicts


def _problem(model: Model, file: ModelFile, folder: Path, progress: Report) -> str | None:
    try:
        path = file_path(model, file, folder)
    except ModelMissing as error:
        return str(error)
    if not path.is_file():
        return f"it is missing. To get it: {model.remedy}"
    if not matches(path, file, lambda done: progress(Step(model.name, "checking", file.name, done, file.size_bytes))):
        return f"it is damaged or has been changed. To get it anew: {model.remedy}"
    return None


def pull(
    names: Iterable[str] | None = None,
    folder: Path | None = None,
    progress: Report = silent,
    catalogue: Mapping[str, Model] = CATALOGUE,
    builders: Mapping[str, Callable[[Path], bytes]] = BUILDERS,
    hub_endpoint: str | None = None,
) -> dict[str, Path]:
    """Brings these models (default: all that the default run needs) and returns where each one is.

    What is there and has been checked before is not read again. The environment variable `COLLOQUE_MODELS_FROM` names
    a folder that is asked before every other source. `hub_endpoint` is the address of another hub.
    Raises `PullFailed` after all models were tried, `ModelMissing` for a name that the catalogue does not have.
    """
    folder = folder or models_folder()
    models = _named(names, catalogue)
    waiting = [model for model in models if not is_stamped(model, folder)]
    if waiting:
        with lock(folder, lambda: progress(Step(waiting[0].name, "waiting", "for another fetch into this folder"))):
            Installer(folder, progress, builders, hub_endpoint).install(waiting, catalogue.values())
    for model in models:
        progress(Step(model.name, "ready"))
    return {model.name: place(model, folder) for model in models}


def _named(names: Iterable[str] | None, catalogue: Mapping[str, Model]) -> list[Model]:
    if names is None:
        return [model for model in catalogue.values() if model.needed]
    chosen = list(dict.fromkeys(names))
    unknown = [name for name in chosen if name not in catalogue]
    if unknown:
        raise ModelMissing(
            f"the catalogue has no model {', '.join(unknown)}; it has {', '.join(catalogue)}. Name some of these"
        )
    return [catalogue[name] for name in chosen]
