from __future__ import annotations

from colloque.models.written.line import read_line


def norms(*words: str) -> list[str]:
    return [token.norm for token in read_line(words).tokens]


def test_digits_names_and_marks_are_tokens() -> None:
    assert norms("38,5", "%.") == ["38,5", "%", "."]
    assert norms("8h30") == ["8", "h", "30"]
    assert norms("HbA1c", "1m75") == ["hba1c", "1", "m", "75"]
    assert norms("l'amoxicilline", "Œdème") == ["l'", "amoxicilline", "oedeme"]


def test_parts_that_a_recogniser_split_are_one_token_again() -> None:
    line = read_line(["38", ",5", "de", "fièvre."])
    assert [token.text for token in line.tokens] == ["38,5", "de", "fièvre", "."]
    assert line.words_of(0, 1) == (0, 2)
    assert line.words_of(2, 4) == (3, 4)


def test_the_span_of_words_ends_before_the_space() -> None:
    line = read_line(["un", "gramme,", "matin"])
    start, end = line.span_of(0, 2)
    assert line.text[start:end] == "un gramme,"


def test_sentences_open_at_the_start_and_behind_a_stop() -> None:
    line = read_line(["Oui.", "Non", "merci"])
    assert [line.opens_sentence(at) for at in range(4)] == [True, False, True, False]
    assert line.glued(1) and not line.glued(2)
    assert line.norm(99) == ""


def test_no_words_no_tokens() -> None:
    assert read_line([]).tokens == []
    assert read_line(["", " "]).tokens == []
