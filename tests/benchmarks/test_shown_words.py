"""The revision rate."""

from benchmarks.recognition.shown_words import ShownWords


def test_words_that_stay_are_shown_once() -> None:
    shown = ShownWords()
    shown.add(1.0, "", "avez vous")
    shown.add(2.0, "", "avez vous mal")
    shown.add(3.0, "Avez-vous mal ?", "")
    shown.close()
    assert (shown.shown, shown.revised) == (3, 0)


def test_a_word_that_changes_is_revised_and_the_new_one_shown() -> None:
    shown = ShownWords()
    shown.add(1.0, "", "avez vous mal")
    shown.add(2.0, "avez vous malade", "")
    shown.close()
    assert (shown.shown, shown.revised) == (4, 1)


def test_a_word_that_is_put_in_between_revises_nothing_else() -> None:
    shown = ShownWords()
    shown.add(1.0, "", "j ai mal ici")
    shown.add(2.0, "", "j ai très mal ici")
    shown.close()
    assert (shown.shown, shown.revised) == (5, 0)


def test_a_text_that_nobody_could_read_does_not_count() -> None:
    shown = ShownWords()
    shown.add(1.0, "", "un deux trois")
    shown.add(2.0, "un", "")  # committed in part, the rest follows at once
    shown.add(2.05, "un", "deux trois")
    shown.close()
    assert (shown.shown, shown.revised) == (3, 0)


def test_words_that_vanish_are_revised() -> None:
    shown = ShownWords()
    shown.add(1.0, "", "merci d avoir regardé")
    shown.add(3.0, "", "")
    shown.close()
    assert (shown.shown, shown.revised) == (4, 4)
