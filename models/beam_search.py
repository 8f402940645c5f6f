"""Beam search over Whisper's decoder; with a beam of one it is greedy.

The best hypotheses are those of the highest mean log probability of a token, end of text included. The search ends once
as many have come to their end as the beam is wide, as CTranslate2's does: where few words are left to say, the first to
end is often one that leaves them out, and its mean is better than that of a text in the middle of a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from colloque.models.text_decoder import Hearing
from colloque.models.token_rules import Floats, TokenRules

FAR = 12.0
"""A token so much less probable than the best one, in logarithms, leads nowhere."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A text on its way, or a finished one."""

    output: tuple[int, ...] = ()
    """Text tokens and timestamps that it has said, without the end of text."""
    score: float = 0.0
    """Sum of log probabilities."""
    probabilities: tuple[float, ...] = ()
    """Of each token among words (or, for a timestamp, among all)."""
    attention: tuple[Floats, ...] = ()
    """Of the step that gave each token, and in the end of the one that gave the end: shape (heads, positions)."""
    is_finished: bool = False

    @property
    def mean(self) -> float:
        """Mean log probability of a token."""
        return self.score / max(1, len(self.output) + self.is_finished)


def search(
    hearing: Hearing,
    logits: Floats,
    attention: Floats,
    prefix: Sequence[int],
    rules: TokenRules,
    *,
    beam: int,
    limit: int,
    begun: Hypothesis | None = None,
) -> Hypothesis:
    """The best continuation; `begun`: what of it is known already.

    `logits` (1, vocabulary) and `attention` (1, heads, positions): after what the decoder was told; `prefix`: outputs
    that stand at the end of it; `limit`: tokens at most, then the hypothesis is not finished.
    """
    alive, finished = [begun or Hypothesis()], list[Hypothesis]()
    for _ in range(limit - len(alive[0].output)):
        best, parents = _extend(alive, logits, attention, [*prefix], rules, beam)
        finished += [one for one in best if one.is_finished]
        kept = [(one, parent) for one, parent in zip(best, parents, strict=True) if not one.is_finished][:beam]
        if not kept:
            break
        alive = [one for one, _ in kept]
        if len(finished) >= beam or len(alive[0].output) == limit:
            break
        hearing.keep([parent for _, parent in kept])
        logits, attention = hearing.step([one.output[-1] for one in alive])
    return max(finished or alive, key=lambda one: one.mean)


def follow(
    logits: Floats, attention: Floats, prefix: Sequence[int], draft: Sequence[int], rules: TokenRules
) -> Hypothesis:
    """As much of `draft` as the greedy search would say, too: it need not be said step by step.

    `logits` (n + 1, vocabulary), `attention` (n + 1, heads, positions): before and after each of its n tokens.

    Speculative decoding (Leviathan et al., "Fast Inference from Transformers via Speculative Decoding", 2023) with what
    the pass before has said as the draft.
    """
    one = Hypothesis()
    for token, row, looked in zip(draft, logits, attention, strict=False):
        scores = rules.allowed(row, [*prefix, *one.output])
        if token == rules.end or int(scores.argmax()) != token:
            break
        one = _grown(one, token, one.score + float(scores[token]), row, looked, rules)
    return one


def _extend(
    alive: Sequence[Hypothesis], logits: Floats, attention: Floats, prefix: list[int], rules: TokenRules, beam: int
) -> tuple[list[Hypothesis], list[int]]:
    """The best ways to go on, and whose they are; a finished one must be among the first `beam`."""
    ways: list[tuple[float, int, int]] = []
    for parent, (row, one) in enumerate(zip(logits, alive, strict=True)):
        scores = rules.allowed(row, [*prefix, *one.output])
        ways += [(one.score + score, parent, token) for score, token in _highest(scores, 2 * beam if beam > 1 else 1)]
    ways.sort(reverse=True)
    best: list[Hypothesis] = []
    parents: list[int] = []
    for rank, (score, parent, token) in enumerate(ways[: 2 * beam if beam > 1 else 1]):
        if token == rules.end and rank >= beam:
            continue
        best.append(_grown(alive[parent], token, score, logits[parent], attention[parent], rules))
        parents.append(parent)
    return best, parents


def _highest(scores: Floats, count: int) -> list[tuple[float, int]]:
    """The `count` highest scores with their tokens; those far below the best are not looked at, nor -inf."""
    if count == 1:
        token = int(scores.argmax())
        return [(float(scores[token]), token)]
    tokens = np.flatnonzero(scores > scores.max() - FAR)
    tokens = tokens[np.argsort(scores[tokens])[::-1][:count]]
    return [(float(scores[token]), int(token)) for token in tokens]


def _grown(
    one: Hypothesis, token: int, score: float, logits: Floats, attention: Floats, rules: TokenRules
) -> Hypothesis:
    if token == rules.end:
        return Hypothesis(one.output, score, one.probabilities, (*one.attention, attention), True)
    among = logits[: rules.first_timestamp] if token < rules.first_timestamp else logits
    peak = among.max()
    probability = float(np.exp(logits[token] - peak) / np.exp(among - peak).sum())
    return Hypothesis(
        (*one.output, token), score, (*one.probabilities, probability), (*one.attention, attention), False
    )
