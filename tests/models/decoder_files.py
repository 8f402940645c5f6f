"""The folder that a text decoder is read from, for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from colloque.models.export import whisper_decoder
from colloque.models.text_decoder import POSITIONS_FILE, TOKENS_FILE, TextDecoder


def write_decoder(model: Path, folder: Path, *, is_signed: bool = False) -> TextDecoder:
    """Builds the graphs of a CTranslate2 model into a folder and reads them."""
    for name, content in whisper_decoder.build(model, is_signed=is_signed).items():
        (folder / f"{name}.onnx").write_bytes(content)
    tokens, positions = whisper_decoder.embeddings(model)
    np.save(folder / TOKENS_FILE, tokens)
    np.save(folder / POSITIONS_FILE, positions)
    return TextDecoder(folder)
