"""Which recogniser serves which language, and whether it can: several may be at work in one process."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path

from colloque.models.catalogue import CATALOGUE, WHISPER_BASE, ModelMissing, locate
from colloque.models.hub import ALIASES, SHORT_NAMES, hub_model
from colloque.streaming.engines import Language
from colloque.streaming.errors import EngineFault

MULTILINGUAL_TOKENS_MIN = 51_865
"""Whisper's vocabulary where it has learnt many languages; without them it is one smaller (CTranslate2's own test)."""


class RecogniserUnfit(EngineFault):
    """A model that is no recogniser, or that has not learnt the language it is to serve."""


def locate_recognisers(names: Mapping[Language, str], folder: Path | None = None) -> dict[Language, Path]:
    """Language → folder of the recogniser that serves it; the same folder where they share one.

    `names`: language → name as `locate` takes it. Raises `ModelMissing` that names all that are missing, and
    `RecogniserUnfit` where one cannot serve its language.
    """
    places: dict[str, Path] = {}
    missing: list[str] = []
    for name in dict.fromkeys(names.values()):
        check_is_recogniser(name)
        try:
            places[name] = locate(name, folder)
        except ModelMissing as error:
            missing.append(str(error))
    if missing:
        raise ModelMissing("\n".join(missing))
    for name, place in places.items():
        check_languages(name, place, [language for language, served in names.items() if served == name])
    return {language: places[name] for language, name in names.items()}


def check_is_recogniser(name: str) -> None:
    """Raises `RecogniserUnfit` for a model of the catalogue that does something else."""
    if name in CATALOGUE and name != WHISPER_BASE.name:
        raise RecogniserUnfit(
            f"the model {name} recognises no speech: it {CATALOGUE[name].act}. Set `whisper` to {WHISPER_BASE.name}, "
            f"a short name ({', '.join(SHORT_NAMES)}), a name of the hub or a folder"
        )


def check_languages(name: str, place: Path, languages: Collection[Language]) -> None:
    """Raises `RecogniserUnfit` where the model in folder `place` has learnt English alone and is to serve more."""
    others = [language for language in languages if language != "en"]
    if others and is_english_only(name, place):
        raise RecogniserUnfit(
            f"the recogniser {name} has learnt English alone and is to serve {', '.join(others)}: it would invent "
            "English text. Set a multilingual one as `whisper`, and this one for English only: "
            f'[whisper_for] en = "{name}" (COLLOQUE_WHISPER_FOR_EN)'
        )


def is_english_only(name: str, place: Path) -> bool:
    """True for what is known to be so, and where the vocabulary in folder `place` has no languages.

    The English distillations keep the multilingual vocabulary: these are known by their names alone. Raises
    `RecogniserUnfit` where the vocabulary cannot be read.
    """
    wanted = hub_model(name)
    if wanted is not None and wanted.is_english_only:
        return True
    if Path(name).is_absolute() and _is_named_english(Path(name)):
        return True
    return vocabulary_tokens(place) < MULTILINGUAL_TOKENS_MIN


def vocabulary_tokens(place: Path) -> int:
    """Tokens that the model in this folder knows. Raises `RecogniserUnfit`."""
    try:
        if (place / "vocabulary.json").is_file():
            return len(json.loads((place / "vocabulary.json").read_text("utf-8")))
        return (place / "vocabulary.txt").read_bytes().count(b"\n")
    except (OSError, ValueError, TypeError) as error:
        raise RecogniserUnfit(
            f"the vocabulary of the recogniser in {place} cannot be read ({type(error).__name__}): it cannot be told "
            "which languages it has learnt. Fetch or convert the model anew"
        ) from error


def needed_models(recognisers: Mapping[Language, str]) -> list[str]:
    """Names of all that a server with these recognisers needs, but for folders of the user's own."""
    own = [ALIASES.get(name, name) for name in recognisers.values() if not Path(name).is_absolute()]
    others = [name for name, model in CATALOGUE.items() if model.needed and name != WHISPER_BASE.name]
    return list(dict.fromkeys([*own, *others]))


def _is_named_english(folder: Path) -> bool:
    """True where a part of the path is a known English repository, as the caches of the hub's clients write it."""
    ends = {model.repository.rpartition("/")[2] for model in SHORT_NAMES.values() if model.is_english_only}
    names = {part.partition("@")[0].rpartition("--")[2] for part in folder.parts}
    return bool(ends & names)
