"""The client's side of a stream as a dialogue: events in, frames out, no socket."""

import json
from typing import Any

import pytest

from colloque.clients.core import StreamCore
from colloque.clients.errors import RequestRefused, StreamClosed
from colloque.streaming import messages as m
from colloque.streaming.view import SessionView

MONO = m.AudioFormat()
STEREO = m.AudioFormat(channels=2)


def ready(samples: int | None = 0, form: m.AudioFormat = MONO, seq: int = 0) -> m.Envelope:
    audio = None if samples is None else m.AudioPosition(form.encoding, form.rate, form.channels, samples)
    return m.Envelope(seq, 0.0, m.SessionReady("s", None, audio, {}, seq))


def state(seq: int, name: m.SessionState) -> m.Envelope:
    return m.Envelope(seq, 0.0, m.StateChanged(name, "test"))


def partial(seq: int, text: str) -> m.Envelope:
    return m.Envelope(seq, 0.0, m.TranscriptPartial("t0-0", 0, None, text))


def snapshot(seq: int, state: m.SessionState = "live") -> m.Envelope:
    return m.Envelope(seq, 0.0, m.Snapshot(SessionView(state=state).to_json()))


def fault(code: str, recoverable: bool = True) -> m.Envelope:
    return m.Envelope(0, 0.0, m.Fault(code, "no", recoverable))


def opened(form: m.AudioFormat | None = MONO) -> StreamCore:
    core = StreamCore(form)
    core.connected()
    core.receive(ready(0 if form else None, form or MONO))
    core.receive(snapshot(0))
    return core


def sent(core: StreamCore) -> list[Any]:
    """What goes out now: bytes of audio, types of messages."""
    out: list[Any] = []
    while (item := core.next_to_send()) is not None:
        out.append(item if isinstance(item, bytes) else json.loads(item)["type"])
    return out


def test_nothing_is_sent_before_the_greeting() -> None:
    core = StreamCore(MONO)
    core.buffer.add_audio(b"aabb")
    core.connected()
    assert core.next_to_send() is None
    core.receive(ready())
    assert sent(core) == [b"aabb"]


def test_audio_of_another_form_is_declared_first() -> None:
    core = StreamCore(STEREO)
    core.connected()
    core.buffer.add_audio(b"aabb")
    core.receive(ready())
    text = core.next_to_send()
    assert isinstance(text, str)
    declared = {"encoding": "pcm_s16le", "rate": 16000, "channels": 2}
    assert json.loads(text) == {"type": "session.start", "audio": declared}
    assert core.next_to_send() is None
    assert not core.is_open
    core.receive(ready(form=STEREO))
    assert sent(core) == [b"aabb"]


def test_a_refused_declaration_is_an_error() -> None:
    core = StreamCore(STEREO)
    core.connected()
    core.receive(ready())
    core.next_to_send()
    with pytest.raises(RequestRefused, match="bad_audio"):
        core.receive(fault("bad_audio"))


def test_a_viewers_token_cannot_publish() -> None:
    core = StreamCore(MONO)
    core.connected()
    with pytest.raises(RequestRefused, match="not_allowed"):
        core.receive(ready(None))


def test_who_only_receives_says_nothing() -> None:
    core = opened(None)
    assert core.is_open
    with pytest.raises(ValueError, match="receive only"):
        core.say(m.Finalize())


def test_compressed_audio_cannot_be_replayed() -> None:
    with pytest.raises(ValueError, match="PCM"):
        StreamCore(m.AudioFormat("opus"))


def test_after_a_loss_what_the_server_does_not_have_is_sent_again() -> None:
    core = opened()
    for data in (b"aaaa", b"bbbb", b"cccc"):
        core.buffer.add_audio(data)
    core.say(m.End())
    assert sent(core) == [b"aaaa", b"bbbb", b"cccc", "end"]
    core.receive(m.Envelope(0, 0.0, m.AudioAck(2)))
    core.lost()
    assert sent(core) == []
    core.connected()
    core.receive(ready(3))
    assert sent(core) == [b"bb", b"cccc", "end"]


