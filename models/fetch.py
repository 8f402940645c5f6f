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
    find,
    lacking,
    models_folder,
    place,
)
from colloque.models.checksums import is_stamped, matches, stamp
from colloque.models.hub import HubModel
from colloque.models.installer import BUILDERS, Installer, PullFailed, lock
from colloque.models.manifest import FILE_NAME
from colloque.models.model import Model, ModelFile
from colloque.models.progress import Report, Step, TerminalProgress, silent

__all__ = ["PullFailed", "Status", "TerminalProgress", "Verdict", "pull", "statuses", "verify"]


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of a model without reading it."""

    model: Model | HubModel
    """`HubModel` for one that has never come here."""
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


def statuses(folder: Path | None = None, names: Iterable[str] = ()) -> list[Status]:
    """All models of the catalogue and these. Fast: compares sizes only. Raises `ModelMissing` as `find` does."""
    folder = folder or models_folder()
    return [_status(model, folder) for model in _named([*CATALOGUE, *names], folder, CATALOGUE)]


def _status(model: Model | HubModel, folder: Path) -> Status:
    if isinstance(model, HubModel):
        return Status(model, folder / model.folder, "missing")
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

    Those of a model of the hub are compared with what came first. Raises `ModelMissing` for a name that is none.
    """
    folder = folder or models_folder()
    verdicts: list[Verdict] = []
    for model in _named(names, folder, catalogue):
        if isinstance(model, HubModel):
            problem = f"it has never been fetched. To get it: {model.remedy}"
            verdicts.append(Verdict(model.name, f"{model.folder}/{FILE_NAME}", problem))
            continue
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

    What is there and has been checked before is not read again. Of a model of the hub that has never come, what comes
    is noted beside it, and is what later fetches and `verify` compare with. The environment variable
    `COLLOQUE_MODELS_FROM` names a folder that is asked before every other source. `hub_endpoint` is the address of
    another hub. Raises `PullFailed` after all models were tried, `ModelMissing` for a name that is none.
    """
    folder = folder or models_folder()
    models = _named(names, folder, catalogue)
    waiting = [model for model in models if isinstance(model, HubModel) or not is_stamped(model, folder)]
    if waiting:
        with lock(folder, lambda: progress(Step(waiting[0].name, "waiting", "for another fetch into this folder"))):
            Installer(folder, progress, builders, hub_endpoint).install(waiting, catalogue.values())
    for model in models:
        progress(Step(model.name, "ready"))
    return {model.name: _place(model, folder) for model in models}


def _place(model: Model | HubModel, folder: Path) -> Path:
    return folder / model.folder if isinstance(model, HubModel) else place(model, folder)


def _named(names: Iterable[str] | None, folder: Path, catalogue: Mapping[str, Model]) -> list[Model | HubModel]:
    if names is None:
        return [model for model in catalogue.values() if model.needed]
    found = [find(name, folder, catalogue) for name in names]
    return list({model.name: model for model in found}.values())
