"""Binary frames to samples, and clear errors for what is none."""

from __future__ import annotations

import numpy as np
import pytest

from colloque.server.decoding import make_decoder
from colloque.streaming.errors import BadAudio
from colloque.streaming.messages import AudioFormat, Encoding


def s16(*samples: int) -> bytes:
    return np.array(samples, "<i2").tobytes()


def test_16_bit_samples_become_floats_exactly() -> None:
    pcm = make_decoder(AudioFormat()).decode(s16(0, 1, -1, 32767, -32768))
    assert pcm.dtype == np.float32
    assert pcm.tolist() == [[0.0, 1 / 32768, -1 / 32768, 32767 / 32768, -1.0]]


def test_each_channel_is_a_track() -> None:
    pcm = make_decoder(AudioFormat(channels=2)).decode(s16(16384, -16384, 8192, -8192))
    assert pcm.tolist() == [[0.5, 0.25], [-0.5, -0.25]]


def test_floats_are_taken_as_they_are_and_clipped() -> None:
    frame = np.array([0.25, -1.5, 1.001], "<f4").tobytes()
    pcm = make_decoder(AudioFormat("pcm_f32le")).decode(frame)
    assert pcm.tolist() == [[0.25, -1.0, 1.0]]


@pytest.mark.parametrize(
    ("audio", "size"),
    [
        (AudioFormat(), 3),
        (AudioFormat(channels=2), 6),
        (AudioFormat("pcm_f32le"), 6),
        (AudioFormat("pcm_f32le", channels=2), 12),
    ],
)
def test_a_frame_of_odd_length_is_refused_as_a_whole(audio: AudioFormat, size: int) -> None:
    decoder = make_decoder(audio)
    with pytest.raises(BadAudio, match=f"a frame of {size} bytes"):
        decoder.decode(bytes(size))
    assert decoder.decode(bytes(16)).any() == False  # noqa: E712  # an array's `any` is no bool


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_are_refused_and_the_stream_goes_on(value: float) -> None:
    decoder = make_decoder(AudioFormat("pcm_f32le", 48_000))
    good = np.full(960, 0.1, "<f4")
    bad = good.copy()
    bad[500] = value
    with pytest.raises(BadAudio, match="not finite"):
        decoder.decode(bad.tobytes())
    clean = make_decoder(AudioFormat("pcm_f32le", 48_000))
    for _ in range(5):
        assert np.array_equal(decoder.decode(good.tobytes()), clean.decode(good.tobytes()))


def test_16_bit_samples_that_are_declared_as_floats_are_refused() -> None:
    loud = (np.random.default_rng(3).integers(-20000, 20000, 2000)).astype("<i2").tobytes()
    with pytest.raises(BadAudio):
        make_decoder(AudioFormat("pcm_f32le")).decode(loud)


@pytest.mark.parametrize("start", [b"RIFF", b"OggS", b"\x1aE\xdf\xa3", b"fLaC", b"ID3\x04"])
def test_a_file_is_not_taken_for_samples(start: bytes) -> None:
    with pytest.raises(BadAudio, match="send its samples"):
        make_decoder(AudioFormat()).decode(start + bytes(40))


def test_such_bytes_in_the_middle_are_just_samples() -> None:
    decoder = make_decoder(AudioFormat())
    decoder.decode(bytes(4))
    assert decoder.decode(b"RIFF").shape == (1, 2)


@pytest.mark.parametrize("rate", [0, 7_999, 48_001, 192_000])
def test_rates_out_of_bounds_are_refused(rate: int) -> None:
    with pytest.raises(BadAudio, match="8000 to 48000 Hz"):
        make_decoder(AudioFormat(rate=rate))


@pytest.mark.parametrize("channels", [0, 3, 8])
def test_channels_out_of_bounds_are_refused(channels: int) -> None:
    with pytest.raises(BadAudio, match="channels were declared"):
        make_decoder(AudioFormat(channels=channels))


@pytest.mark.parametrize("encoding", ["pcm_s16le", "pcm_f32le", "opus", "webm"])
def test_every_encoding_has_a_decoder(encoding: Encoding) -> None:
    decoder = make_decoder(AudioFormat(encoding, 48_000))
    assert decoder.flush().shape == (1, 0)
    decoder.close()


def test_an_empty_frame_is_no_audio_and_no_error() -> None:
    assert make_decoder(AudioFormat()).decode(b"").shape == (1, 0)


def test_flush_gives_the_last_milliseconds() -> None:
    decoder = make_decoder(AudioFormat(rate=48_000))
    out = [decoder.decode(bytes(2 * 960)) for _ in range(10)]
    out.append(decoder.flush())
    assert sum(pcm.shape[1] for pcm in out) == 3200
