"""A recording in any format that PyAV reads, as frames of s16le at 16 kHz. Two channels are two tracks."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import BinaryIO, Literal, cast

import av
import av.container
import av.error
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

from colloque.clients.errors import RecordingUnreadable
from colloque.streaming.audio import SAMPLE_RATE

FRAME_SAMPLES = SAMPLE_RATE // 10
"""Samples per channel of a frame: 100 ms."""
MISSING_S = 0.1
MISSING_PART = 0.02
"""So much of a stated length may be missing, for some formats only estimate it; more is called truncated."""

Tracks = Literal["auto", "1", "2"]


class Recording:
    """An opened recording; `frames` reads it once. A context manager for the one who may not come to that."""

    def __init__(self, source: str, tracks: Tracks = "auto") -> None:
        """`source` is a path, or `-` for the standard input. With `tracks` "auto" a recording of two channels has two
        tracks and any other one; "1" mixes all channels into one.

        Raises `RecordingUnreadable`.
        """
        self.warning: str | None = None
        """Set while reading: what of the recording could not be read."""
        self._reading = False
        self._file = _open_file(source)
        self._cut_off = source != "-" and _is_cut_off(self._file)
        try:
            self._container = _open_container(self._file)
            self._stream = _audio_stream(self._container)
            channels = self._stream.codec_context.channels
            if tracks == "2" and channels != 2:
                raise RecordingUnreadable(
                    f"the recording has {channels} channel(s), two tracks need two: leave --tracks out"
                )
            self.channels = 2 if channels == 2 and tracks != "1" else 1
            """Tracks of the frames, 1 or 2."""
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the recording, unless `frames` is being read, maybe on another thread: it closes at its end."""
        if not self._reading:
            self._container.close()
            self._file.close()

    @property
    def duration_s(self) -> float | None:
        """What the file says of its length, in seconds; None where it says nothing."""
        if self._stream.duration is not None and self._stream.time_base is not None:
            return float(self._stream.duration * self._stream.time_base)
        return self._container.duration / 1_000_000 if self._container.duration else None

    def frames(self) -> Generator[bytes]:
        """Interleaved s16le frames of 100 ms; the last one may be shorter. Closes the recording at its end.

        What cannot be decoded is left out, and said in `warning` at the end. Raises `RecordingUnreadable` where nothing
        can be decoded.
        """
        self._reading = True
        samples = damaged = 0
        try:
            for frame in self._resample():
                if frame is None:
                    damaged += 1
                    continue
                samples += frame.samples
                yield bytes(frame.planes[0])[: frame.samples * 2 * self.channels]
            self._judge(samples / SAMPLE_RATE, damaged)
        finally:
            self._reading = False
            self.close()

    def _resample(self) -> Iterator[AudioFrame | None]:
        """Frames as they leave; None for each piece that is damaged."""
        resampler = self._new_resampler()
        for decoded in self._decode():
            if decoded is None:
                yield None
                continue
            decoded.pts = None  # a recording is as long as its samples, whatever its time stamps say
            try:
                yield from resampler.resample(decoded)
            except ValueError:  # the recording changes its rate or channels on the way
                yield from resampler.resample(None)
                resampler = self._new_resampler()
                yield from resampler.resample(decoded)
        yield from resampler.resample(None)

    def _new_resampler(self) -> AudioResampler:
        layout = "stereo" if self.channels == 2 else "mono"
        return AudioResampler(format="s16", layout=layout, rate=SAMPLE_RATE, frame_size=FRAME_SAMPLES)

    def _decode(self) -> Iterator[AudioFrame | None]:
        """Decoded frames; None for each packet that is damaged."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError:
                yield None
                return
            if packet is None:
                return
            try:
                yield from packet.decode()
            except av.error.FFmpegError:
                yield None

    def _judge(self, read_s: float, damaged: int) -> None:
        if not read_s:
            raise RecordingUnreadable("the recording holds no audio that can be decoded: it is empty or damaged")
        said_s = self.duration_s or 0.0
        if damaged:
            self.warning = f"{damaged} damaged piece(s) of the recording were left out; {read_s:.1f} s were read"
        elif self._cut_off or read_s < said_s - max(MISSING_S, MISSING_PART * said_s):
            self.warning = f"the recording is truncated or damaged: its first {read_s:.1f} s were read"


def _open_file(source: str) -> BinaryIO:
    if source == "-":
        # Unbuffered: a buffer's lock, held by a thread that waits for data, would keep the program from ending.
        return cast(BinaryIO, open(sys.stdin.fileno(), "rb", buffering=0, closefd=False))  # noqa: PTH123
    path = Path(source)
    try:
        if path.is_dir():
            raise RecordingUnreadable(f"{source} is a folder: name a recording")
        return path.open("rb")
    except FileNotFoundError:
        raise RecordingUnreadable(f"there is no file {source}") from None
    except OSError as error:
        raise RecordingUnreadable(f"the file {source} cannot be opened: {error.strerror}") from None


def _is_cut_off(file: BinaryIO) -> bool:
    """A WAV file that is shorter than its header says; FFmpeg reads such a file without a word."""
    head = file.read(12)
    length = file.seek(0, 2)
    file.seek(0)
    stated = int.from_bytes(head[4:8], "little")
    return head[:4] == b"RIFF" and head[8:] == b"WAVE" and 0 < stated < 0xFFFFFFFF and stated + 8 > length


def _open_container(file: BinaryIO) -> av.container.InputContainer:
    # Opened from the file object, so that nothing in a file can make FFmpeg fetch from elsewhere.
    try:
        return av.open(file, mode="r", metadata_errors="ignore")
    except (av.error.FFmpegError, ValueError, OSError):
        raise RecordingUnreadable(
            "this is not a recording that can be read: it is no audio or video file, or a part without"
            " which it cannot be read is missing"
        ) from None


def _audio_stream(container: av.container.InputContainer) -> AudioStream:
    if not container.streams.audio:
        raise RecordingUnreadable("the file holds no audio track")
    stream = container.streams.audio[0]
    if not stream.codec_context.sample_rate or not stream.codec_context.channels:
        raise RecordingUnreadable("the audio of the file cannot be decoded: its format is damaged or not known")
    return stream