def test_a_server_without_what_it_had_acknowledged_is_an_error() -> None:
    core = opened()
    core.buffer.add_audio(b"aaaa")
    sent(core)
    core.receive(m.Envelope(0, 0.0, m.AudioAck(2)))
    core.connected()
    with pytest.raises(StreamClosed, match="audio_lost"):
        core.receive(ready(1))


def test_what_was_seen_does_not_surface_again() -> None:
    core = opened()
    assert core.receive(state(1, "live"))
    assert core.receive(partial(2, "Bon"))
    assert core.receive(m.Envelope(4, 0.0, m.Lag(1.0, 0.5)))  # numbers may have holes
    core.connected()
    assert core.receive(ready(0, seq=6))
    assert not core.receive(state(1, "live"))
    assert not core.receive(partial(2, "Bon"))
    assert not core.receive(m.Envelope(4, 0.0, m.Lag(1.0, 0.5)))
    assert core.receive(state(5, "paused"))
    assert core.resume_from == 5


def test_tentative_text_that_is_told_again_after_a_resume_does() -> None:
    core = opened()
    core.receive(partial(3, "Bonjour"))
    core.connected()
    core.receive(ready(0, seq=3))
    assert core.view.partials == {}
    assert core.receive(partial(3, "Bonjour"))
    assert core.view.partials["t0-0"].text == "Bonjour"


def test_a_snapshot_sets_the_place() -> None:
    core = opened()
    core.receive(state(90, "live"))
    assert core.receive(snapshot(40))
    assert core.resume_from == 40
    assert core.receive(state(41, "paused"))


def test_what_is_said_to_one_connection_moves_no_place() -> None:
    core = opened()
    core.receive(state(5, "live"))
    core.connected()
    core.receive(ready(0, seq=9))
    core.receive(m.Envelope(9, 0.0, m.AudioAck(0)))
    core.receive(m.Envelope(9, 0.0, m.Fault("bad_message", "no", True)))
    assert core.resume_from == 5
    assert core.receive(state(6, "paused"))


def test_it_listens_only_while_the_session_is_live() -> None:
    core = StreamCore(MONO)
    core.connected()
    core.receive(ready())
    core.receive(snapshot(0, "waiting_consent"))
    assert not core.listening
    core.receive(state(1, "live"))
    assert core.listening
    core.say(m.Pause())
    assert not core.listening
    core.say(m.Resume())
    assert core.listening


def test_refused_audio_makes_the_client_ask_where_the_server_stands() -> None:
    core = opened()
    core.buffer.add_audio(b"aaaa")
    core.buffer.add_audio(b"bbbb")
    assert core.next_to_send() == b"aaaa"
    core.receive(fault("consent_required"))
    assert sent(core) == ["session.start"]
    core.receive(fault("consent_required"))  # of a frame before
    assert sent(core) == []
    core.receive(ready(0))
    assert sent(core) == [b"bbbb"]
    assert (core.buffer.base, core.buffer.end) == (0, 2)


def test_audio_that_crossed_the_news_of_consent_is_settled() -> None:
    core = StreamCore(MONO)
    core.connected()
    core.receive(ready())
    core.buffer.add_audio(b"aa")
    sent(core)
    core.receive(snapshot(0, "waiting_consent"))
    core.receive(state(1, "live"))
    core.buffer.add_audio(b"bb")
    assert sent(core) == ["session.start"]
    core.receive(ready(0))
    assert sent(core) == [b"bb"]


def test_other_errors_leave_the_audio_alone() -> None:
    core = opened()
    core.receive(fault("bad_message"))
    core.buffer.add_audio(b"aa")
    assert sent(core) == [b"aa"]
    assert core.fault is not None
    core.connected()
    assert core.fault is None
