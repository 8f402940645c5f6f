"""Configuration, read once at start from a TOML file and the environment; the environment wins.

Every key of the file has an environment variable: `port` is `COLLOQUE_PORT`, `publisher_wait_s` of the table `[limits]`
is `COLLOQUE_LIMITS_PUBLISHER_WAIT_S`, `fr` of `[whisper_for]` is `COLLOQUE_WHISPER_FOR_FR`. `api_keys` is also
`COLLOQUE_API_KEY` (several: with commas between).
"""

from __future__ import annotations

import dataclasses
import difflib
import ipaddress
import math
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast, get_args

from colloque.models.catalogue import models_folder
from colloque.models.compute import COMPUTE_TYPES, ComputeType, Decoder, Device
from colloque.models.hub import hub_model
from colloque.streaming.config import SessionLimits
from colloque.streaming.engines import Language

DATABASE_NAME = "colloque.sqlite3"
API_KEY_CHARS_MIN = 8

EngineKind = Literal["local", "scripted"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


class ConfigError(Exception):
    """The configuration cannot be used; the text says which key, and what it should hold."""


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """Everything that can be set. Field names are the keys of the file."""

    data: Path
    """Folder of the database; `COLLOQUE_DATA`."""
    models: Path
    """Folder of the model files; `COLLOQUE_MODELS`."""
    host: str = "127.0.0.1"
    port: int = 8765
    """0 lets the system choose one."""
    api_keys: tuple[str, ...] = field(default=(), repr=False)
    """Keys that may open sessions, of at least `API_KEY_CHARS_MIN` characters each."""
    token_life_s: float = 12 * 3600.0
    """So long the tokens of a session are valid, in seconds."""
    sessions_max: int = 0
    """Sessions that may be open at once; one more is refused with `capacity`. 0: as many as the machine was measured to
    hold at start-up."""
    engine: EngineKind = "local"
    """`scripted` answers from a timeline, for tests."""
    device: Device = "auto"
    """Where the recogniser computes; `auto` takes a CUDA device where there is one."""
    compute_type: ComputeType = "auto"
    """Numbers that the recogniser computes with; `auto` is int8 on a processor and float16 on CUDA."""
    decoder: Decoder = "auto"
    """The recogniser's text decoder; `auto` is one of our own on a processor with int8, else CTranslate2's."""
    workers: int = 0
    """Passes of the recogniser at once; 0: chosen by the cores of the machine."""
    threads: int = 0
    """Processor cores that one pass uses; 0: chosen by the cores of the machine."""
    whisper: str = "whisper-base"
    """The recogniser: a name of the catalogue, a short name (`large-v3-turbo`), `owner/repository[@revision]` of the
    hub, or the absolute path of a folder with a CTranslate2 model."""
    whisper_for: dict[Language, str] = field(default_factory=dict)
    """Recognisers for some languages instead of `whisper`."""
    limits: SessionLimits = field(default_factory=SessionLimits)

    @property
    def database(self) -> Path:
        """The database file."""
        return self.data / DATABASE_NAME

    @property
    def recognisers(self) -> dict[Language, str]:
        """Language → name of the recogniser that serves it, for every language."""
        return {language: self.whisper_for.get(language, self.whisper) for language in LANGUAGES}

    @property
    def loopback(self) -> bool:
        """True where only this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False


def load(file: Path | None, environment: Mapping[str, str], overrides: Mapping[str, Any] | None = None) -> ServerConfig:
    """The configuration from `file` (or the file that `COLLOQUE_CONFIG` names), the environment and the command line.

    `overrides` wins over both; its entries that are None are left out. Raises `ConfigError`.
    """
    if file is None and environment.get("COLLOQUE_CONFIG"):
        file = Path(environment["COLLOQUE_CONFIG"])
    values = _from_file(file) if file is not None else {}
    tables = {table: dict(values.pop(table, {})) for table in _TABLES}
    for name, text in environment.items():
        where = _place(name)
        if where is None or _of_kubernetes(name, text):
            continue
        tables.get(where[0], values)[where[1]] = text
    values.update({key: value for key, value in (overrides or {}).items() if value is not None})
    return _build(values, tables, _data_home(environment))


# --- sources ------------------------------------------------------------------------------------------------------


def _from_file(file: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"the configuration file {file} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"the configuration file {file} is not TOML: {error}") from None
    _refuse_unknown(values, {*_READERS, *_TABLES}, f"in {file}")
    for table, keys in _TABLES.items():
        entries = values.get(table, {})
        if not isinstance(entries, dict):
            raise ConfigError(f"`{table}` in {file} must be a table, [{table}]")
        _refuse_unknown(entries, keys, f"in [{table}] of {file}")
    return values


def _refuse_unknown(values: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = [key for key in values if key not in known]
    if unknown:
        near = difflib.get_close_matches(unknown[0], known, n=1)
        hint = f"; did you mean `{near[0]}`?" if near else f"; known are {', '.join(sorted(known))}"
        raise ConfigError(f"unknown key {', '.join(f'`{key}`' for key in unknown)} {where}{hint}")


_PREFIX = "COLLOQUE_"
_NOT_OURS = {"COLLOQUE_CONFIG", "COLLOQUE_MODELS_FROM", "COLLOQUE_URL", "COLLOQUE_TOKEN"}
"""Read elsewhere: the file's own name, where models are fetched from, and what the command line's client looks at."""


def _place(name: str) -> tuple[str, str] | None:
    """(table, key) of an environment variable; None where it is not for the server's configuration."""
    if not name.startswith(_PREFIX) or name in _NOT_OURS or re.fullmatch(r"COLLOQUE_(SERVICE|PORT)_.+", name):
        return None
    key = name.removeprefix(_PREFIX).lower()
    if key == "api_key":
        return ("", "api_keys")
    if key in _READERS:
        return ("", key)
    of_tables = {f"{table}_{entry}": (table, entry) for table, entries in _TABLES.items() for entry in entries}
    if key in of_tables:
        return of_tables[key]
    known = [_PREFIX + each.upper() for each in (*_READERS, *of_tables)]
    near = difflib.get_close_matches(name, known, n=1)
    raise ConfigError(f"unknown environment variable {name}" + (f"; did you mean {near[0]}?" if near else ""))


def _of_kubernetes(name: str, text: str) -> bool:
    """A service called `colloque` makes Kubernetes set COLLOQUE_PORT=tcp://…, which is not our setting."""
    return name == "COLLOQUE_PORT" and text.startswith(("tcp://", "udp://"))


def _data_home(environment: Mapping[str, str]) -> Path:
    home = environment.get("XDG_DATA_HOME")
    return (Path(home) if home else Path.home() / ".local" / "share") / "colloque"


# --- values -------------------------------------------------------------------------------------------------------


def _build(values: dict[str, Any], tables: dict[str, dict[str, Any]], home: Path) -> ServerConfig:
    read = {key: _READERS[key](key, value) for key, value in values.items()}
    read.setdefault("data", home)
    read.setdefault("models", models_folder())
    bounds = {key: _positive(f"limits.{key}", value) for key, value in tables["limits"].items()}
    served = {key: _whisper(f"whisper_for.{key}", value) for key, value in tables["whisper_for"].items()}
    return ServerConfig(**read, limits=SessionLimits(**bounds), whisper_for=cast(dict[Language, str], served))


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"`{key}` must be a text that is not empty")
    return value.strip()


