from __future__ import annotations

from colloque.models.drafting.passage import joined
from tests.models.drafting.scenes import reader


def test_tokens_know_their_words() -> None:
    text, starts = joined(["J'", "ai", "8", ",1", "pour", "cent."])
    tokens = reader("fr").pipeline.parse(text, starts).tokens
    assert [(t.text, t.word, t.last) for t in tokens] == [
        ("J'", 0, 0),
        ("ai", 1, 1),
        ("8,1", 2, 3),
        ("pour", 4, 4),
        ("cent", 5, 5),
        (".", 5, 5),
    ]


def test_sentences_mentions_and_their_cues() -> None:
    text = "Je n'ai pas de fièvre. Peut-être une otite ?"
    _, starts = joined(text.split())
    parsed = reader("fr").pipeline.parse(text, starts)
    assert len(parsed.sentences) == 2
    found = {(m.kind, m.id): m for m in parsed.mentions}
    fever, otitis = found["symptom", "fever"], found["condition", "otitis"]
    assert fever.negated and {parsed.tokens[start].text for start, _ in fever.cues} == {"pas"}
    assert otitis.uncertain and not otitis.negated


def test_words_that_were_read_are_not_kept() -> None:
    pipeline = reader("fr").pipeline
    strings = pipeline._pipe.vocab.strings
    text = "zyxwvutmot inconnu"
    pipeline.parse(text, [0, 11])
    assert "zyxwvutmot" not in strings
