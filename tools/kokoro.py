"""French speech from text: espeak-ng's phonemes, spoken by Kokoro-82M through ONNX Runtime.

The model takes one token per phoneme symbol, framed by token 0, and one style vector whose row is chosen by the number
of tokens. Half of a style vector sets the timbre (decoder), the other half the prosody: pitch and rhythm (predictor).
Source of the layout: Kokoro-82M's model card and its ONNX export's inputs `tokens`, `style`, `speed`.
"""

from __future__ import annotations

import ctypes
import json
import re
from dataclasses import dataclass

import espeakng_loader
import numpy as np
import numpy.typing as npt
import onnxruntime

from tools.voice_files import VoiceFiles

SAMPLE_RATE = 24_000
"""Hertz. The model's output."""

Samples = npt.NDArray[np.float32]
"""Mono samples, shape (n,), dtype float32, 24 kHz."""

_STYLE_ROWS, _STYLE_SIZE = 510, 256
_TIMBRE = slice(0, 128)
_PROSODY = slice(128, 256)
_PUNCTUATION = re.compile(r"([,.;:!?]+)")
_LANGUAGE_SWITCH = re.compile(r"\([a-z-]+\)")  # espeak-ng marks foreign words: "(en)wˈiːkˈɛnd(fr)"


@dataclass(frozen=True, slots=True)
class Voice:
    """A blend of the model's voices: weights by voice name, for timbre and for prosody."""

    timbre: dict[str, float]
    prosody: dict[str, float]


class Phonemiser:
    """French text to IPA with the punctuation kept, since the model phrases by it."""

    _IPA = 0x02
    _UTF8 = 1
    _DO_NOT_EXIT = 0x8000  # without it, the library ends the process where its data are missing

    def __init__(self) -> None:
        """Load espeak-ng; raises RuntimeError where its data cannot be read."""
        self._espeak = ctypes.CDLL(espeakng_loader.get_library_path())
        self._espeak.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._espeak.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, ctypes.c_int]
        data = espeakng_loader.get_data_path().encode()
        if self._espeak.espeak_Initialize(2, 0, data, self._DO_NOT_EXIT) < 0:
            raise RuntimeError("espeak-ng could not read its data. Install espeakng-loader in a shorter path.")
        if self._espeak.espeak_SetVoiceByName(b"fr") != 0:
            raise RuntimeError("espeak-ng has no French voice. Install espeakng-loader again.")

    def ipa(self, text: str) -> str:
        """The phonemes of `text`, words apart by spaces, commas and full stops as in `text`."""
        spoken = ""
        for piece in _PUNCTUATION.split(text):
            if _PUNCTUATION.fullmatch(piece):
                spoken = spoken.rstrip() + piece + " "
            elif piece.strip():
                spoken += self._clause(piece.strip())
        return spoken.strip()

    def _clause(self, text: str) -> str:
        buffer = ctypes.create_string_buffer(text.encode())
        rest = ctypes.c_void_p(ctypes.addressof(buffer))
        clauses: list[str] = []
        while rest.value:
            phonemes: bytes = self._espeak.espeak_TextToPhonemes(ctypes.byref(rest), self._UTF8, self._IPA)
            clauses.append(phonemes.decode())
        # Hyphens mark liaisons and clitics; the model has no symbol for them.
        return _LANGUAGE_SWITCH.sub("", " ".join(clauses)).replace("-", "").strip()


class Kokoro:
    """The model, its vocabulary and its voices."""

    def __init__(self, files: VoiceFiles, threads: int = 2) -> None:
        """Load the model from fetched `files`."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(str(files.model), options, providers=["CPUExecutionProvider"])
        self._vocabulary: dict[str, int] = json.loads(files.vocabulary.read_text(encoding="utf-8"))["vocab"]
        self._phonemiser = Phonemiser()
        self._files = files

    def speak(self, text: str, voice: Voice, speed: float) -> Samples:
        """Speak `text`.

        Args:
            text: French, numbers as words, short enough for 509 phonemes.
            voice: timbre and prosody.
            speed: 1 is the voice's own pace, more is faster.

        Returns:
            Samples at 24 kHz, with the silence at both ends cut off.

        Raises:
            ValueError: the text is empty or too long.
        """
        tokens = [self._vocabulary[symbol] for symbol in self._phonemiser.ipa(text) if symbol in self._vocabulary]
        if not 0 < len(tokens) < _STYLE_ROWS:
            raise ValueError(f"A turn has {len(tokens)} phonemes; the model takes 1 to {_STYLE_ROWS - 1}. Split it.")
        style = self._style(voice)[len(tokens) - 1]
        inputs = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": style[np.newaxis],
            "speed": np.array([speed], np.float32),
        }
        (audio,) = self._session.run(None, inputs)
        return _trim(np.asarray(audio, np.float32).ravel())

    def _style(self, voice: Voice) -> npt.NDArray[np.float32]:
        """Shape (510, 256), float32."""
        style = np.zeros((_STYLE_ROWS, _STYLE_SIZE), np.float32)
        for half, weights in ((_TIMBRE, voice.timbre), (_PROSODY, voice.prosody)):
            for name, weight in weights.items():
                vectors = np.fromfile(self._files.style(name), np.dtype("<f4")).reshape(_STYLE_ROWS, _STYLE_SIZE)
                style[:, half] += np.float32(weight) * vectors[:, half]
        return style


def _trim(audio: Samples, threshold: float = 0.01, margin_s: float = 0.03) -> Samples:
    """Cut the silence of a third of a second that the model puts before and after."""
    loud = np.flatnonzero(np.abs(audio) > threshold)
    margin = round(margin_s * SAMPLE_RATE)
    return audio[max(0, loud[0] - margin) : loud[-1] + margin]
