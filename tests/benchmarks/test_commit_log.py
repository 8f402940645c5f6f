"""When words came to stay."""

from benchmarks.recognition.commit_log import CommitLog


def test_a_text_that_grows_keeps_its_times() -> None:
    log = CommitLog()
    log.add(1.0, "Bonjour")
    log.add(2.0, "Bonjour, docteur.")
    assert log.words == ["bonjour", "docteur"]
    assert log.committed_at_s == [1.0, 2.0]
    assert log.rewrites == 0


def test_punctuation_and_case_are_no_change() -> None:
    log = CommitLog()
    log.add(1.0, "bonjour docteur")
    log.add(2.0, "Bonjour, Docteur !")
    assert log.committed_at_s == [1.0, 1.0]


def test_a_rewritten_word_pays_with_its_time_and_is_counted() -> None:
    log = CommitLog()
    log.add(1.0, "un deux trois")
    log.add(2.0, "un dix trois")
    assert log.committed_at_s == [1.0, 2.0, 1.0]
    assert log.rewrites == 1
    log.add(3.0, "un")
    assert log.rewrites == 3
    log.add(4.0, "un dix")
    assert log.committed_at_s == [1.0, 4.0]
