"""`colloque doctor`: whether this machine can run the server, what is missing, and how to get it.

What comes from other packages is imported where it is used: a package that is missing is to be a finding, not a crash.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import os
import platform
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from colloque.models.catalogue import ModelMissing, find, locate
from colloque.models.compute import ComputeUnsupported, choose_compute
from colloque.models.model import Model
from colloque.models.recognisers import RecogniserUnfit, check_is_recogniser, check_languages, needed_models
from colloque.server.config import ConfigError, ServerConfig, load

PYTHON_MIN, PYTHON_MAX = (3, 11), (3, 13)
NATIVE = ("av", "soxr", "onnxruntime", "ctranslate2", "kaldi_native_fbank")
"""Packages with compiled code: they are loaded, since they may be installed and not fit this machine."""
DISK_BYTES_MIN = 500_000_000
"""Below so much free room the data folder is pointed out: four hours of journalled audio of two sessions, doubled."""

Outcome = Literal["good", "note", "bad"]
_MARKS: dict[Outcome, str] = {"good": "ok  ", "note": "note", "bad": "BAD "}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check has found."""

    about: str
    outcome: Outcome
    """`bad` where the server cannot do its work like this."""
    found: str
    remedy: str | None = None


def add_doctor_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command; its `run` default takes the parsed arguments and gives the exit code."""
    parser = subparsers.add_parser(
        "doctor",
        help="check this machine: what is installed, which device, what is missing and how to get it",
        description="Checks whether this machine can run the server as it is configured. Exit code 1 if it cannot.",
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration file (or COLLOQUE_CONFIG)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Runs the command: one line a check. 0, or 1 where something that is needed is missing."""
    bad = 0
    for finding in examine(options.config):
        bad += finding.outcome == "bad"
        print(f"{_MARKS[finding.outcome]} {finding.about}: {finding.found}")
        if finding.remedy:
            print(f"       -> {finding.remedy}")
    print(f"\n{bad} thing(s) to put right." if bad else "\nThis machine is ready: start with `colloque serve`.")
    return 1 if bad else 0


def examine(file: Path | None) -> Iterator[Finding]:
    """All findings, each as soon as it is there."""
    yield check_python(sys.version_info[:2])
    packages = check_packages()
    yield packages
    if packages.outcome == "bad":  # the other checks need them
        return
    from colloque.server.auth import keys_for

    try:
        config = load(file, os.environ)
        _, made = keys_for(config)
    except ConfigError as error:
        yield Finding("configuration", "bad", str(error))
        return
    keys = "a key is made at each start (loopback only)" if made else f"{len(config.api_keys)} API key(s)"
    held = f"{config.sessions_max} sessions" if config.sessions_max else "as many sessions as are measured at start"
    yield Finding("configuration", "good", f"{config.host}:{config.port}, {held}, {keys}")
    yield check_device(config)
    if config.engine == "local":
        yield from check_recognisers(config)
        yield from check_models(config)
        yield from check_decoders(config)
    yield check_data_folder(config)
    yield check_port(config)


def check_python(version: tuple[int, ...]) -> Finding:
    """Whether this Python is one of those that are tested."""
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if PYTHON_MIN <= version <= PYTHON_MAX:
        return Finding("python", "good", found)
    return Finding("python", "bad", found, "install Python 3.11, 3.12 or 3.13 and make a new environment with it")


def check_packages(requirements: list[str] | None = None, native: tuple[str, ...] = NATIVE) -> Finding:
    """Whether what the project requires everywhere is installed, and its compiled parts can be loaded."""
    required = importlib.metadata.requires("colloque") or [] if requirements is None else requirements
    names = [re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0] for line in required if ";" not in line]
    missing = [name for name in names if not _is_installed(name)]
    if missing:
        return Finding("packages", "bad", f"missing: {', '.join(missing)}", f"pip install {' '.join(missing)}")
    for name in native:
        try:
            importlib.import_module(name)
        except (ImportError, OSError) as error:
            remedy = f"install it again: pip install --force-reinstall {name.replace('_', '-')}"
            return Finding("packages", "bad", f"{name} cannot be loaded ({error})", remedy)
    return Finding("packages", "good", f"{len(names)} required packages are installed")


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def check_device(config: ServerConfig) -> Finding:
    """Which device the recogniser will use."""
    import ctranslate2

    cores = os.cpu_count() or 1
    gpus = ctranslate2.get_cuda_device_count()
    if gpus and config.device != "cpu":
        return Finding("device", "good", f"{gpus} CUDA device(s); {cores} CPU core(s)")
    if config.device == "cuda":
        remedy = "install the NVIDIA driver and CUDA 12 with cuDNN 9, or set COLLOQUE_DEVICE=auto"
        return Finding("device", "bad", "device = cuda, and there is no CUDA device", remedy)
    if cores < 2:
        return Finding("device", "note", "1 CPU core: live recognition may not keep up", "use two cores or more")
    return Finding("device", "good", f"{cores} CPU cores" + (f" ({gpus} CUDA device(s) not used)" if gpus else ""))


