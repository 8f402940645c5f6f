"""The SQLite store: what it keeps, what it gives back, and what is gone when it is erased."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from colloque.server.clinical.consent import ConsentRecord
from colloque.server.ports import AuditEntry, Change, SessionRecord, Store, TokenRecord
from colloque.server.storage.errors import StorageFailed
from colloque.server.storage.sqlite import SqliteStore
from colloque.streaming.commands import Broadcast, EraseCapture, ForgetAudio, StoreAudio, StoreCheckpoint
from colloque.streaming.config import SessionConfig, TrackSpec
from colloque.streaming.errors import UnknownSession
from colloque.streaming.events import TrackPcm
from colloque.streaming.messages import Envelope, Gap, StateChanged
from colloque.streaming.wire import encode_event

SECRET = "paracetamolissime"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "colloque.sqlite3"


@pytest.fixture
async def store(file: Path) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore(file)
    yield opened
    await opened.close()


def a_record(session_id: str = "s-1", created_at: str = "2031-05-04T08:30:00.000Z") -> SessionRecord:
    config = SessionConfig(
        session_id, "fr", (TrackSpec("left", "practitioner"), TrackSpec("right", "patient")), ("doliprane",), 2, "Suivi"
    )
    tokens = (
        TokenRecord(f"{session_id}-a", "publisher", "2031-05-04T20:30:00.000Z"),
        TokenRecord(f"{session_id}-b", "viewer", "2031-05-04T20:30:00.000Z"),
    )
    return SessionRecord(config, created_at, tokens)


def said(seq: int, reason: str = "consent_given") -> Broadcast:
    return Broadcast(Envelope(seq, 0.0, StateChanged("live", reason)), durable=True)


def steps(*values: int, tracks: int = 2) -> TrackPcm:
    """Audio of 16-bit values, the second track negated."""
    row = np.array(values, dtype=np.float32) / np.float32(32768)
    return np.stack([row, -row][:tracks])


async def test_a_session_comes_back_as_it_was(store: SqliteStore) -> None:
    await store.create(a_record())
    given = ConsentRecord(True, "verbal", "dr", "2031-05-04T08:31:00.000Z", "Accord demandé", False)
    withdrawn = ConsentRecord(False, "electronic", "dr", "2031-05-04T08:35:00.000Z", None, True)
    await store.add_consent("s-1", given)
    changes: list[Change] = [said(3), StoreAudio(0, steps(1, -2, 3), 7), StoreCheckpoint(1, 2, b"\x00state")]
    await store.commit("s-1", changes)
    await store.add_consent("s-1", withdrawn)

    loaded = await store.load("s-1")

    assert loaded is not None
    assert loaded.record == a_record()
    assert [(event.seq, event.text) for event in loaded.events] == [(3, encode_event(said(3).envelope))]
    assert (loaded.received_samples, loaded.last_seq) == (3, 7)
    assert loaded.checkpoints == {1: StoreCheckpoint(1, 2, b"\x00state")}
    assert loaded.consent == (given, withdrawn)


async def test_everything_survives_closing_and_opening(store: SqliteStore, file: Path) -> None:
    await store.create(a_record())
    await store.commit("s-1", [said(1), StoreAudio(0, steps(5), 2)])
    await store.close()
    again = SqliteStore(file)
    loaded = await again.load("s-1")
    await again.close()
    assert loaded is not None
    assert len(loaded.events) == 1
    assert loaded.received_samples == 1


async def test_an_unknown_session_is_none(store: SqliteStore) -> None:
    assert await store.load("nobody") is None


async def test_open_sessions_are_listed_oldest_first(store: SqliteStore) -> None:
    for session_id in ("s-b", "s-a", "s-c"):
        await store.create(a_record(session_id))
    await store.set_closed("s-a")
    assert await store.open_sessions() == ("s-b", "s-c")
    closed = await store.load("s-a")
    assert closed is not None
    assert closed.record.closed


async def test_audio_is_given_from_a_sample_on_and_tracks_stay_apart(store: SqliteStore) -> None:
    await store.create(a_record())
    await store.commit("s-1", [StoreAudio(0, steps(1, 2), 1), StoreAudio(2, steps(3, 4, 5), 2)])
    pieces = await store.audio("s-1", 3)
    assert [start for start, _ in pieces] == [3]
    np.testing.assert_array_equal(pieces[0][1], steps(4, 5))
    assert [start for start, _ in await store.audio("s-1", 0)] == [0, 2]
    assert await store.audio("s-1", 5) == ()


async def test_forgotten_audio_goes_and_the_clock_stays(store: SqliteStore) -> None:
    await store.create(a_record())
    await store.commit("s-1", [StoreAudio(0, steps(1, 2), 1), StoreAudio(2, steps(3, 4), 2)])
    await store.commit("s-1", [ForgetAudio(3)])
    assert [start for start, _ in await store.audio("s-1", 0)] == [2]  # it ends behind the sample, so it stays whole
    await store.commit("s-1", [ForgetAudio(4)])
    loaded = await store.load("s-1")
    assert await store.audio("s-1", 0) == ()
    assert loaded is not None
    assert (loaded.received_samples, loaded.last_seq) == (4, 2)


async def test_a_checkpoint_replaces_the_one_of_its_track(store: SqliteStore) -> None:
    await store.create(a_record())
    await store.commit("s-1", [StoreCheckpoint(0, 1, b"a"), StoreCheckpoint(1, 1, b"b"), StoreCheckpoint(0, 9, b"c")])
    loaded = await store.load("s-1")
    assert loaded is not None
    assert loaded.checkpoints == {0: StoreCheckpoint(0, 9, b"c"), 1: StoreCheckpoint(1, 1, b"b")}


async def test_events_are_given_by_number(store: SqliteStore) -> None:
    await store.create(a_record())
    await store.commit("s-1", [said(seq) for seq in (1, 2, 5, 8)])
    assert [event.seq for event in await store.events("s-1", 1, 5)] == [2, 5]


async def test_a_commit_is_all_or_nothing(store: SqliteStore) -> None:
    await store.create(a_record())
    await store.commit("s-1", [said(1)])
    with pytest.raises(StorageFailed):
        await store.commit("s-1", [said(2), StoreAudio(0, steps(1), 3), said(1)])
    loaded = await store.load("s-1")
    assert loaded is not None
    assert [event.seq for event in loaded.events] == [1]
    assert (loaded.received_samples, loaded.last_seq) == (0, 1)


async def test_a_failing_commit_leaves_those_beside_it_alone(store: SqliteStore) -> None:
    for session_id in ("s-1", "s-2"):
        await store.create(a_record(session_id))
    jobs = [store.commit("s-1", [said(1), said(1)]), *(store.commit("s-2", [said(seq)]) for seq in range(1, 20))]
    results = await asyncio.gather(*jobs, return_exceptions=True)
    assert isinstance(results[0], StorageFailed)
    assert results[1:] == [None] * 19
    assert [event.seq for event in await store.events("s-2", 0, 99)] == list(range(1, 20))


async def test_errors_hold_nothing_of_what_was_said(store: SqliteStore) -> None:
    await store.create(a_record())
    with pytest.raises(StorageFailed) as caught:
        await store.commit("s-1", [said(1, SECRET), said(1, SECRET)])
    assert SECRET not in f"{caught.value} {caught.value.__cause__}"


async def test_commits_of_one_session_keep_their_order(store: SqliteStore) -> None:
    await store.create(a_record())
    await asyncio.gather(*(store.commit("s-1", [StoreAudio(i, steps(i), i)]) for i in range(50)))
    assert [start for start, _ in await store.audio("s-1", 0)] == list(range(50))


async def test_an_erased_session_leaves_no_trace_but_its_audit(store: SqliteStore, file: Path) -> None:
    await store.create(a_record())
    await store.add_consent("s-1", ConsentRecord(True, "verbal", SECRET, "2031-05-04T08:31:00.000Z", SECRET))
    event = Broadcast(Envelope(1, 0.0, Gap(0.0, 1.0, SECRET)), durable=True)
    await store.commit("s-1", [event, StoreCheckpoint(0, 1, SECRET.encode()), StoreAudio(0, steps(1), 1)])
    entry = AuditEntry("2031-05-04T09:00:00.000Z", "s-1", "session.erase", "api_key:0123456789ab")
    await store.add_audit(entry)
    assert SECRET.encode() in _bytes_of(file)

    await store.erase("s-1")

    assert SECRET.encode() not in _bytes_of(file)
    assert await store.load("s-1") is None
    assert await store.audio("s-1", 0) == ()
    assert await store.audit_trail("s-1") == (entry,)


async def test_erased_capture_leaves_session_consent_and_numbers(store: SqliteStore, file: Path) -> None:
    await store.create(a_record())
    await store.add_consent("s-1", ConsentRecord(True, "verbal", "dr", "2031-05-04T08:31:00.000Z"))
    await store.commit("s-1", [said(1, SECRET), StoreCheckpoint(0, 1, b"x"), StoreAudio(0, steps(1, 2), 4)])
    await store.commit("s-1", [EraseCapture(), said(5)])
    loaded = await store.load("s-1")
    assert loaded is not None
    assert [event.seq for event in loaded.events] == [5]
    assert loaded.checkpoints == {}
    assert (loaded.received_samples, loaded.last_seq, len(loaded.consent)) == (2, 5, 1)
    assert await store.audio("s-1", 0) == ()
    assert SECRET.encode() not in _bytes_of(file)


async def test_nothing_is_kept_of_a_session_that_was_erased_meanwhile(store: SqliteStore) -> None:
    await store.create(a_record())
    await store.erase("s-1")
    with pytest.raises(UnknownSession):
        await store.commit("s-1", [said(1)])


async def test_a_closed_store_says_so(store: SqliteStore) -> None:
    await store.close()
    with pytest.raises(StorageFailed, match="closed"):
        await store.commit("s-1", [said(1)])
    with pytest.raises(StorageFailed, match="closed"):
        await store.load("s-1")


async def test_a_caller_that_gives_up_does_not_stop_the_writer(store: SqliteStore) -> None:
    await store.create(a_record())
    task = asyncio.create_task(store.commit("s-1", [said(1)]))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await store.commit("s-1", [said(2)])
    assert [event.seq for event in await store.events("s-1", 0, 9)] == [1, 2]


WRITES_UNTIL_KILLED = """
import asyncio, sys
from pathlib import Path
import numpy as np
from colloque.server.ports import SessionRecord
from colloque.server.storage.sqlite import SqliteStore
from colloque.streaming.commands import StoreAudio
from colloque.streaming.config import SessionConfig

