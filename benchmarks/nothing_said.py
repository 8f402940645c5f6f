"""Does the engine stay silent where nobody speaks?

    python benchmarks/nothing_said.py                              an hour, in three languages
    python benchmarks/nothing_said.py --minutes 10 --languages fr

Makes silence, noise, music and wordless singing, the same at every run, and plays them as fast as it can to the speech
engine of the configuration (`COLLOQUE_...`), without a server. The minutes are shared equally over kinds and languages;
each language hears sounds of its own. Prints a line for each: `segments` that voice activity took for speech, `words`
committed, `shown` tentative texts that were on display for a while, `gaps` (speech not understood). Ends with 1 if any
word was committed, with 2 if the engine could not be run.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import get_args

import numpy as np
import numpy.typing as npt

from colloque.server.config import ConfigError, load
from colloque.server.engines import make_engines
from colloque.streaming.audio import SAMPLE_RATE, AudioChunk, Pcm, samples
from colloque.streaming.engines import (
    EngineFailed,
    Flushed,
    Hypothesis,
    Language,
    NotUnderstood,
    Progress,
    Recognised,
    SpeechEngine,
    SpeechResult,
    StreamSpec,
)
from colloque.streaming.errors import EngineFault

FRAME_SAMPLES = SAMPLE_RATE // 10
AHEAD_SAMPLES = 20 * SAMPLE_RATE
"""Audio that may wait in the engine, as in the server."""
WAIT_S = 300.0
"""An engine that tells nothing for so long stands still."""
Floats = npt.NDArray[np.float64]
"""Shape (n,), 16 kHz, full scale 1."""
Rng = np.random.Generator

# --- sounds -----------------------------------------------------------------------------------------------------------


def white(count: int, rng: Rng, loudness: float) -> Floats:
    """Noise of this standard deviation."""
    return rng.normal(0, loudness, count)


def pink(count: int, rng: Rng) -> Floats:
    """Loud noise with equal power in each octave."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    shaped: Floats = np.fft.irfft(spectrum / np.sqrt(np.maximum(1, np.arange(len(spectrum)))), count)
    shaped *= 0.1 / shaped.std()
    return shaped


def pulsing(count: int, rng: Rng) -> Floats:
    """Noise that swells three times a second, as syllables do."""
    noise = white(count, rng, 0.05)
    noise *= 1 + np.sin(2 * np.pi * 3 * _seconds(count))
    return noise


def hum(count: int, rng: Rng) -> Floats:
    """Mains, with a few harmonics."""
    return 0.05 * _harmonics(2 * np.pi * 50 * _seconds(count) + rng.uniform(0, np.pi), 4, 1.5)


def melody(count: int, rng: Rng, vibrato_rad: float = 0.0, partials: int = 6) -> Floats:
    """Notes of a major scale, struck and fading."""
    sound, at = np.zeros(count), 0
    while at < count:
        at_s = _seconds(samples(rng.choice([0.2, 0.3, 0.4, 0.6, 0.9])))
        pitch_hz = 220 * 2 ** (rng.choice([0, 2, 4, 5, 7, 9, 11, 12]) / 12)
        phase = 2 * np.pi * pitch_hz * at_s + vibrato_rad * np.sin(2 * np.pi * 5.5 * at_s)
        _add(sound, at, 0.1 * np.minimum(1, at_s / 0.02) * np.exp(-1.5 * at_s) * _harmonics(phase, partials))
        at += len(at_s)
    return sound


def chords(count: int, rng: Rng) -> Floats:
    """Three melodies at once."""
    return 0.6 * (melody(count, rng, partials=4) + melody(count, rng, partials=4) + melody(count, rng, partials=4))


