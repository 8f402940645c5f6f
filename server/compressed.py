"""Decoders for compressed audio, through PyAV (FFmpeg)."""

from __future__ import annotations

import threading

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.container import InputContainer

from colloque.server.resampling import Resampler
from colloque.streaming.audio import samples
from colloque.streaming.errors import BadAudio
from colloque.streaming.events import TrackPcm

OPUS_RATE = 48_000
"""Hertz. Opus is decoded at this rate whatever it was made from (RFC 6716, section 2)."""
OPUS_PACKET_BYTES_MAX = 3 * 1276
"""The longest packet (120 ms) of one stream, RFC 6716, section 3.2.5, rounded up."""
CHUNK_SECONDS_MAX = 300.0
"""Audio that one WebM chunk may unfold to: silence packs so well that a megabyte could fill the memory."""

_EBML = b"\x1aE\xdf\xa3"
"""How every WebM stream begins (RFC 8794, section 8.1)."""
_LAYOUTS = {1: "mono", 2: "stereo"}


class OpusDecoder:
    """One Opus packet a frame."""

    blocking = False

    def __init__(self, channels: int) -> None:
        self._channels = channels
        codec = av.CodecContext.create("opus", "r")
        codec.sample_rate = OPUS_RATE
        codec.layout = _LAYOUTS[channels]
        self._codec = codec
        self._resampler = Resampler(OPUS_RATE, channels)

    def decode(self, frame: bytes) -> TrackPcm:
        """See `decoding.Decoder`."""
        if not 0 < len(frame) <= OPUS_PACKET_BYTES_MAX:
            raise BadAudio(f"a frame must be one Opus packet, of 1 to {OPUS_PACKET_BYTES_MAX} bytes")
        try:
            frames = self._codec.decode(av.Packet(frame))
        except av.FFmpegError:
            raise BadAudio("the frame is no Opus packet; send packets without a container, or declare `webm`") from None
        pcm = [_planar(item, self._channels) for item in frames]
        return self._resampler.process(np.concatenate(pcm, axis=1).T if pcm else _nothing(self._channels).T)

    def flush(self) -> TrackPcm:
        """See `decoding.Decoder`."""
        return self._resampler.flush()

    def reset(self) -> None:
        """See `decoding.Decoder`."""
        self._resampler.reset()

    def close(self) -> None:
        """See `decoding.Decoder`."""


class WebmDecoder:
    """One WebM stream, as a browser's MediaRecorder makes it, in chunks cut anywhere.

    FFmpeg pulls its input, so it runs in a thread of its own; `decode` gives it a chunk and waits until it asks for
    more. So what comes out of a chunk is the same every time. The first audio stream is taken, others are ignored.
    """

    blocking = True

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._pipe = _Pipe()
        self._resampler: Resampler | None = None
        self._out: list[TrackPcm] = []
        self._out_samples = 0
        self._fault: str | None = None
        self._head = b""
        """The first bytes, until there are enough of them to know whether they are WebM."""
        self.thread = threading.Thread(target=self._run, name="webm-decoder", daemon=True)
        """Ends soon after `close`."""
        self.thread.start()

    def decode(self, frame: bytes) -> TrackPcm:
        """See `decoding.Decoder`. Blocks while FFmpeg works."""
        if len(self._head) < len(_EBML):
            frame = self._head = self._head + frame
            if self._head[: len(_EBML)] != _EBML[: len(self._head)]:
                # FFmpeg would search for a beginning for ever
                self._fault = self._fault or "the bytes are no WebM stream"
                self._pipe.end()
            elif len(self._head) < len(_EBML):
                return _nothing(self._channels)
        self._pipe.feed(frame)
        pcm, self._out, self._out_samples = self._out, [], 0
        if self._fault is not None:
            raise BadAudio(f"{self._fault}; send `session.start` again and begin a new WebM stream with its header")
        return np.concatenate(pcm, axis=1) if pcm else _nothing(self._channels)

    def flush(self) -> TrackPcm:
        """See `decoding.Decoder`."""
        return self._resampler.flush() if self._resampler else _nothing(self._channels)

    def reset(self) -> None:
        """See `decoding.Decoder`."""
        if self._resampler is not None:
            self._resampler.reset()

    def close(self) -> None:
        """See `decoding.Decoder`."""
        self._pipe.end()

    def _run(self) -> None:
        try:
            # without these FFmpeg would hold the first seconds back to look at them
            options = {"probesize": "1024", "analyzeduration": "0", "fflags": "nobuffer"}
            with av.open(self._pipe, "r", format="webm", options=options, buffer_size=4096) as container:
                self._read(container)
        except (av.FFmpegError, BadAudio) as error:
            self._fault = str(error) if isinstance(error, BadAudio) else "the bytes are no WebM stream"
        finally:
            self._fault = self._fault or "the WebM stream has ended"
            self._pipe.finish()

    def _read(self, container: InputContainer) -> None:
        if not container.streams.audio:
            raise BadAudio("the WebM stream holds no audio")
        stream = container.streams.audio[0]
        if stream.codec_context.channels < self._channels:
            raise BadAudio(f"the WebM stream is mono, and {self._channels} channels were declared")
        converter = av.AudioResampler(format="fltp", layout=_LAYOUTS[self._channels])
        for frame in container.decode(stream):
            for planar in converter.resample(frame):
                self._take(planar)

    def _take(self, frame: AudioFrame) -> None:
        if self._resampler is None:
            self._resampler = Resampler(frame.sample_rate, self._channels)
        pcm = self._resampler.process(_planar(frame, self._channels).T)
        self._out.append(pcm)
        self._out_samples += pcm.shape[1]
        if self._out_samples > samples(CHUNK_SECONDS_MAX):
            raise BadAudio(f"one chunk of the WebM stream holds more than {CHUNK_SECONDS_MAX:.0f} s of audio")


class _Pipe:
    """What FFmpeg reads from: `feed` returns once all of it is read and more is asked for, or the reader has ended."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._bytes = bytearray()
        self._hungry = False
        self._ended = False
        self._finished = False

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; waits for the first of them. Empty at the end. (FFmpeg's side.)"""
        with self._changed:
            while not self._bytes and not self._ended:
                self._hungry = True
                self._changed.notify_all()
                self._changed.wait()
            self._hungry = False
            out = bytes(self._bytes[:size])
            del self._bytes[:size]
            return out

    def feed(self, data: bytes) -> None:
        """Adds bytes and waits until they are worked through."""
        with self._changed:
            self._bytes += data
            self._hungry = self._hungry and not data
            self._changed.notify_all()
            while not self._finished and (self._bytes or not self._hungry):
                self._changed.wait()

    def end(self) -> None:
        """No more will come."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def finish(self) -> None:
        """The reader has stopped. (FFmpeg's side.)"""
        with self._changed:
            self._finished = True
            self._changed.notify_all()


def _planar(frame: AudioFrame, channels: int) -> TrackPcm:
    """Shape (channels, n), float32, at the frame's own rate."""
    return np.clip(frame.to_ndarray().reshape(channels, -1), -1.0, 1.0).astype(np.float32, copy=False)


def _nothing(channels: int) -> TrackPcm:
    return np.zeros((channels, 0), np.float32)
