"""`colloque models`: what models there are, bringing them here, and checking them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path

from colloque.models import decoders, fetch
from colloque.models.catalogue import CATALOGUE, WHISPER_BASE, ModelMissing, find, locate
from colloque.models.compute import ComputeUnsupported, choose_compute
from colloque.models.hub import ALIASES, SHORT_NAMES, HubModel
from colloque.models.manifest import manifest_path
from colloque.models.progress import Report
from colloque.models.recognisers import RecogniserUnfit, check_is_recogniser, needed_models
from colloque.server.config import ConfigError, ServerConfig, load


def add_models_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command; its `run` default takes the parsed arguments and gives the exit code."""
    parser = subparsers.add_parser(
        "models",
        help="list, fetch and check the models",
        description="Models are kept in the folder that COLLOQUE_MODELS (or `models` in the file) names.",
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration file (or COLLOQUE_CONFIG)")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="what there is, and whether it is on this machine")
    pull = actions.add_parser("pull", help="bring models to this machine, checked by their SHA-256")
    verify = actions.add_parser("verify", help="read the files and compare their SHA-256 with what it must be")
    for action in (pull, verify):
        action.add_argument(
            "names",
            nargs="*",
            metavar="NAME",
            help="of the catalogue, a short name, or owner/repository[@revision]; default: all that the server needs",
        )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Runs the command. 0; 1 where a model cannot be had or is damaged, after what to do on the standard error."""
    try:
        config = load(options.config, os.environ)
        for name in config.recognisers.values():
            check_is_recogniser(name)
        match options.action:
            case "list":
                return _list(config)
            case "pull":
                return _pull(config, options.names)
            case _:
                return _verify(config, options.names)
    except (ConfigError, ModelMissing, RecogniserUnfit, fetch.PullFailed, OSError) as error:
        print(f"colloque models: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("colloque models: stopped; what has come so far is kept, run it again to go on", file=sys.stderr)
    return 1


def with_own_decoder(config: ServerConfig, names: Iterable[str] = ()) -> dict[str, Path]:
    """Name → folder of the recognisers among these that a text decoder of their own is to serve.

    By default those of the configuration. What is not here is left out.
    """
    try:
        compute = choose_compute(config.device, config.compute_type, config.workers, config.threads)
    except ComputeUnsupported:  # `doctor` and the server say so
        return {}
    if config.decoder != "auto" or not decoders.suits(compute):
        return {}
    places: dict[str, Path] = {}
    for name in names or config.recognisers.values():
        name = ALIASES.get(name, name)
        if name == WHISPER_BASE.name or name not in CATALOGUE:
            with suppress(ModelMissing):
                places[name] = locate(name, config.models)
    return places


def _list(config: ServerConfig) -> int:
    needed = needed_models(config.recognisers)
    print(f"Models folder: {config.models}\n")
    for status in fetch.statuses(config.models, needed):
        model = status.model
        need = "needed" if model.name in needed else "optional"
        size = "?" if isinstance(model, HubModel) else f"{model.size_bytes / 1e6:.1f}"
        licence = model.licence or "its licence is shown when it is fetched"
        print(f"{model.name:<18} {status.state:<11} {need:<9} {size:>7} MB  {licence}")
        if isinstance(model, HubModel):
            print(f"    recognises speech; from {model.repository} on the hub")
        else:
            print(f"    {model.purpose}; from {model.origin}")
        print(f"    {status.path if status.state == 'ready' else 'to get it: ' + model.remedy}")
    for name, recogniser in with_own_decoder(config).items():
        place = decoders.decoder_folder(recogniser, config.models)
        print(f"{name}: text decoder " + (f"in {place}" if place.is_dir() else "not built yet: colloque models pull"))
    print("\nRecognisers on the hub, by short name (all MIT); others as owner/repository[@revision]:")
    for known in SHORT_NAMES.values():
        print(f"{known.name:<18} {known.repository}{' (English only)' if known.is_english_only else ''}")
    return 0


def _pull(config: ServerConfig, names: list[str]) -> int:
    wanted, folder = names or needed_models(config.recognisers), config.models
    strangers = [model for model in (find(name, folder) for name in wanted) if isinstance(model, HubModel)]
    with closing(fetch.TerminalProgress(sys.stderr)) as progress:
        places = fetch.pull(wanted, folder, progress)
        remarks = [_bring_decoder(*each, folder, progress) for each in with_own_decoder(config, names).items()]
    for name, place in places.items():
        print(f"{name}: {place}")
    for stranger in strangers:
        _tell_first_trust(stranger, folder)
    for remark in filter(None, remarks):
        print(f"colloque models: {remark}", file=sys.stderr)
    return 0


def _bring_decoder(name: str, recogniser: Path, folder: Path, progress: Report) -> str | None:
    """What is amiss where there is none. The recogniser is ready without: the fetch has not failed."""
    try:
        decoders.bring_decoder(name, recogniser, folder, progress)
    except decoders.DecoderUnavailable as error:
        return str(error)
    return None


def _tell_first_trust(wanted: HubModel, folder: Path) -> None:
    model = find(wanted.name, folder)
    weights = "" if not wanted.weights_sha256 else " but for its weights, which are the published ones"
    print(
        f"{wanted.name}: licence {model.licence}. It came for the first time and its checksums were not known "
        f"beforehand{weights}: what came from {wanted.repository} today is trusted, and noted in "
        f"{manifest_path(wanted, folder)}. From now on `colloque models verify {wanted.name}` compares with that"
    )


def _verify(config: ServerConfig, names: list[str]) -> int:
    with closing(fetch.TerminalProgress(sys.stderr)) as progress:
        verdicts = fetch.verify(names or needed_models(config.recognisers), config.models, progress)
    for verdict in verdicts:
        good = "as first fetched" if verdict.file.startswith("hub/") else "as published"
        print(f"{verdict.model}: {verdict.file}: {verdict.problem or good}")
    recognisers = with_own_decoder(config, names)
    are_whole = [_verify_decoder(name, recogniser, config.models) for name, recogniser in recognisers.items()]
    return 1 if any(verdict.problem for verdict in verdicts) or not all(are_whole) else 0


def _verify_decoder(name: str, recogniser: Path, folder: Path) -> bool:
    """False where it is there and damaged. One that is missing is built when it is needed."""
    place = decoders.decoder_folder(recogniser, folder)
    if not place.is_dir():
        print(f"{name}: text decoder: not built yet. To build it: colloque models pull")
        return True
    is_whole = decoders.is_whole(place)
    verdict = "as built" if is_whole else "it is damaged or has been changed. To build it anew: colloque models pull"
    print(f"{name}: {place.relative_to(folder)}: {verdict}")
    return is_whole
