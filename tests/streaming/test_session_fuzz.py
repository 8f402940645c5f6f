"""Whatever clients and engines do, in whatever order: the promises hold."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from colloque.streaming import commands as c
from colloque.streaming import engines as e
from colloque.streaming import events as ev
from colloque.streaming import messages as m
from colloque.streaming.audio import samples
from colloque.streaming.errors import ColloqueError
from colloque.streaming.note import DraftStatement, Evidence
from colloque.streaming.view import SessionView
from tests.playbook import Playbook, activity, span, stretch, word


class Engine:
    """Speaks one word a second about audio that was pushed, as a real engine would, on request.

    A segment has two words, each final before the next is heard; the diariser is half a second behind.
    """

    def __init__(self, book: Playbook) -> None:
        self.book = book
        self.second = 0
        self.segment = 0
        self.generation = 0

    def speak(self) -> None:
        opened = self.book.of(c.OpenStream)
        if not opened:
            return
        if opened[-1].generation != self.generation:
            self.generation, self.segment = opened[-1].generation, 0
            self.second = -(-opened[-1].spec.start_sample // samples(1))
        if samples(self.second + 1) > self.book.session.received_samples:
            return
        at = float(self.second)
        is_last = self.second % 2 == 1
        said = stretch(self.segment, word(f"x{self.second}", at + 0.2, at + 0.6), reason="pause" if is_last else None)
        speaker = 1 + self.second % 3
        self.book.hear(said, activity(at + 0.5, span(speaker, at + 0.1, at + 0.5)))
        self.book.hear(e.Hypothesis(self.segment, samples(at + 0.7), f"x{self.second + 1}"))
        self.book.hear(activity(at + 1, span(speaker, at + 0.5, at + 0.7)), e.Progress(samples(at + 1)))
        if self.second % 4 == 3:  # so that a restart hears again what is committed already
            self.book.hear(e.Checkpoint(samples(at + 1), b"s"))
        self.second += 1
        self.segment += is_last

    def flushed(self) -> None:
        for _ in range(100):
            self.speak()
        for flush in self.book.of(c.FlushStream):
            self.book.hear(e.Flushed(flush.token))


def statement(number: int) -> DraftStatement:
    evidence = Evidence(("w0-1",), 0.2, 0.6, "S1", "x0")
    return DraftStatement(f"k{number}", "plan", f"text {number}", "planned", "patient", 0.9, (evidence,))


ACTIONS: dict[str, Callable[[Playbook, Engine], object]] = {
    "consent": lambda b, _: b.consent(),
    "withdraw": lambda b, _: b.consent(False),
    "attach": lambda b, _: b.attach(len(b.log) + 1),
    "view": lambda b, _: b.attach(len(b.log) + 1, publisher=False, last_seq=b.session.seq // 2),
    "detach": lambda b, _: b.feed(ev.ClientDetached(b.session._clients.publisher or 0)),
    "audio": lambda b, _: b.audio(2.7, connection=b.session._clients.publisher or 0),
    "speak": lambda _, engine: [engine.speak() for _ in range(2)],
    "fail": lambda b, _: b.hear(e.EngineFailed("crash")),
    "pause": lambda b, _: b.say(m.Pause(), b.session._clients.publisher or 0),
    "resume": lambda b, _: b.say(m.Resume(), b.session._clients.publisher or 0),
    "configure": lambda b, _: b.say(m.Configure(keyterms=(str(len(b.log)),)), b.session._clients.publisher or 0),
    "end": lambda b, _: b.say(m.End(), b.session._clients.publisher or 0),
    "flushed": lambda _, engine: engine.flushed(),
    "draft": lambda b, _: b.drafted(statement(len(b.log) % 3)),
    "wait": lambda b, _: b.wait(7),
}
COMMON = ["audio"] * 4 + ["speak"] * 4 + ["fail", "wait", "wait", "draft"]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([*ACTIONS, *COMMON]), min_size=15, max_size=60), st.sampled_from([True, True, False]))
def test_promises_hold_whatever_happens(script: list[str], with_consent: bool) -> None:
    book = Playbook()
    engine = Engine(book)
    for name in ["attach", "consent", *script] if with_consent else ["attach", *script]:
        try:
            ACTIONS[name](book, engine)
        except ColloqueError as error:
            assert book.session.refusal(error).event.TYPE == "error"
    check(book)


def check(book: Playbook) -> None:
    broadcasts = book.of(c.Broadcast)
    numbers = [b.envelope.seq for b in broadcasts]
    assert numbers == sorted(set(numbers)), "events are numbered in order"

    ids = [w["id"] for f in book.said("transcript.final") for w in f["words"]]
    texts = [w["text"] for f in book.said("transcript.final") for w in f["words"]]
    assert len(set(ids)) == len(ids), "a word id is given once"
    assert len(set(texts)) == len(texts), "no word is committed twice"
    assert texts == [f"x{i}" for i in range(len(texts))] or book.said("gap"), "no word is skipped in silence"

    ended = [t["turn"] for t in book.said("turn.end")]
    assert len(set(ended)) == len(ended), "a turn ends once"
    assert {turn.speaker for turn in book.session.view.transcript()} <= {*book.session.view.speakers, None}

    positions = [(a.start_sample, a.start_sample + a.pcm.shape[1]) for a in book.of(c.StoreAudio)]
    assert all(before[1] == after[0] for before, after in zip(positions, positions[1:], strict=False)), "one clock"

    folded = SessionView(config=book.session.view.config)
    for broadcast in broadcasts:
        folded.apply(broadcast.envelope.event)
    assert folded.to_json() == book.session.view.to_json(), "what clients fold is what the session knows"

    consent = next((i for i, b in enumerate(book.log) if isinstance(b, c.OpenStream)), len(book.log))
    assert not [x for x in book.log[:consent] if isinstance(x, (c.StoreAudio, c.PushAudio))], "consent first"
    if book.session.state == "closed":
        assert book.session.next_deadline() is None, "a closed session wants nothing"
        assert set(ended) == set(book.session.view.turns), "a closed session has no open turn"
    if book.session.state == "closed" and book.session.view.reason == "client" and not book.said("gap"):
        said = {w.text: w.speaker for turn in book.session.view.transcript() for w in turn.words}
        assert said == {f"x{i}": f"S{1 + i % 3}" for i in range(len(said))}, "in the end every word is its speaker's"
