"""Which speaker of the session a voice is: incremental clustering that never renumbers.

Every window gives `Claim`s, stretches of one voice each. A claim goes to a known speaker or founds a new one, by two
kinds of evidence:

* the cosine of its embedding to the sum of the speaker's. A short stretch gives a noisy embedding, so that even the
  same voice scores low; the cosine is divided by what so much speech can reach at best (the correction for
  attenuation of Spearman 1904), which makes one threshold serve all lengths;
* the agreement of the window with the labels already given: inside a window the segmentation tells like voices apart
  better than embeddings do (cannot-link, as in Coria et al. 2021, "Overlap-aware low-latency online speaker
  diarization based on end-to-end local segmentation").

Speakers are founded early, since a word given to the wrong person cannot be taken back, while two numbers for one
person can be merged. Numbers follow the first speech (arrival order, as in Medennikov et al. 2025, "Streaming
Sortformer").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from colloque.models import speaker_state
from colloque.models.speakers import Claim, Evidence, Speaker, VoiceSum

SPEAKERS_LIMIT = 16
"""So many voices are told apart in one session; a further one is taken for the most similar."""
_OPTIONS = 3
"""Known speakers that are weighed per claim: no more than three voices sound in a window."""


@dataclass(frozen=True, slots=True)
class ClusteringConfig:
    """Similarities are corrected cosines: about 1 for the same voice, 0.1 to 0.8 for two."""

    noise_s: float = 0.9
    """Seconds of speech at which half of an embedding's power is the voice and half is what happens to be said."""
    same: float = 0.76
    """Similarity at which a claim speaks neither for nor against a speaker."""
    full_s: float = 1.0
    """Clean speech from which an embedding has its full weight."""
    agreement: float = 0.1
    """How much similarity it is worth that the window says 'the same voice'."""
    disagreement: float = 0.06
    """How much similarity it is worth that the window says 'another voice'."""
    found_first_s: float = 0.3
    """Least clean speech that founds the first speaker."""
    found_s: float = 0.8
    """Least clean speech that founds a further one, and that a known one learns from."""
    memory_s: float = 120.0
    """Speech that a speaker's voice rests on; older speech fades."""
    confirm_s: float = 4.0
    """Clean speech after which a speaker is confirmed."""
    merge: float = 0.87
    """Similarity of two speakers from which they are taken for one."""
    merge_apart: float = 0.95
    """The same, where they have spoken at the same time."""
    merge_s: float = 3.0
    """Least clean speech of both before they are merged."""
    orphan: float = 0.6
    """Similarity from which a speaker with less speech, unheard for `orphan_frames`, is taken for a known one."""
    orphan_frames: int = 1200
    """Frames of the segmentation (20 s)."""


