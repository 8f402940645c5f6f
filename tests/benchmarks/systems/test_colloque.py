"""What a client of the project shows."""

from benchmarks.recognition.systems.colloque import ShownTranscript
from colloque.streaming import messages as m


def test_partials_become_committed_words() -> None:
    shown = ShownTranscript()
    assert shown.apply(m.TranscriptPartial("t0-1", 0, None, "bonjour doc"))
    assert (shown.committed, shown.tentative) == ("", "bonjour doc")
    assert not shown.apply(m.Lag(1.0, 0.5))
    assert shown.apply(m.TranscriptPartial("t0-1", 0, None, ""))
    assert shown.tentative == ""
