"""The speakers of a session as bytes, so that a stream that is opened anew keeps their numbers.

The bytes hold voice embeddings, which are biometric data: keep and erase them as strictly as the audio.

Layout, little-endian: magic `CQSP`, version, next number, count of speakers, count of pairs that were told apart; then
per speaker its number, flags (bit 0: confirmed), seconds of speech, and the sum of its embeddings; then the pairs.
"""

from __future__ import annotations

import struct
from typing import ClassVar

import numpy as np

from colloque.models.embedding import DIMENSIONS
from colloque.models.speakers import Speaker
from colloque.streaming.errors import EngineFault

VERSION = 1
_MAGIC = b"CQSP"
_HEAD = struct.Struct("<4sHIHH")
_SPEAKER = struct.Struct("<IBd")
_PAIR = struct.Struct("<II")
_VECTOR_BYTES = 4 * DIMENSIONS


class BadSpeakerState(EngineFault):
    """The bytes are no state of a diariser, or one of another version."""

    code: ClassVar[str] = "bad_speaker_state"
    recoverable: ClassVar[bool] = False

    def __init__(self, what: str) -> None:
        super().__init__(
            f"the saved speakers cannot be read: {what}. Opened with them, the diariser would mix the speakers up. "
            "Open the stream without a state: speakers are then numbered from 1 again"
        )


def pack(known: list[Speaker], next_number: int, apart: set[tuple[int, int]]) -> bytes:
    """The state; the same speakers always give the same bytes. About 0.8 kB a speaker."""
    parts = [_HEAD.pack(_MAGIC, VERSION, next_number, len(known), len(apart))]
    for speaker in known:
        total, weight_s = speaker.voice()
        parts.append(_SPEAKER.pack(speaker.number, int(speaker.confirmed), weight_s))
        parts.append(total.astype("<f4").tobytes())
    parts += [_PAIR.pack(*pair) for pair in sorted(apart)]
    return b"".join(parts)


def unpack(state: bytes) -> tuple[list[Speaker], int, set[tuple[int, int]]]:
    """Known speakers, the next number, and the pairs that were told apart. Raises `BadSpeakerState`."""
    if len(state) < _HEAD.size or state[: len(_MAGIC)] != _MAGIC:
        raise BadSpeakerState("it does not begin as such a state does")
    _, version, next_number, speakers, pairs = _HEAD.unpack_from(state)
    if version != VERSION:
        raise BadSpeakerState(f"it has version {version}, this program reads version {VERSION}")
    pairs_at = _HEAD.size + speakers * (_SPEAKER.size + _VECTOR_BYTES)
    if len(state) != pairs_at + pairs * _PAIR.size:
        raise BadSpeakerState(f"{len(state)} bytes are not what {speakers} speakers take")
    known = [_speaker(state, _HEAD.size + i * (_SPEAKER.size + _VECTOR_BYTES)) for i in range(speakers)]
    numbers = [speaker.number for speaker in known]
    if numbers != sorted(set(numbers)) or not all(0 < number < next_number for number in numbers):
        raise BadSpeakerState("its speaker numbers are not in order of first speech")
    apart = {(first, second) for first, second in _PAIR.iter_unpack(state[pairs_at:])}
    if not all(first < second and {first, second} <= set(numbers) for first, second in apart):
        raise BadSpeakerState("it tells speakers apart that it does not have")
    return known, next_number, apart


def _speaker(state: bytes, at: int) -> Speaker:
    number, flags, weight_s = _SPEAKER.unpack_from(state, at)
    total = np.frombuffer(state, "<f4", DIMENSIONS, at + _SPEAKER.size).astype(np.float32)
    if flags > 1 or not 0 < weight_s < np.inf or not np.all(np.isfinite(total)) or not np.any(total):
        raise BadSpeakerState("a voice in it is damaged")
    return Speaker(number, total, weight_s, confirmed=bool(flags))
