"""Which words of a hypothesis may be committed while the segment is still open.

Every pass reads the open window anew, so a word that was just said is heard again with more audio after it. A word is
committed once several passes in a row have said the same at the same place, and some audio follows it; where a pause
follows, hearing it twice is enough, or once where the recogniser is sure. Words are committed in order: the first that
must wait holds back those after it.

The agreement of passes is LocalAgreement (Macháček et al., "Turning Whisper into Real-Time Transcription System",
2023; Liu et al., "Low-Latency Sequence-to-Sequence Speech Recognition and Translation by Partial Hypothesis
Selection", 2020); that the distance to the end of the audio counts is AlignAtt's idea (Papi et al., 2023), here with
aligned word ends in place of single attention peaks. On development data agreement tells right words from wrong ones
far better than token probabilities or the distance do, alone or together.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from colloque.models.words import AlignedWord
from colloque.streaming.audio import samples

SAME_PLACE_SAMPLES = samples(0.35)
"""Ends of the same word in two passes lie closer than this."""


@dataclass(frozen=True, slots=True)
class CommitConfig:
    """Distances are between the end of a word and the end of the audio."""

    once_samples: int = samples(0.6)
    """A word that one earlier pass has said may be committed so far from the end ..."""
    once_weakest: float = 0.6
    """... if none of its tokens is less probable."""
    twice_samples: int = samples(0.4)
    """A word that two earlier passes have said may be committed so far from the end ..."""
    twice_weakest: float = 0.2
    """... if none of its tokens is less probable."""
    pause_agreed_weakest: float = 0.3
    """Before a pause, a word that an earlier pass has said may be committed if no token is less probable."""
    pause_weakest: float = 0.8
    """Before a pause, a word that is heard for the first time may be committed if no token is less probable."""
    always_samples: int = samples(2.0)
    """So far from the end a word is committed as it is: what follows will hardly change it, and others wait."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word that waits, as the last pass heard it."""

    key: str
    """Its letters and digits, in lower case: case and signs follow the context and may change."""
    end_sample: int
    passes: int
    """Earlier passes in a row that said the same here."""


def key(text: str) -> str:
    """What two passes must share to have heard the same word."""
    folded = unicodedata.normalize("NFC", text).casefold()
    return "".join(c for c in folded if c.isalnum())


def candidates(words: Sequence[AlignedWord], earlier: Sequence[Candidate]) -> list[Candidate]:
    """The words of a pass, with how often in a row they were heard before."""
    found: list[Candidate] = []
    for word in words:
        name = key(word.text)
        before = [
            candidate.passes + 1
            for candidate in earlier
            if candidate.key == name and abs(candidate.end_sample - word.end_sample) < SAME_PLACE_SAMPLES
        ]
        found.append(Candidate(name, word.end_sample, max(before, default=0)))
    return found


def ready(
    words: Sequence[AlignedWord],
    heard: Sequence[Candidate],
    until_sample: int,
    *,
    is_pause: bool,
    config: CommitConfig | None = None,
) -> int:
    """How many of the words may be committed, from the first on.

    `heard`: of `candidates`, one a word; `until_sample`: end of the audio; `is_pause`: silence stands at its end.
    """
    config = config or CommitConfig()
    for index, (word, candidate) in enumerate(zip(words, heard, strict=True)):
        distance, weakest, passes = until_sample - word.end_sample, word.weakest, candidate.passes
        if is_pause:
            may = weakest >= config.pause_weakest or (passes >= 1 and weakest >= config.pause_agreed_weakest)
        else:
            may = (passes >= 1 and distance >= config.once_samples and weakest >= config.once_weakest) or (
                passes >= 2 and distance >= config.twice_samples and weakest >= config.twice_weakest
            )
        may = may or distance >= config.always_samples
        # The last word may go on while somebody speaks: its end is known only once another one has begun.
        if not may or (index == len(words) - 1 and not is_pause):
            return index
    return len(words)