async def main():
    store = SqliteStore(Path(sys.argv[1]))
    await store.create(SessionRecord(SessionConfig("s-1", "fr"), "2031-05-04T08:30:00.000Z", ()))
    for i in range(1_000_000):
        await store.commit("s-1", [StoreAudio(160 * i, np.full((1, 160), i / 32768, np.float32), i)])
        print(i, flush=True)

asyncio.run(main())
"""


async def test_what_was_answered_survives_the_death_of_the_process(file: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITES_UNTIL_KILLED, str(file), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    answered = -1
    while answered < 50:
        answered = int(await process.stdout.readline())
    process.kill()
    rest = await process.stdout.read()
    await process.wait()
    answered = int((rest.split(b"\n")[-2:-1] or [str(answered).encode()])[0])

    store = SqliteStore(file)  # the dead process holds no lock
    pieces = await store.audio("s-1", 0)
    loaded = await store.load("s-1")
    await store.close()
    assert [round(float(pcm[0, 0]) * 32768) for _, pcm in pieces][: answered + 1] == list(range(answered + 1))
    assert loaded is not None
    assert loaded.received_samples == 160 * len(pieces)
    assert loaded.last_seq == len(pieces) - 1


def test_it_is_a_store(file: Path) -> None:
    async def open_and_close() -> None:
        store: Store = SqliteStore(file)
        await store.close()

    asyncio.run(open_and_close())


def _bytes_of(file: Path) -> bytes:
    """Whatever lies in the database and its log."""
    return b"".join(path.read_bytes() for path in file.parent.iterdir())
