"""Binary frames of one connection to what a session takes: float32, one row a track, 16 kHz.

| encoding | a binary frame holds |
|---|---|
| `pcm_s16le` | interleaved 16-bit samples, little-endian |
| `pcm_f32le` | interleaved 32-bit floats in [-1, 1], little-endian |
| `opus` | one Opus packet (RFC 6716), without a container |
| `webm` | the next bytes of one WebM or Matroska stream, cut anywhere |

A frame that cannot be read raises `BadAudio`; nothing of it is taken, and the next frame is read as if it had not come.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from colloque.server.resampling import Interleaved, Resampler
from colloque.streaming.errors import BadAudio
from colloque.streaming.events import TrackPcm
from colloque.streaming.messages import AudioFormat

RATE_MIN, RATE_MAX = 8_000, 48_000
FLOAT_PEAK_MAX = 16.0
"""Samples may go a little over 1 (they are clipped); so far over, they are no float audio at all."""

_WIDTHS = {"pcm_s16le": 2, "pcm_f32le": 4}
_FILE_STARTS = {
    b"RIFF": "a WAV file",
    b"OggS": "an Ogg file",
    b"\x1aE\xdf\xa3": "a WebM file",
    b"fLaC": "a FLAC file",
    b"ID3\x03": "an MP3 file",
    b"ID3\x04": "an MP3 file",
}


class Decoder(Protocol):
    """Reads the frames of one connection."""

    blocking: bool
    """True where `decode` may take long enough to be worth a thread."""

    def decode(self, frame: bytes) -> TrackPcm:
        """Audio that is now complete, shape (channels, n), n may be 0. Raises `BadAudio`."""

    def flush(self) -> TrackPcm:
        """Audio that waits for more to come; what comes next starts afresh."""

    def reset(self) -> None:
        """Forgets audio that waits inside: it was refused, and must not turn up later."""

    def close(self) -> None:
        """Frees what the decoder holds."""


def make_decoder(audio: AudioFormat) -> Decoder:
    """The decoder of a declaration. Raises `BadAudio` where it cannot be met."""
    if audio.channels not in (1, 2):
        raise BadAudio(f"{audio.channels} channels were declared; send 1, or 2 where each is a track")
    if not RATE_MIN <= audio.rate <= RATE_MAX:
        raise BadAudio(f"a rate of {audio.rate} Hz was declared; send {RATE_MIN} to {RATE_MAX} Hz")
    if audio.encoding in _WIDTHS:
        return PcmDecoder(audio)
    # PyAV loads all of FFmpeg: only for those who need it
    from colloque.server.compressed import OpusDecoder, WebmDecoder

    return OpusDecoder(audio.channels) if audio.encoding == "opus" else WebmDecoder(audio.channels)


class PcmDecoder:
    """Samples as they are."""

    blocking = False

    def __init__(self, audio: AudioFormat) -> None:
        self._audio = audio
        self._frame_bytes = _WIDTHS[audio.encoding] * audio.channels
        self._resampler = Resampler(audio.rate, audio.channels)
        self._begun = False

    def decode(self, frame: bytes) -> TrackPcm:
        """See `Decoder`."""
        if not self._begun and (kind := _FILE_STARTS.get(frame[:4])):
            raise BadAudio(f"this is {kind}, and {self._audio.encoding} was declared: send its samples, not the file")
        if len(frame) % self._frame_bytes:
            raise BadAudio(
                f"a frame of {len(frame)} bytes is no whole number of samples: with {self._audio.encoding} and"
                f" {self._audio.channels} channel(s) its length must be a multiple of {self._frame_bytes}"
            )
        samples = self._read(frame).reshape(-1, self._audio.channels)
        self._begun = True
        return self._resampler.process(samples)

    def _read(self, frame: bytes) -> Interleaved:
        if self._audio.encoding == "pcm_s16le":
            return np.frombuffer(frame, "<i2").astype(np.float32) / np.float32(32768.0)
        samples = np.frombuffer(frame, "<f4").astype(np.float32)
        if not np.isfinite(samples).all():
            raise BadAudio("the frame holds samples that are not finite (NaN or infinity); nothing of it is taken")
        if samples.size and float(np.abs(samples).max()) > FLOAT_PEAK_MAX:
            raise BadAudio("the frame's samples are far outside of [-1, 1]: it does not hold 32-bit floats as declared")
        return np.clip(samples, -1.0, 1.0)

    def flush(self) -> TrackPcm:
        """See `Decoder`."""
        return self._resampler.flush()

    def reset(self) -> None:
        """See `Decoder`."""
        self._resampler.reset()

    def close(self) -> None:
        """See `Decoder`."""