def check_recognisers(config: ServerConfig) -> Iterator[Finding]:
    """Which recogniser serves which language, and how it computes."""
    try:
        how = str(choose_compute(config.device, config.compute_type, config.workers, config.threads))
    except ComputeUnsupported as error:
        how = "not computed"
        yield Finding("compute type", "bad", str(error))
    for name in dict.fromkeys(config.recognisers.values()):
        languages = [language for language, served in config.recognisers.items() if served == name]
        about = f"recogniser for {', '.join(languages)}"
        try:
            check_is_recogniser(name)
            check_languages(name, locate(name, config.models), languages)
        except (ModelMissing, RecogniserUnfit) as error:
            yield Finding(about, "bad", str(error))
        else:
            yield Finding(about, "good", f"{name}, {how}")


def check_models(config: ServerConfig) -> Iterator[Finding]:
    """Whether the models are there and are, byte for byte, those of the catalogue, or those that came first."""
    from colloque.models import fetch

    try:
        needed = needed_models(config.recognisers)
        verdicts = fetch.verify(needed, config.models)
    except ModelMissing as error:
        yield Finding("models", "bad", str(error))
        return
    except OSError as error:
        remedy = "give permission there, or name another folder with COLLOQUE_MODELS"
        yield Finding("models", "bad", f"{config.models} cannot be used ({error.strerror})", remedy)
        return
    for name in needed:
        model = find(name, config.models)
        faults = [f"{v.file}: {v.problem}" for v in verdicts if v.model == model.name and v.problem]
        if faults or not isinstance(model, Model):
            yield Finding(f"model {name}", "bad", "; ".join(faults), model.remedy)
        else:
            as_what = "as published" if model.needed else "as first fetched"
            yield Finding(f"model {name}", "good", f"{model.size_bytes / 1e6:.1f} MB, {as_what}")


def check_decoders(config: ServerConfig) -> Iterator[Finding]:
    """Whether the text decoders are built that are to serve the recognisers."""
    from colloque.models.decoders import decoder_folder
    from colloque.server.commands.models import with_own_decoder

    for name, recogniser in with_own_decoder(config).items():
        about = f"text decoder of {name}"
        try:
            folder = decoder_folder(recogniser, config.models)
        except OSError as error:
            yield Finding(about, "bad", f"{recogniser} cannot be read ({error.strerror})", "give permission there")
            continue
        if folder.is_dir():
            yield Finding(about, "good", str(folder))
        else:
            yield Finding(about, "note", "not built yet: the next start does it", "colloque models pull")


def check_data_folder(config: ServerConfig) -> Finding:
    """Whether the database can be written, and has room."""
    remedy = "give the server permission to write there, or name another folder with COLLOQUE_DATA"
    folder = next(path for path in (config.data, *config.data.parents) if path.exists())  # the server makes the rest
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"x")
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding("data folder", "bad", f"{config.data} cannot be written ({error.strerror})", remedy)
    if free < DISK_BYTES_MIN:
        low = f"{config.data} has only {free / 1e6:.0f} MB left"
        return Finding("data folder", "note", low, "make room, or name another folder with COLLOQUE_DATA")
    return Finding("data folder", "good", f"{config.data}, {free / 1e9:.0f} GB free")


def check_port(config: ServerConfig) -> Finding:
    """Whether the address can be listened on, or a server of ours already does."""
    about = f"port {config.port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            config.host.strip("[]"), config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if _answers(config):
            return Finding(about, "note", "a server answers there already", "to start another one set COLLOQUE_PORT")
        remedy = "stop the program that listens there, or choose another address: --host, --port"
        return Finding(about, "bad", f"{config.host}:{config.port} cannot be used ({error.strerror})", remedy)
    return Finding(about, "good", "free")


def _answers(config: ServerConfig) -> bool:
    import httpx

    try:
        answer = httpx.get(f"http://{config.host}:{config.port}/healthz", timeout=2.0, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.status_code == 200
