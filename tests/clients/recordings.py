"""Small recordings, made on the spot in many formats."""

from __future__ import annotations

import wave
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

TONE_HZ = (300.0, 800.0)


def tone(duration_s: float, rate: int, channels: int = 1) -> npt.NDArray[np.float32]:
    """A sine a channel, each of another pitch, at half of full scale; shape (channels, n)."""
    time = np.arange(round(duration_s * rate)) / rate
    return np.stack([0.5 * np.sin(2 * np.pi * TONE_HZ[i % 2] * time) for i in range(channels)]).astype(np.float32)


def write_wav(path: Path, duration_s: float, rate: int = 16_000, channels: int = 1, sample_bytes: int = 2) -> Path:
    audio = tone(duration_s, rate, channels).T
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(sample_bytes)
        file.setframerate(rate)
        values = (audio * 127 + 128).astype(np.uint8) if sample_bytes == 1 else (audio * 32767).astype("<i2")
        file.writeframes(values.tobytes())
    return path


def write_encoded(path: Path, codec: str, duration_s: float, rate: int = 48_000) -> Path:
    """Mono, in the container that the file's name says."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(tone(duration_s, rate), format="fltp", layout="mono")
        frame.sample_rate = rate
        stream.codec_context.open()
        resampler = av.AudioResampler(stream.format.name, "mono", rate, stream.codec_context.frame_size or 960)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return path


def write_video(path: Path) -> Path:
    """A film without sound."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width = stream.height = 64
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        container.mux(stream.encode(None))
    return path
