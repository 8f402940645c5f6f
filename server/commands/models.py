"""`colloque models`: what models there are, bringing them here, and checking them."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import closing
from pathlib import Path

from colloque.models import fetch
from colloque.models.catalogue import ModelMissing, find
from colloque.models.hub import SHORT_NAMES, HubModel
from colloque.models.manifest import manifest_path
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
                return _pull(config.models, options.names or needed_models(config.recognisers))
            case _:
                return _verify(config.models, options.names or needed_models(config.recognisers))
    except (ConfigError, ModelMissing, RecogniserUnfit, fetch.PullFailed, OSError) as error:
        print(f"colloque models: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("colloque models: stopped; what has come so far is kept, run it again to go on", file=sys.stderr)
    return 1


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
    print("\nRecognisers on the hub, by short name (all MIT); others as owner/repository[@revision]:")
    for known in SHORT_NAMES.values():
        print(f"{known.name:<18} {known.repository}{' (English only)' if known.is_english_only else ''}")
    return 0


def _pull(folder: Path, names: list[str]) -> int:
    strangers = [model for model in (find(name, folder) for name in names) if isinstance(model, HubModel)]
    with closing(fetch.TerminalProgress(sys.stderr)) as progress:
        places = fetch.pull(names, folder, progress)
    for name, place in places.items():
        print(f"{name}: {place}")
    for stranger in strangers:
        _tell_first_trust(stranger, folder)
    return 0


def _tell_first_trust(wanted: HubModel, folder: Path) -> None:
    model = find(wanted.name, folder)
    weights = "" if not wanted.weights_sha256 else " but for its weights, which are the published ones"
    print(
        f"{wanted.name}: licence {model.licence}. It came for the first time and its checksums were not known "
        f"beforehand{weights}: what came from {wanted.repository} today is trusted, and noted in "
        f"{manifest_path(wanted, folder)}. From now on `colloque models verify {wanted.name}` compares with that"
    )


def _verify(folder: Path, names: list[str]) -> int:
    with closing(fetch.TerminalProgress(sys.stderr)) as progress:
        verdicts = fetch.verify(names, folder, progress)
    for verdict in verdicts:
        good = "as first fetched" if verdict.file.startswith("hub/") else "as published"
        print(f"{verdict.model}: {verdict.file}: {verdict.problem or good}")
    return 1 if any(verdict.problem for verdict in verdicts) else 0
