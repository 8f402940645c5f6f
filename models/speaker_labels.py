"""Which speaker each frame of the last window was given to, and how far a new window agrees with that."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from colloque.models.segmentation import VOICES, Activity

Frames = npt.NDArray[np.bool_]
"""shape (frames,), dtype bool"""


def stretches(active: Frames) -> list[tuple[int, int]]:
    """[start, end) of every run of True, in order."""
    edges = np.flatnonzero(np.diff(active.astype(np.int8), prepend=0, append=0))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


class SpeakerLabels:
    """The labels of the newest `window_frames` frames; what is older is forgotten."""

    def __init__(self, window_frames: int) -> None:
        self.start_frame = -window_frames
        """Stream index of the first frame that is kept."""
        self._window_frames = window_frames
        self._rows: dict[int, Frames] = {}

    def move_to(self, start_frame: int) -> None:
        """Forgets what is before this frame."""
        by = start_frame - self.start_frame
        if by <= 0:
            return
        for number, row in list(self._rows.items()):
            moved = np.zeros_like(row)
            if by < len(row):
                moved[:-by] = row[by:]
            if moved.any():
                self._rows[number] = moved
            else:
                del self._rows[number]
        self.start_frame = start_frame

    def mark(self, number: int, start_frame: int, end_frame: int) -> None:
        """The speaker is active in [start, end); both lie in the window."""
        row = self._rows.setdefault(number, np.zeros(self._window_frames, dtype=np.bool_))
        row[start_frame - self.start_frame : end_frame - self.start_frame] = True

    def merge(self, source: int, target: int) -> None:
        """The frames of `source` belong to `target`."""
        row = self._rows.pop(source, None)
        if row is not None:
            self._rows[target] = row | self._rows.get(target, np.zeros_like(row))

    def spans(self, start_frame: int, end_frame: int) -> list[tuple[int, int, int]]:
        """(number, start, end) of everything active in [start_frame, end_frame), in order of start and number."""
        found = [
            (number, start_frame + start, start_frame + end)
            for number, row in self._rows.items()
            for start, end in stretches(row[start_frame - self.start_frame : end_frame - self.start_frame])
        ]
        return sorted(found, key=lambda span: (span[1], span[0]))

    def agreement(self, activity: Activity, until_frame: int, full_frames: int) -> list[dict[int, float]]:
        """Per voice of the window: number → -1 (the speaker's labelled speech is another voice's) to 1 (this voice's).

        `activity` has shape (frames, VOICES) and starts where the labels start; what is before `until_frame` is
        labelled. Speech of less than `full_frames` counts in proportion.
        """
        labelled = max(0, until_frame - self.start_frame)
        heard = activity[:labelled]
        anyone = heard.any(axis=1)
        found: list[dict[int, float]] = [{} for _ in range(VOICES)]
        for number, row in self._rows.items():
            speech = row[: len(heard)] & anyone
            frames = int(speech.sum())
            if frames == 0:
                continue
            weight = min(1.0, frames / full_frames)
            for voice in range(VOICES):
                share = float((speech & heard[:, voice]).sum()) / frames
                found[voice][number] = (2 * share - 1) * weight
        return found
