"""Voice activity: Silero VAD as ONNX, one probability per window of 32 ms.

Rumble below the voice is taken away first. The network is recurrent: each track carries its own state, the weights are
shared. The graph's first axis is time, not a batch, so tracks are stepped one after the other (0.06 ms a window).
Source: Silero Team, "Silero VAD" (MIT); the file comes with the faster-whisper package.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from colloque.streaming.audio import Pcm
from colloque.streaming.segmenter import WINDOW_SAMPLES

CONTEXT_SAMPLES = 64
"""Each window is read with the end of the one before it."""
MEAN_SAMPLES = 128
"""The mean of so many (8 ms) is taken away, twice: what is slower than a voice, from about 40 Hz down."""
BEFORE_SAMPLES = 2 * (MEAN_SAMPLES - 1)
"""What that needs of the audio before a window."""
STATE_SIZE = 128


@dataclass(frozen=True, slots=True)
class VoiceState:
    """What the network remembers at a sample. Never written to: each window makes a new one."""

    memory: npt.NDArray[np.float32]
    """shape (1, 1, 128)"""
    cell: npt.NDArray[np.float32]
    """shape (1, 1, 128)"""
    context: Pcm
    """The last samples read, shape (64,)"""
    before: Pcm
    """The last samples of the audio as it came, shape (254,)"""

    @classmethod
    def fresh(cls) -> VoiceState:
        """Before any audio."""
        zeros = np.zeros((1, 1, STATE_SIZE), np.float32)
        return cls(zeros, zeros, np.zeros(CONTEXT_SAMPLES, np.float32), np.zeros(BEFORE_SAMPLES, np.float32))

    def to_bytes(self) -> bytes:
        """`STATE_BYTES` bytes: float32, little-endian."""
        values = np.concatenate([self.memory.ravel(), self.cell.ravel(), self.context, self.before])
        return values.astype("<f4").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> VoiceState:
        """Inverse of `to_bytes`."""
        values = np.frombuffer(data, "<f4").astype(np.float32)
        ends = np.cumsum([STATE_SIZE, STATE_SIZE, CONTEXT_SAMPLES])
        memory, cell, context, before = np.split(values, ends)
        return cls(memory.reshape(1, 1, -1), cell.reshape(1, 1, -1), context, before)


STATE_BYTES = 4 * (2 * STATE_SIZE + CONTEXT_SAMPLES + BEFORE_SAMPLES)


class VoiceActivity:
    """The weights. Use it from one thread; `open` gives the state of a track."""

    def __init__(self, path: Path) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def open(self, sample: int = 0, state: VoiceState | None = None, keep_windows: int = 128) -> VoiceStream:
        """A track that goes on at `sample`; its states at the last `keep_windows` windows can be asked for."""
        return VoiceStream(self._session, sample, state or VoiceState.fresh(), keep_windows)


class VoiceStream:
    """State of one track: the network's memory and the samples that do not yet fill a window."""

    def __init__(self, session: ort.InferenceSession, sample: int, state: VoiceState, keep_windows: int) -> None:
        self._session = session
        self._sample = sample
        self._states: deque[VoiceState] = deque([state], maxlen=keep_windows + 1)
        """At the end of the last windows, the newest last."""
        self._rest: Pcm = np.zeros(0, np.float32)

    def push(self, pcm: Pcm) -> Iterator[float]:
        """Probabilities of voice for the windows that the samples complete; pcm float32 (n,)."""
        samples = np.concatenate([self._rest, pcm])
        count = len(samples) // WINDOW_SAMPLES
        self._rest = samples[count * WINDOW_SAMPLES :]
        for window in samples[: count * WINDOW_SAMPLES].reshape(count, WINDOW_SAMPLES):
            yield self._step(window)

    def state_at(self, sample: int) -> VoiceState:
        """The state at the end of a window that was read lately."""
        return self._states[(sample - self._sample) // WINDOW_SAMPLES - 1]

    def _step(self, window: Pcm) -> float:
        state = self._states[-1]
        audio = np.concatenate([state.before, window])
        window = _without_mean(_without_mean(audio))
        feeds = {"input": np.concatenate([state.context, window])[None], "h": state.memory, "c": state.cell}
        probability, memory, cell = self._session.run(["speech_probs", "hn", "cn"], feeds)
        self._states.append(VoiceState(memory, cell, window[-CONTEXT_SAMPLES:].copy(), audio[-BEFORE_SAMPLES:].copy()))
        self._sample += WINDOW_SAMPLES
        return float(probability.item())


def _without_mean(samples: Pcm) -> Pcm:
    """Each sample less the mean of the last `MEAN_SAMPLES`; the first ones, with fewer before them, are left out.

    A knock on the desk, a fan or a microphone's own offset may be far louder than a voice: the network hears nobody.
    """
    sums = np.concatenate([[0.0], np.cumsum(samples, dtype=np.float64)])
    means = (sums[MEAN_SAMPLES:] - sums[:-MEAN_SAMPLES]) / MEAN_SAMPLES
    rest: Pcm = (samples[MEAN_SAMPLES - 1 :] - means).astype(np.float32)
    return rest
