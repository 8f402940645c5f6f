"""Recordings of any kind, and files that are none."""

import os
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from colloque.clients.errors import RecordingUnreadable
from colloque.clients.recording import FRAME_SAMPLES, Recording, Tracks
from tests.clients.recordings import TONE_HZ, tone, write_encoded, write_video, write_wav


def read(path: Path | str, tracks: Tracks = "auto") -> tuple[Recording, np.ndarray]:
    """The recording, and its samples, shape (tracks, n)."""
    recording = Recording(str(path), tracks)
    frames = list(recording.frames())
    assert all(len(frame) == FRAME_SAMPLES * 2 * recording.channels for frame in frames[:-1])
    samples = np.frombuffer(b"".join(frames), "<i2").reshape(-1, recording.channels).T / 32768
    return recording, samples


def pitch_hz(samples: np.ndarray) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(samples[:16_000]))))


def test_the_usual_wav_is_read_as_it_is(tmp_path: Path) -> None:
    recording, samples = read(write_wav(tmp_path / "a.wav", 1.55))
    assert (recording.channels, recording.warning) == (1, None)
    assert recording.duration_s == pytest.approx(1.55)
    np.testing.assert_allclose(samples[0], tone(1.55, 16_000)[0], atol=1e-3)


def test_8_bit_mono_at_8_khz(tmp_path: Path) -> None:
    recording, samples = read(write_wav(tmp_path / "a.wav", 2.0, rate=8_000, sample_bytes=1))
    assert recording.warning is None
    assert samples.shape == (1, 32_000)
    assert pitch_hz(samples[0]) == TONE_HZ[0]


def test_two_channels_are_two_tracks(tmp_path: Path) -> None:
    recording, samples = read(write_wav(tmp_path / "a.wav", 2.0, rate=44_100, channels=2))
    assert recording.warning is None
    assert samples.shape[0] == 2
    assert abs(samples.shape[1] - 32_000) <= 1
    assert [pitch_hz(track) for track in samples] == list(TONE_HZ)


def test_two_channels_are_mixed_where_that_is_asked_for(tmp_path: Path) -> None:
    recording, samples = read(write_wav(tmp_path / "a.wav", 1.0, channels=2), "1")
    assert recording.channels == 1
    spectrum = np.abs(np.fft.rfft(samples[0]))
    assert set(np.argsort(spectrum)[-2:]) == set(TONE_HZ)


def test_more_channels_are_mixed_into_one_track(tmp_path: Path) -> None:
    recording, samples = read(write_wav(tmp_path / "a.wav", 1.0, channels=4))
    assert (recording.channels, samples.shape) == (1, (1, 16_000))


def test_two_tracks_need_two_channels(tmp_path: Path) -> None:
    with pytest.raises(RecordingUnreadable, match="two tracks need two"):
        Recording(str(write_wav(tmp_path / "a.wav", 1.0)), "2")


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("a.opus", "libopus", 48_000),
        ("a.webm", "libopus", 48_000),
        ("a.mp3", "libmp3lame", 44_100),
        ("a.m4a", "aac", 44_100),
        ("a.flac", "flac", 22_050),
    ],
)
def test_compressed_recordings(tmp_path: Path, name: str, codec: str, rate: int) -> None:
    recording, samples = read(write_encoded(tmp_path / name, codec, 3.0, rate))
    assert recording.warning is None
    assert samples.shape[1] / 16_000 == pytest.approx(3.0, abs=0.06)
    assert pitch_hz(samples[0, 8_000:]) == TONE_HZ[0]


@pytest.mark.parametrize(
    ("name", "codec"), [("a.wav", ""), ("a.webm", "libopus"), ("a.mp3", "libmp3lame"), ("a.flac", "flac")]
)
def test_what_is_left_of_a_truncated_file_is_read_and_the_loss_told(tmp_path: Path, name: str, codec: str) -> None:
    whole = write_encoded(tmp_path / name, codec, 4.0, 44_100 if "3" in name else 48_000) if codec else None
    whole = whole or write_wav(tmp_path / name, 4.0)
    data = whole.read_bytes()
    whole.write_bytes(data[: len(data) // 2])
    recording, samples = read(whole)
    assert 1.0 < samples.shape[1] / 16_000 < 3.0
    assert recording.warning is not None
    assert "were read" in recording.warning


def test_damaged_pieces_are_left_out_and_told(tmp_path: Path) -> None:
    path = write_encoded(tmp_path / "a.mp3", "libmp3lame", 4.0, 44_100)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = b"\xff" * 2000
    path.write_bytes(data)
    recording, samples = read(path)
    assert samples.shape[1] / 16_000 > 3.0
    assert recording.warning is not None


@pytest.mark.parametrize(
    "content",
    [b"", b"RIFF", b"This is no recording.\n" * 200, np.random.default_rng(7).bytes(20_000), bytes(5000)],
    ids=["empty", "4 bytes", "text", "noise", "zeros"],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(RecordingUnreadable):
        read(path)


def test_a_wav_without_samples_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingUnreadable, match="no audio that can be decoded"):
        read(write_wav(tmp_path / "a.wav", 0.0))


def test_a_film_without_sound_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingUnreadable, match="no audio track"):
        Recording(str(write_video(tmp_path / "a.mp4")))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RecordingUnreadable, match="there is no file"):
        Recording(str(tmp_path / "none.wav"))
    with pytest.raises(RecordingUnreadable, match="is a folder"):
        Recording(str(tmp_path))


def test_an_address_is_not_fetched() -> None:
    with pytest.raises(RecordingUnreadable, match="there is no file"):
        Recording("http://127.0.0.1:1/a.wav")


def test_the_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = write_wav(tmp_path / "a.wav", 1.0).read_bytes()
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source:
        monkeypatch.setattr(sys, "stdin", source)
        writer = threading.Thread(target=lambda: os.write(writing, data) and os.close(writing))
        writer.start()
        recording, samples = read("-")
        writer.join()
    assert (samples.shape, recording.warning) == ((1, 16_000), None)


def test_closing_while_it_is_read_leaves_that_to_the_reader(tmp_path: Path) -> None:
    with Recording(str(write_wav(tmp_path / "a.wav", 1.0))) as recording:
        frames = recording.frames()
        next(frames)
    assert len(list(frames)) == 9
