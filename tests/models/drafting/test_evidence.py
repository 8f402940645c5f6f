from __future__ import annotations

from colloque.models.drafting.evidence import JOIN_WORDS, confidence_of, evidence_of
from colloque.models.drafting.lines import Said
from colloque.models.drafting.passage import passages
from tests.models.drafting.scenes import reader, turns_of


def said(line: str, *spans: tuple[int, int], confidence: float = 0.9) -> list[Said]:
    (passage,) = passages(turns_of(line, confidence=confidence))
    reading = reader("fr").read(tuple(word.text for word in passage.words))
    return [Said(passage, reading, start, end) for start, end in spans]


def test_near_stretches_are_one_and_far_ones_apart() -> None:
    near = evidence_of(said("P: un deux trois quatre cinq six", (4, 5), (0, 1)))
    assert [item.text for item in near] == ["un deux trois quatre cinq"]
    assert near[0].word_ids == ("w0-0", "w0-1", "w0-2", "w0-3", "w0-4")
    assert near[0].speaker == "S2" and near[0].start == 0.0 and near[0].end > near[0].start
    far = evidence_of(said("P: " + "mot " * (JOIN_WORDS + 3), (0, 1), (JOIN_WORDS + 2, JOIN_WORDS + 3)))
    assert [item.text for item in far] == ["mot", "mot"]


def test_the_worst_stretch_decides() -> None:
    good, bad = said("P: un deux", (0, 1)), said("P: un deux", (1, 2), confidence=0.1)
    assert confidence_of(good, 0.9) > confidence_of([*good, *bad], 0.9)
    assert confidence_of(said("P: un", (0, 1), confidence=1.0), 0.9) == 0.9
    assert confidence_of(said("P: un", (0, 1), confidence=0.0), 0.9) < 0.5