class Speakers:
    """The speakers of one session."""

    def __init__(self, speakers_max: int | None = None, config: ClusteringConfig | None = None) -> None:
        self.config = config or ClusteringConfig()
        self.known: list[Speaker] = []
        """In order of first speech, without those that were merged into others."""
        self._limit = min(SPEAKERS_LIMIT, speakers_max or SPEAKERS_LIMIT)
        self._next_number = 1
        self._apart: set[tuple[int, int]] = set()
        """Pairs of numbers, the lower one first, that have spoken at the same time."""

    def identify(self, claims: Sequence[Claim]) -> list[int | None]:
        """The number of each claim's speaker. Founds speakers where need be; None where nobody is left for a claim."""
        scores = [[self._score(claim, s, claim.agreement.get(s.number, 0.0)) for s in self.known] for claim in claims]
        numbers = self._assign(claims, scores)
        founders: dict[int, Claim] = {}
        for at in sorted(range(len(claims)), key=lambda i: claims[i].start_frame):
            if numbers[at] is None:
                numbers[at] = self._place(claims, numbers, at, founders, scores[at])
        for at, claim in enumerate(claims):
            self._keep_apart(numbers[at], [numbers[rival] for rival in claim.rivals])
        return numbers

    def learn(self, number: int, evidence: Evidence) -> None:
        """The evidence is speech of the speaker; too little of it teaches nothing. Raises `KeyError`."""
        if evidence.speech_s >= self.config.found_s:
            self._speaker(number).add(evidence, self.config.memory_s)

    def confirm(self) -> list[int]:
        """Numbers of the speakers for whom there is enough evidence since now."""
        fresh = [s for s in self.known if not s.confirmed and s.voice()[1] >= self.config.confirm_s]
        for speaker in fresh:
            speaker.confirmed = True
        return [speaker.number for speaker in fresh]

    def merge(self, now_frame: int) -> list[tuple[int, int]]:
        """Merges speakers that prove to be one person: (source, target) numbers. The target is the earlier one."""
        merged: list[tuple[int, int]] = []
        while (pair := self._most_alike(now_frame)) is not None:
            target, source = pair
            target.absorb(source, self.config.memory_s)
            self.known.remove(source)
            self._apart = {p for p in self._apart if source.number not in p}
            merged.append((source.number, target.number))
        return merged

    def to_bytes(self) -> bytes:
        """The state of `from_bytes`, about 0.8 kB a speaker."""
        return speaker_state.pack(self.known, self._next_number, self._apart)

    @classmethod
    def from_bytes(
        cls, state: bytes, speakers_max: int | None = None, config: ClusteringConfig | None = None
    ) -> Speakers:
        """The speakers as they were at `to_bytes`. Raises `colloque.models.speaker_state.BadSpeakerState`."""
        speakers = cls(speakers_max, config)
        speakers.known, speakers._next_number, speakers._apart = speaker_state.unpack(state)
        return speakers

    def _speaker(self, number: int) -> Speaker:
        for speaker in self.known:
            if speaker.number == number:
                return speaker
        raise KeyError(number)

    def _attainable(self, speech_s: float) -> float:
        """Cosine that so much speech of a voice has to the voice itself: its share of the embedding's power."""
        return float(np.sqrt(speech_s / (speech_s + self.config.noise_s)))

    def _similarity(self, one: VoiceSum, one_s: float, other: VoiceSum, other_s: float) -> float:
        cosine = float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))
        return cosine / (self._attainable(one_s) * self._attainable(other_s))

    def _score(self, claim: Claim, speaker: Speaker, agreement: float) -> float:
        """Above 0 the claim is rather this speaker, below 0 rather someone else."""
        config, evidence = self.config, claim.evidence
        total, weight_s = speaker.voice(evidence)
        if weight_s == 0:  # nothing is known of the speaker but this very speech
            return config.agreement
        score = agreement * (config.agreement if agreement > 0 else config.disagreement)
        if evidence is not None:
            similarity = self._similarity(evidence.embedding, evidence.speech_s, total, weight_s)
            score += min(1.0, evidence.speech_s / config.full_s) * (similarity - config.same)
        return score

    def _assign(self, claims: Sequence[Claim], scores: list[list[float]]) -> list[int | None]:
        """Numbers with the greatest sum of scores, each above 0, where rivals differ. Exhaustive, as claims are few."""
        best_total = -1.0
        best: list[int | None] = []
        options = [sorted((i for i, s in enumerate(row) if s > 0), key=row.__getitem__)[-_OPTIONS:] for row in scores]

        def extend(chosen: list[int | None], total: float) -> None:
            nonlocal best_total, best
            at = len(chosen)
            if at == len(claims):
                if total > best_total:
                    best_total, best = total, chosen
                return
            taken = {chosen[rival] for rival in claims[at].rivals if rival < at}
            for option in options[at]:
                if option not in taken:
                    extend([*chosen, option], total + scores[at][option])
            extend([*chosen, None], total)

        extend([], 0.0)
        return [None if index is None else self.known[index].number for index in best]

    def _place(
        self,
        claims: Sequence[Claim],
        numbers: list[int | None],
        at: int,
        founders: dict[int, Claim],
        scores: list[float],
    ) -> int | None:
        """A claim that is no known speaker: one founded just now, a new one, or, with thin evidence, the likeliest."""
        claim = claims[at]
        taken = {numbers[rival] for rival in claim.rivals}
        for number, founder in founders.items():
            agreement = 1.0 if founder.voice == claim.voice else -1.0
            if number not in taken and self._score(claim, self._speaker(number), agreement) > 0:
                return number
        least_s = self.config.found_s if self.known else self.config.found_first_s
        if claim.evidence is not None and claim.evidence.speech_s >= least_s and len(self.known) < self._limit:
            number = self._found(claim.evidence)
            founders[number] = claim
            return number
        left = [index for index in range(len(scores)) if self.known[index].number not in taken]
        return self.known[max(left, key=scores.__getitem__)].number if left else None

    def _found(self, evidence: Evidence) -> int:
        speaker = Speaker(self._next_number)
        speaker.add(evidence, self.config.memory_s)
        self._next_number += 1
        self.known.append(speaker)
        return speaker.number

    def _keep_apart(self, number: int | None, rivals: list[int | None]) -> None:
        for rival in rivals:
            if number is not None and rival is not None and number < rival:
                self._apart.add((number, rival))

    def _most_alike(self, now_frame: int) -> tuple[Speaker, Speaker] | None:
        """The pair that is furthest above its threshold, the earlier one first."""
        best_above = 0.0
        best: tuple[Speaker, Speaker] | None = None
        for i, first in enumerate(self.known):
            for second in self.known[i + 1 :]:
                above = self._similarity(*first.voice(), *second.voice()) - self._threshold(first, second, now_frame)
                if above > best_above:
                    best_above, best = above, (first, second)
        return best

    def _threshold(self, first: Speaker, second: Speaker, now_frame: int) -> float:
        """Similarity from which two speakers are one; infinite while there is too little to go by."""
        config = self.config
        thinner = min(first, second, key=lambda speaker: speaker.voice()[1])
        if thinner.voice()[1] >= config.merge_s:
            return config.merge_apart if (first.number, second.number) in self._apart else config.merge
        if now_frame - thinner.last_frame > config.orphan_frames:
            return config.orphan
        return np.inf
