"""Runs whisper_streaming's processor over a pipe; started by `whisper_streaming.py`, in whatever Python has it.

    whisper_streaming_worker.py FOLDER MODEL COMPUTE_TYPE LANGUAGE

s16le at 16 kHz on standard input; JSON lines on standard output: `{"ready": true}`, `{"text": committed}` …,
`{"done": true}`. It works as the module's own server does: wait for a second of audio, take all that is there, process,
write what was committed; at the end of input the rest is committed. Two things differ, since the module has them fixed:
the weights are loaded for the CPU, and from the folder that every system uses.
"""

from __future__ import annotations

import io
import json
import os
import sys
import threading
from typing import Any

import numpy as np

CHUNK_BYTES = 32_000
"""One second: the module's own default."""
TRIMMING = ("segment", 15)
"""The buffer is cut at a segment's end when it is longer than 15 s: the module's own default."""


class Pipe:
    """Bytes of standard input, read as they come so that the sender never waits for the recogniser."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._changed = threading.Condition()
        self._ended = False
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while data := os.read(0, 65_536):
            with self._changed:
                self._bytes += data
                self._changed.notify()
        with self._changed:
            self._ended = True
            self._changed.notify()

    def take(self) -> tuple[bytes, bool]:
        """All whole samples, once there is a second of them or no more will come, and whether it was the last."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or len(self._bytes) >= CHUNK_BYTES)
            whole = len(self._bytes) // 2 * 2
            data = bytes(self._bytes[:whole])
            del self._bytes[:whole]
            return data, self._ended


def processor(folder: str, model: str, compute_type: str, language: str) -> Any:
    """The module's processor, warm."""
    sys.path.insert(0, folder)
    import whisper_online  # type: ignore[import-not-found, unused-ignore]
    from faster_whisper import WhisperModel

    def load_model(*_: object, **__: object) -> Any:
        return WhisperModel(model, device="cpu", compute_type=compute_type)

    recogniser = type("CpuRecogniser", (whisper_online.FasterWhisperASR,), {"load_model": load_model})(lan=language)
    recogniser.transcribe(np.zeros(16_000, np.float32))
    return whisper_online.OnlineASRProcessor(recogniser, None, logfile=io.StringIO(), buffer_trimming=TRIMMING)


def main() -> None:
    """Entry point."""
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # the module prints

    def say(**message: object) -> None:
        lines.write(json.dumps(message, ensure_ascii=False) + "\n")
        lines.flush()

    online = processor(*sys.argv[1:5])
    pipe = Pipe()
    say(ready=True)
    is_over = False
    while not is_over:
        data, is_over = pipe.take()
        if data:
            online.insert_audio_chunk(np.frombuffer(data, "<i2").astype(np.float32) / 32768)
            if text := online.process_iter()[2]:
                say(text=text)
    if text := online.finish()[2]:
        say(text=text)
    say(done=True)


if __name__ == "__main__":
    main()