def drums(count: int, rng: Rng) -> Floats:
    """Four strokes a second, low and sharp in turn."""
    sound, at_s = np.zeros(count), _seconds(samples(0.12))
    for beat, at in enumerate(range(0, count, SAMPLE_RATE // 4)):
        low = np.sin(2 * np.pi * 60 * at_s) * np.exp(-25 * at_s)
        _add(sound, at, 0.3 * (low if beat % 2 == 0 else rng.standard_normal(len(at_s)) * np.exp(-40 * at_s)))
    return sound


def band(count: int, rng: Rng) -> Floats:
    """All of these together."""
    return chords(count, rng) + drums(count, rng) + melody(count, rng, vibrato_rad=0.5)


def singing(count: int, rng: Rng) -> Floats:
    """Held vowels with vibrato, and pauses, at the pitch of song. Lower and shorter ones would be babble: a voice."""
    sound, at = np.zeros(count), 0
    while at < count:
        at_s = _seconds(samples(rng.uniform(0.4, 1.5)))
        phase = 2 * np.pi * rng.uniform(150, 400) * at_s + 0.8 * np.sin(2 * np.pi * 5.5 * at_s)
        vowel = np.sign(np.sin(phase))
        for formant_hz, width_hz in ((rng.uniform(300, 800), 80), (rng.uniform(900, 2200), 120), (2700, 160)):
            vowel = _resonate(vowel, formant_hz, width_hz)
        fade = np.minimum(1, at_s / 0.05) * np.minimum(1, (at_s[-1] - at_s) / 0.05)
        _add(sound, at, 0.2 * fade * vowel / np.abs(vowel).max())
        at += len(at_s) + (samples(rng.uniform(0.2, 1)) if rng.random() < 0.3 else 0)
    return sound


def clicks(count: int, rng: Rng) -> Floats:
    """Keys, pens and doors: three short knocks a second at random, in a quiet room."""
    sound = white(count, rng, 1e-3)
    for at in rng.integers(0, count, 3 * count // SAMPLE_RATE):
        _add(sound, int(at), 0.3 * rng.standard_normal(800) * np.exp(-np.arange(800) / 100))
    return sound


def _seconds(count: int) -> Floats:
    return np.arange(count) / SAMPLE_RATE


def _harmonics(phase: Floats, partials: int, fall: float = 1.0) -> Floats:
    """A tone whose k-th harmonic has the amplitude k^-fall."""
    tone: Floats = np.sum([np.sin(k * phase) / k**fall for k in range(1, partials + 1)], axis=0)
    return tone


def _resonate(sound: Floats, centre_hz: float, width_hz: float) -> Floats:
    """Filtered by one formant: a sine that dies away, 50 ms of it."""
    tap = np.arange(800)
    response = np.exp(-np.pi * width_hz * tap / SAMPLE_RATE) * np.sin(2 * np.pi * centre_hz * (tap + 1) / SAMPLE_RATE)
    size = len(sound) + len(tap)
    return np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(response, size), size)[: len(sound)]


def _add(sound: Floats, at: int, part: Floats) -> None:
    """Mixes in place; what would hang over the end is left out."""
    sound[at : at + len(part)] += part[: max(0, len(sound) - at)]


SOUNDS: dict[str, Callable[[int, Rng], Floats]] = {
    "digital silence": lambda count, _: np.zeros(count),
    "faint noise": partial(white, loudness=1e-4),
    "white noise": partial(white, loudness=0.05),
    "pink noise": pink,
    "pulsing noise": pulsing,
    "hum": hum,
    "melody": melody,
    "vibrato": partial(melody, vibrato_rad=0.8),
    "chords": chords,
    "drums": drums,
    "band": band,
    "singing": singing,
    "clicks": clicks,
}


def sound_of(kind: str, language: Language, duration_s: float) -> Pcm:
    """Audio of a kind, float32 (n,), 16 kHz, within ±1. The language only chooses which."""
    rng = np.random.default_rng([*kind.encode(), *language.encode()])
    return SOUNDS[kind](samples(duration_s), rng).clip(-1, 1).astype(np.float32)


# --- listening --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the engine made of one sound."""

    kind: str
    language: Language
    duration_s: float
    segments: int
    words: tuple[str, ...]
    shown: int
    gaps: int

    def __str__(self) -> str:
        """A line of the report, with the words if there are any: nobody has said them."""
        counts = f"{self.segments:4d} segments {len(self.words):3d} words {self.shown:3d} shown {self.gaps:3d} gaps"
        return f"{self.language} {self.kind:15} {self.duration_s:7.1f} s {counts} {' '.join(self.words)}".rstrip()


class Ear:
    """Keeps what a stream delivers, and waits for it."""

    def __init__(self) -> None:
        self._results: list[SpeechResult] = []
        self._read_sample = 0
        self._came = threading.Condition()

    def __call__(self, result: SpeechResult) -> None:
        with self._came:
            if isinstance(result, Progress):
                self._read_sample = result.sample
            self._results.append(result)
            self._came.notify_all()

    def wait(self, sample: int, flushed: bool = False) -> None:
        """Until the engine has read up to `sample`, or has answered a flush. Raises `EngineFault`."""
        with self._came:
            while not (isinstance(self._last, Flushed) if flushed else self._read_sample >= sample):
                if isinstance(self._last, EngineFailed):
                    raise EngineFault(
                        f"the engine failed ({self._last.code}): nothing is known of the rest; see its log"
                    )
                if not self._came.wait(WAIT_S):
                    raise EngineFault(f"the engine has told nothing for {WAIT_S:.0f} s: it stands still; see its log")

    def outcome(self, kind: str, language: Language, duration_s: float) -> Outcome:
        """Counts what has come."""
        recognised = [result for result in self._results if isinstance(result, Recognised)]
        return Outcome(
            kind,
            language,
            duration_s,
            segments=sum(result.reason is not None for result in recognised),
            words=tuple(word.text for result in recognised for word in result.words),
            shown=sum(isinstance(result, Hypothesis) and result.text != "" for result in self._results),
            gaps=sum(isinstance(result, NotUnderstood) for result in self._results),
        )

    @property
    def _last(self) -> SpeechResult | None:
        return self._results[-1] if self._results else None


def listen(engine: SpeechEngine, kind: str, language: Language, pcm: Pcm) -> Outcome:
    """Plays a sound to a stream of its own, as fast as it is read. Raises `EngineFault`."""
    ear = Ear()
    stream = engine.open(StreamSpec("nothing said", 0, language, diarise=False), ear)
    try:
        for at in range(0, len(pcm), FRAME_SAMPLES):
            ear.wait(at - AHEAD_SAMPLES)
            stream.push(AudioChunk(at, pcm[at : at + FRAME_SAMPLES]))
        stream.flush(1)
        ear.wait(len(pcm), flushed=True)
    finally:
        stream.close()
    return ear.outcome(kind, language, len(pcm) / SAMPLE_RATE)


def survey(engine: SpeechEngine, languages: Sequence[Language], minutes: float) -> Iterator[Outcome]:
    """All kinds in all languages; together as long as told. Raises `EngineFault`."""
    duration_s = minutes * 60 / (len(SOUNDS) * len(languages))
    for language in languages:
        for kind in SOUNDS:
            yield listen(engine, kind, language, sound_of(kind, language, duration_s))


def report(engine: SpeechEngine, languages: Sequence[Language], minutes: float) -> int:
    """Prints what was made of each sound; returns the exit status: 1 if any word came. Raises `EngineFault`."""
    word_count, heard_s = 0, 0.0
    for outcome in survey(engine, languages, minutes):
        print(outcome, flush=True)
        word_count, heard_s = word_count + len(outcome.words), heard_s + outcome.duration_s
    print(f"{heard_s / 60:.1f} minutes: {word_count or 'no'} words")
    return 1 if word_count else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--languages", nargs="+", choices=get_args(Language), default=get_args(Language))
    options = parser.parse_args(arguments)
    if options.minutes * 60 < len(SOUNDS) * len(options.languages):
        parser.error("--minutes is less than a second of each sound in each language: give more")
    try:
        engine, _ = make_engines(load(None, os.environ, {"engine": "local", "sessions_max": 1}))
        engine.warm_up()
        try:
            return report(engine, options.languages, options.minutes)
        finally:
            engine.shut_down()
    except (ConfigError, EngineFault) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
