from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colloque.models.beam_search import FAR, Hypothesis, follow, search
from colloque.models.text_decoder import Hearing
from colloque.models.token_rules import Floats, TokenRules

A, B, C, END, NO_TIMES, T0, T1, T2, T3 = range(9)
"""A language of three words and four timestamps."""
SIZE = 9
RULES = TokenRules.of([], [], END, T0)

History = tuple[int, ...]


@dataclass
class Table(Hearing):
    """A decoder whose logits are a function of what was said. Its attention says after what it looked."""

    logits_after: Callable[[History], Floats]
    histories: list[History] = field(default_factory=lambda: [()])
    kept: list[list[int]] = field(default_factory=list)
    """What `keep` was called with."""
    stepped: list[list[History]] = field(default_factory=list)
    """What was said after each `step`."""

    def keep(self, hypotheses: Sequence[int]) -> None:
        self.kept.append(list(hypotheses))
        self.histories = [self.histories[parent] for parent in hypotheses]

    def step(self, tokens: Sequence[int]) -> tuple[Floats, Floats]:
        assert len(tokens) == len(self.histories)
        self.histories = [(*history, token) for history, token in zip(self.histories, tokens, strict=True)]
        self.stepped.append(list(self.histories))
        return self.rows()

    def rows(self) -> tuple[Floats, Floats]:
        logits = np.stack([self.logits_after(history) for history in self.histories])
        return logits, np.stack([mark(history) for history in self.histories])


def mark(history: History) -> Floats:
    """Attention (one head, one position) by which a step is known again."""
    value = 0
    for token in history:
        value = value * SIZE + token + 1
    return np.array([[value]], np.float32)


def random_language(seed: int, sharpness: float = 3.0) -> Callable[[History], Floats]:
    """Every history has logits of its own; the longer it is, the likelier is its end."""

    def after(history: History) -> Floats:
        values = np.random.default_rng([seed, *history]).normal(0, sharpness, SIZE)
        values[END] += 2 * len(history) - 4
        return values.astype(np.float32)

    return after


def told(
    language: Callable[[History], Floats], beam: int, limit: int, prefix: History = ()
) -> tuple[Hypothesis, Table]:
    table = Table(language, [prefix])
    logits, attention = table.rows()
    return search(table, logits, attention, prefix, RULES, beam=beam, limit=limit), table


def everything(
    language: Callable[[History], Floats], limit: int, said: History = ()
) -> Iterator[tuple[float, History]]:
    """Every text that ends within the limit, with its mean log probability."""

    def grow(said: History, score: float) -> Iterator[tuple[float, History]]:
        scores = RULES.allowed(language(said), said)
        for token in np.flatnonzero(scores > -np.inf).tolist():
            reached = score + float(scores[token])
            if token == END:
                yield reached / (len(said) + 1), said
            elif len(said) + 1 < limit:
                yield from grow((*said, token), reached)

    yield from grow(said, 0.0)


def greedy(language: Callable[[History], Floats], limit: int, prefix: History = ()) -> tuple[History, float, bool]:
    """The likeliest token, again and again."""
    said, score = prefix, 0.0
    for _ in range(limit):
        scores = RULES.allowed(language(said), said)
        token = int(scores.argmax())
        score += float(scores[token])
        if token == END:
            return said[len(prefix) :], score, True
        said = (*said, token)
    return said[len(prefix) :], score, False


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 8), st.sampled_from([(), (T0,), (T0, A)]))
def test_a_beam_of_one_says_the_likeliest_token_every_time(seed: int, limit: int, prefix: History) -> None:
    language = random_language(seed)
    found, table = told(language, 1, limit, prefix)
    output, score, is_finished = greedy(language, limit, prefix)
    assert (found.output, found.is_finished) == (output, is_finished)
    assert found.score == pytest.approx(score)
    assert all(parents == [0] for parents in table.kept)


def table_of(weights: dict[History, dict[int, float]], otherwise: dict[int, float]) -> Callable[[History], Floats]:
    def after(history: History) -> Floats:
        values = np.full(SIZE, -9, np.float32)
        for token, weight in weights.get(history, otherwise).items():
            values[token] = weight
        return values

    return after


garden = table_of(
    {
        (): {T0: 0.0},
        (T0,): {A: 1.0, B: 0.8},
        (T0, A): {A: 0.5, B: 0.4, C: 0.3, END: 0.2},
        (T0, B): {END: 9.0},
    },
    {END: 0.0, A: 0.0, C: 0.0},
)
"""The likeliest first word leads where nothing is likely: `B` is the better text."""