def _folder(key: str, value: Any) -> Path:
    return Path(value if isinstance(value, Path) else _text(key, value)).expanduser().absolute()


def _whisper(key: str, value: Any) -> str:
    text = _text(key, value)
    if text.startswith("~") or Path(text).is_absolute():
        return str(_folder(key, text))
    if ("/" in text or "\\" in text) and hub_model(text) is None:
        raise ConfigError(
            f"`{key}` must be the name of a model, `owner/repository[@revision]` of the hub, or the absolute path of a "
            "folder"
        )
    return text


def _whole(key: str, value: Any, low: int, high: int) -> int:
    try:
        number = int(value) if isinstance(value, str) else value
    except ValueError:
        number = None
    if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
        raise ConfigError(f"`{key}` must be a whole number from {low} to {high}")
    return number


def _positive(key: str, value: Any) -> float:
    try:
        number = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number) or number <= 0:
        raise ConfigError(f"`{key}` must be a number of seconds above 0")
    return number


def _choice(*options: str) -> Callable[[str, Any], str]:
    def read(key: str, value: Any) -> str:
        if value not in options:
            raise ConfigError(f"`{key}` must be one of {', '.join(options)}")
        return cast(str, value)

    return read


def _keys(key: str, value: Any) -> tuple[str, ...]:
    keys = value.split(",") if isinstance(value, str) else value
    if not isinstance(keys, list | tuple) or not all(isinstance(item, str) for item in keys):
        raise ConfigError(f"`{key}` must be a list of texts")
    stripped = tuple(item.strip() for item in keys)
    if any(len(item) < API_KEY_CHARS_MIN or not item.isascii() or not item.isprintable() for item in stripped):
        raise ConfigError(
            f"each of `{key}` needs at least {API_KEY_CHARS_MIN} printable ASCII characters; make one with"
            ' `python -c "import secrets; print(secrets.token_urlsafe(32))"`'
        )
    return stripped


_READERS: dict[str, Callable[[str, Any], Any]] = {
    "data": _folder,
    "models": _folder,
    "host": _text,
    "port": lambda key, value: _whole(key, value, 0, 65535),
    "api_keys": _keys,
    "token_life_s": _positive,
    "sessions_max": lambda key, value: _whole(key, value, 0, 10_000),
    "engine": _choice("local", "scripted"),
    "device": _choice(*get_args(Device)),
    "compute_type": _choice(*COMPUTE_TYPES),
    "decoder": _choice(*get_args(Decoder)),
    "workers": lambda key, value: _whole(key, value, 0, 256),
    "threads": lambda key, value: _whole(key, value, 0, 256),
    "whisper": _whisper,
}
_TABLES: dict[str, set[str]] = {
    "limits": {limit.name for limit in dataclasses.fields(SessionLimits)},
    "whisper_for": set(LANGUAGES),
}
"""Table of the file → its keys."""
