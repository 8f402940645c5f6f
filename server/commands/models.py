"""`colloque models`: what models there are, bringing them here, and checking them."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import closing
from pathlib import Path

from colloque.models import fetch
from colloque.models.catalogue import ModelMissing
from colloque.server.config import ConfigError, load


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
    verify = actions.add_parser("verify", help="read the files and compare their SHA-256 with the catalogue's")
    for action in (pull, verify):
        action.add_argument("names", nargs="*", metavar="NAME", help="default: all that the server needs")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Runs the command. 0; 1 where a model cannot be had or is damaged, after what to do on the standard error."""
    try:
        folder = load(options.config, os.environ).models
        match options.action:
            case "list":
                return _list(folder)
            case "pull":
                return _pull(folder, options.names or None)
            case _:
                return _verify(folder, options.names or None)
    except (ConfigError, ModelMissing, fetch.PullFailed, OSError) as error:
        print(f"colloque models: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("colloque models: stopped; what has come so far is kept, run it again to go on", file=sys.stderr)
    return 1


def _list(folder: Path) -> int:
    print(f"Models folder: {folder}\n")
    for status in fetch.statuses(folder):
        model = status.model
        need = "needed" if model.needed else "optional"
        print(f"{model.name:<18} {status.state:<11} {need:<9} {model.size_bytes / 1e6:>7.1f} MB  {model.licence}")
        print(f"    {model.purpose}; from {model.origin}")
        print(f"    {status.path if status.state == 'ready' else 'to get it: ' + model.remedy}")
    return 0


def _pull(folder: Path, names: list[str] | None) -> int:
    with closing(fetch.TerminalProgress(sys.stderr)) as progress:
        places = fetch.pull(names, folder, progress)
    for name, place in places.items():
        print(f"{name}: {place}")
    return 0


def _verify(folder: Path, names: list[str] | None) -> int:
    with closing(fetch.TerminalProgress(sys.stderr)) as progress:
        verdicts = fetch.verify(names, folder, progress)
    for verdict in verdicts:
        print(f"{verdict.model}: {verdict.file}: {verdict.problem or 'as published'}")
    return 1 if any(verdict.problem for verdict in verdicts) else 0
