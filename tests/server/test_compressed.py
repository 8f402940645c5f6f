"""Opus packets and WebM streams, cut anywhere."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colloque.server import compressed
from colloque.server.compressed import OpusDecoder, WebmDecoder
from colloque.streaming.errors import BadAudio
from colloque.streaming.events import TrackPcm

LAYOUTS = {1: "mono", 2: "stereo"}


def tones(seconds: float, channels: int, rate: int = 48_000) -> np.ndarray:
    """440 Hz on the first channel, 880 Hz on the second; shape (channels, n)."""
    t = np.arange(int(seconds * rate)) / rate
    return np.stack([0.3 * np.sin(2 * np.pi * 440 * (i + 1) * t) for i in range(channels)]).astype(np.float32)


def audio_frame(pcm: np.ndarray, rate: int = 48_000) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(pcm.T.reshape(1, -1)), format="flt", layout=LAYOUTS[len(pcm)]
    )
    frame.sample_rate = rate
    return frame


def opus_packets(pcm: np.ndarray) -> list[bytes]:
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format = 48_000, LAYOUTS[len(pcm)], "flt"
    codec.open()
    fifo = av.AudioFifo()
    fifo.write(audio_frame(pcm))
    packets = []
    while (frame := fifo.read(960)) is not None:
        packets += codec.encode(frame)
    return [bytes(packet) for packet in (*packets, *codec.encode(None))]


def webm(pcm: np.ndarray, codec: str = "libopus", container: str = "webm") -> bytes:
    """As MediaRecorder makes it: no sizes in the header, a cluster every quarter of a second."""

    class Sink:
        def write(self, data: bytes) -> int:
            return out.write(data)

    out = io.BytesIO()
    with av.open(Sink(), "w", format=container, options={"live": "1", "cluster_time_limit": "250"}) as file:
        stream = file.add_stream(codec, rate=48_000, layout=LAYOUTS[len(pcm)])
        for packet in (*stream.encode(audio_frame(pcm)), *stream.encode(None)):
            file.mux(packet)
    return out.getvalue()


def peak_hz(pcm: np.ndarray) -> int:
    """The loudest frequency of the middle second of 16 kHz audio."""
    middle = pcm[len(pcm) // 2 - 8000 : len(pcm) // 2 + 8000]
    return int(np.argmax(np.abs(np.fft.rfft(middle))))


def decode(data: bytes, sizes: list[int], channels: int = 1) -> TrackPcm:
    decoder = WebmDecoder(channels)
    out, start, turn = [], 0, 0
    while start < len(data):
        size = sizes[turn % len(sizes)]
        out.append(decoder.decode(data[start : start + size]))
        start, turn = start + size, turn + 1
    out.append(decoder.flush())
    decoder.close()
    return np.concatenate(out, axis=1)


# --- opus -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 2])
def test_opus_packets_become_16_khz_tracks(channels: int) -> None:
    decoder = OpusDecoder(channels)
    pcm = [decoder.decode(packet) for packet in opus_packets(tones(2, channels))]
    out = np.concatenate([*pcm, decoder.flush()], axis=1)
    assert abs(out.shape[1] - 2 * 16_000) <= 640
    assert [peak_hz(track) for track in out] == [440, 880][:channels]


@pytest.mark.parametrize("frame", [b"", b"\xff", b"\x03\xff" * 50, bytes(5000)])
def test_what_is_no_opus_is_refused_and_the_stream_goes_on(frame: bytes) -> None:
    decoder, clean = OpusDecoder(1), OpusDecoder(1)
    packets = opus_packets(tones(1, 1))
    with pytest.raises(BadAudio, match="Opus packet"):
        decoder.decode(frame)
    for packet in packets:
        assert np.array_equal(decoder.decode(packet), clean.decode(packet))


# --- webm -------------------------------------------------------------------------------------------------------------

STREAM = webm(tones(2, 1))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 4000), min_size=1, max_size=5).filter(lambda sizes: sum(sizes) / len(sizes) > 50))
def test_any_cut_of_a_webm_stream_gives_the_same_samples(sizes: list[int]) -> None:
    assert np.array_equal(decode(STREAM, [len(STREAM)]), decode(STREAM, sizes))


def test_audio_comes_out_as_the_chunks_come_in() -> None:
    decoder = WebmDecoder(1)
    half = decoder.decode(STREAM[: len(STREAM) // 2]).shape[1]
    assert 12_000 < half < 17_000
    decoder.close()


def test_a_stereo_stream_has_two_tracks() -> None:
    out = decode(webm(tones(2, 2)), [3000], channels=2)
    assert [peak_hz(track) for track in out] == [440, 880]


def test_a_stereo_stream_that_was_declared_as_mono_is_mixed() -> None:
    assert decode(webm(tones(2, 2)), [3000]).shape[0] == 1


def test_a_mono_stream_that_was_declared_as_stereo_is_refused() -> None:
    decoder = WebmDecoder(2)
    with pytest.raises(BadAudio, match="is mono"):
        decoder.decode(STREAM)
    decoder.close()


@pytest.mark.parametrize("data", [b"this is no WebM at all " * 200, bytes(5000), b"RIFF" + bytes(5000)])
def test_what_is_no_webm_is_refused_for_good(data: bytes) -> None:
    decoder = WebmDecoder(1)
    with pytest.raises(BadAudio, match=r"no WebM stream.*session\.start"):
        decoder.decode(data)
    with pytest.raises(BadAudio):
        decoder.decode(STREAM)
    decoder.close()


def test_one_chunk_cannot_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compressed, "CHUNK_SECONDS_MAX", 1.0)
    decoder = WebmDecoder(1)
    with pytest.raises(BadAudio, match="more than 1 s"):
        decoder.decode(STREAM)
    decoder.close()


def test_closing_ends_the_thread_in_the_middle_of_a_stream() -> None:
    decoder = WebmDecoder(1)
    decoder.decode(STREAM[:3000])
    decoder.close()
    decoder.thread.join(60)
    assert not decoder.thread.is_alive()


def test_reset_forgets_what_waits_inside() -> None:
    decoder = WebmDecoder(1)
    decoder.decode(STREAM[:3000])
    decoder.reset()
    assert not np.any(decoder.flush())
    decoder.close()