def test_a_beam_finds_the_text_that_greed_misses() -> None:
    assert told(garden, 1, 6)[0].output[:2] == (T0, A)
    best, text = max(everything(garden, 6))
    for beam in (2, 3, 5):
        found, _ = told(garden, beam, 6)
        assert found.output == text == (T0, B)
        assert found.is_finished and found.mean == pytest.approx(best, abs=1e-5)


def test_a_wide_beam_finds_the_best_of_all_texts() -> None:
    """Not always, for it stops once so many texts have ended; nearly always."""
    seeds = range(40)
    same = 0
    for seed in seeds:
        language = random_language(seed)
        best, text = max(everything(language, 5))
        found, _ = told(language, 64, 5)
        assert found.is_finished and found.mean <= best + 1e-5
        same += found.output == text
    assert same >= 0.8 * len(seeds)


def test_a_beam_is_better_than_greed_on_the_whole() -> None:
    pairs = [[told(random_language(seed), beam, 8)[0] for beam in (1, 5)] for seed in range(40)]
    finished = [(narrow.mean, wide.mean) for narrow, wide in pairs if narrow.is_finished and wide.is_finished]
    assert len(finished) > 20
    assert sum(wide >= narrow - 1e-5 for narrow, wide in finished) >= 0.8 * len(finished)
    assert sum(wide > narrow + 1e-5 for narrow, wide in finished) > 2


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 7), st.sampled_from([(), (T0,), (T0, B, T1)]))
def test_a_hypothesis_keeps_what_belongs_to_each_of_its_tokens(
    seed: int, beam: int, limit: int, prefix: History
) -> None:
    language = random_language(seed, sharpness=1.5)
    found, _ = told(language, beam, limit, prefix)
    histories = [(*prefix, *found.output[:at]) for at in range(len(found.output) + found.is_finished)]
    assert [float(row[0, 0]) for row in found.attention] == [float(mark(one)[0, 0]) for one in histories]
    score = 0.0
    for at, (token, history) in enumerate(zip([*found.output, END], histories, strict=False)):
        values = language(history).astype(np.float64)
        score += float(RULES.allowed(language(history), history)[token])
        if token == END:
            break
        among = values[:T0] if token < T0 else values
        assert found.probabilities[at] == pytest.approx(np.exp(values[token]) / np.exp(among).sum(), rel=1e-4)
    assert len(found.probabilities) == len(found.output) <= limit
    assert found.score == pytest.approx(score, abs=1e-4)
    assert END not in found.output


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6))
def test_the_decoder_is_told_whose_words_go_on(seed: int, beam: int) -> None:
    """What it was told is what a hypothesis has said, and each goes on with at most `beam` of them."""
    _, table = told(random_language(seed, sharpness=1.0), beam, 7)
    assert len(table.kept) == len(table.stepped)
    alive = 1
    for parents, histories in zip(table.kept, table.stepped, strict=True):
        assert 1 <= len(parents) <= beam and all(0 <= parent < alive for parent in parents)
        assert len(set(histories)) == len(histories)  # no text twice
        alive = len(parents)
    for before, parents, after in zip(table.stepped, table.kept[1:], table.stepped[1:], strict=False):
        assert [history[:-1] for history in after] == [before[parent] for parent in parents]


def test_the_search_ends_once_as_many_texts_have_come_to_their_end_as_the_beam_is_wide() -> None:
    sure = {(): {T0: 0}, (T0,): {A: 0, B: -0.5}, (T0, A): {END: 9}, (T0, B): {END: 9}}
    found, table = told(table_of(sure, {A: 0, B: 0, C: 0}), 2, 20)
    assert found.output == (T0, A) and found.is_finished
    assert max(len(history) for histories in table.stepped for history in histories) == 2


def test_a_text_that_ends_at_once_does_not_keep_a_better_one_from_being_said() -> None:
    """Its mean is better than that of the other in the middle, and worse in the end."""
    language = table_of({(): {T0: 0}, (T0,): {A: -0.2, END: 0}, (T0, A): {B: 9}, (T0, A, B): {END: 9}}, {C: 0})
    assert told(language, 2, 20)[0].output == (T0, A, B)


@pytest.mark.parametrize(("weight", "is_finished"), [(0.95, True), (0.8, False)])
def test_an_end_counts_among_the_best_only(weight: float, is_finished: bool) -> None:
    """Of a beam of two, the first two."""
    language = table_of({(): {T0: 0}}, {A: 1.0, B: 0.9, END: weight})
    assert told(language, 2, 2)[0].is_finished is is_finished


def endless(history: History) -> Floats:
    """Never ends."""
    values = np.zeros(SIZE, np.float32)
    values[A if history else T0] = 30
    return values


@pytest.mark.parametrize("beam", [1, 2, 5])
@pytest.mark.parametrize("limit", [1, 2, 7])
def test_a_text_without_an_end_stops_at_its_limit(beam: int, limit: int) -> None:
    found, table = told(endless, beam, limit)
    assert not found.is_finished
    assert len(found.output) == limit == len(found.attention)
    assert found.output == (T0, *[A] * (limit - 1))
    assert len(table.stepped) == limit - 1  # nothing is asked for after the last token


def test_an_end_at_the_limit_is_one_token_too_late() -> None:
    def two_words(history: History) -> Floats:
        values = np.zeros(SIZE, np.float32)
        values[{0: T0, 1: A, 2: B}.get(len(history), END)] = 30
        return values

    assert not told(two_words, 1, 3)[0].is_finished
    found, _ = told(two_words, 1, 4)
    assert found.is_finished and found.output == (T0, A, B) and len(found.attention) == 4


def test_the_end_may_come_at_once() -> None:
    def nothing(history: History) -> Floats:
        values = np.zeros(SIZE, np.float32)
        values[END] = 30
        return values

    for beam in (1, 5):
        found, table = told(nothing, beam, 9, (T0,))
        assert (found.output, found.is_finished, len(found.attention)) == ((), True, 1)
        assert not table.stepped
        assert found.mean == pytest.approx(0, abs=1e-3)


def test_no_room_means_no_text() -> None:
    found, table = told(endless, 5, 0)
    assert found == Hypothesis() and not table.stepped


def test_what_is_far_less_likely_is_not_followed() -> None:
    def certain(history: History) -> Floats:
        values = np.full(SIZE, -FAR - 1, np.float32)
        values[{0: T0, 1: A}.get(len(history), END)] = 0
        return values

    found, table = told(certain, 5, 9)
    assert found.output == (T0, A) and found.is_finished
    assert [len(histories) for histories in table.stepped] == [1, 1]


def test_words_that_may_not_come_are_not_said_to_fill_the_beam() -> None:
    """After the closing timestamp the last one of all and the end are all there is."""
    found, table = told(lambda _: np.zeros(SIZE, np.float32), 6, 3, (T0, A, T3))
    assert all(history[3] == T3 for histories in table.stepped for history in histories)
    assert found.output == () and found.is_finished


def test_the_prefix_counts_for_the_rules_but_not_for_the_score() -> None:
    found, _ = told(garden, 3, 6, (T0,))
    whole, _ = told(garden, 3, 6)
    assert (T0, *found.output) == whole.output
    assert found.score > whole.score
    # A timestamp before the prefix's is not said, though nothing is likelier.
    backwards, _ = told(lambda _: np.eye(SIZE, dtype=np.float32)[T1] * 30, 1, 3, (T0, A, T2, T2, B))
    assert T1 not in backwards.output


def test_the_mean_is_that_of_tokens_and_the_end() -> None:
    assert Hypothesis((A, B), -3.0, is_finished=True).mean == -1
    assert Hypothesis((A, B), -3.0).mean == -1.5
    assert Hypothesis().mean == 0


@settings(deadline=None)
@given(st.integers(0, 200), st.lists(st.integers(0, SIZE - 1), max_size=6), st.integers(0, 6))
def test_what_is_followed_of_a_draft_is_what_the_search_would_say(seed: int, wrong: list[int], right: int) -> None:
    after, limit = random_language(seed), 12

    def rows(histories: Sequence[History]) -> tuple[Floats, Floats]:
        return np.stack([after(h) for h in histories]), np.stack([mark(h) for h in histories])

    def found(begun: Hypothesis | None) -> Hypothesis:
        said = () if begun is None else begun.output
        return search(Table(after, [said]), *rows([said]), [], RULES, beam=1, limit=limit, begun=begun)

    whole = found(None)
    draft = [*whole.output[:right], *wrong]
    begun = follow(*rows([tuple(draft[:at]) for at in range(len(draft) + 1)]), [], draft, RULES)
    count = len(begun.output)
    assert begun.output == whole.output[:count] and count >= min(right, len(whole.output))
    assert list(draft[count : count + 1]) != list(whole.output[count : count + 1]) or not draft[count:]
    again = found(begun)
    assert again.output == whole.output and again.is_finished == whole.is_finished
    assert again.score == pytest.approx(whole.score, abs=1e-4)
    assert again.probabilities == pytest.approx(whole.probabilities, abs=1e-5)
    np.testing.assert_array_equal(np.stack(again.attention), np.stack(whole.attention))
