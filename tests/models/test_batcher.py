from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest

from colloque.models.batcher import Batcher, InboxFull, Job
from colloque.streaming.engines import EngineFull

WAIT_S = 30.0


class Recorder:
    """Steps that go on one by one, when the test lets them; keeps what was done."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.entered = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)
        self.thread: threading.Thread | None = None

    def __call__(self, jobs: Sequence[Job[str]]) -> None:
        self.thread = threading.current_thread()
        self.batches.append([job.work for job in jobs])
        self.entered.release()
        assert self.may_end.acquire(timeout=WAIT_S)
        if any(job.work == "fault" for job in jobs):
            raise ArithmeticError("a fault of the step")

    def wait(self) -> None:
        """Until the next step has begun."""
        assert self.entered.acquire(timeout=WAIT_S)

    def go_on(self, steps: int = 1) -> None:
        """Ends the step under way, and so many in all; waits until each has begun."""
        for _ in range(steps):
            self.may_end.release()
            self.wait()

    @property
    def done(self) -> list[str]:
        return [work for batch in self.batches for work in batch]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def batcher(recorder: Recorder) -> Iterator[Batcher[str]]:
    batcher: Batcher[str] = Batcher("tried", recorder, slots=3, batch_max=1, inbox_max=4)
    yield batcher
    recorder.may_end.release(1000)
    batcher.shut_down()


def test_the_step_runs_in_one_thread_of_its_own(recorder: Recorder, batcher: Batcher[str]) -> None:
    batcher.open().put("a")
    recorder.wait()
    assert recorder.thread is not None
    assert recorder.thread.name == "batcher-tried-0"
    assert recorder.thread is not threading.current_thread()


def test_slots_take_turns(recorder: Recorder, batcher: Batcher[str]) -> None:
    busy, modest = batcher.open(), batcher.open()
    busy.put("b1")
    recorder.wait()
    for work in ("b2", "b3", "b4"):
        busy.put(work)
    modest.put("m1")
    modest.put("m2")
    recorder.go_on(5)
    assert recorder.done == ["b1", "m1", "b2", "m2", "b3", "b4"]


def test_a_batch_has_one_job_of_each_slot(recorder: Recorder) -> None:
    batcher: Batcher[str] = Batcher("wide", recorder, slots=3)
    one, two, three = batcher.open(), batcher.open(), batcher.open()
    one.put("1a")
    recorder.wait()
    for slot, work in ((one, "1b"), (one, "1c"), (two, "2a"), (three, "3a")):
        slot.put(work)
    recorder.go_on(2)
    recorder.may_end.release()
    batcher.shut_down()
    assert [sorted(batch) for batch in recorder.batches] == [["1a"], ["1b", "2a", "3a"], ["1c"]]


def test_the_inbox_is_bounded_and_takes_work_again(recorder: Recorder, batcher: Batcher[str]) -> None:
    slot = batcher.open()
    slot.put("under way")
    recorder.wait()
    for i in range(4):
        slot.put(f"{i}")
    with pytest.raises(InboxFull, match="4 pieces of work wait already"):
        slot.put("one too many")
    recorder.go_on()
    slot.put("4")
    recorder.go_on(4)
    assert recorder.done == ["under way", "0", "1", "2", "3", "4"]


def test_a_slot_is_valid_for_one_opening(recorder: Recorder, batcher: Batcher[str]) -> None:
    slots = [batcher.open() for _ in range(3)]
    with pytest.raises(EngineFull, match="all 3 slots are taken"):
        batcher.open()
    slots[0].put("under way")
    recorder.wait()
    slots[0].put("forgotten")
    slots[0].close()
    slots[0].close()
    again = batcher.open()
    assert again.generation > max(slot.generation for slot in slots)
    slots[0].put("to nobody")
    again.put("mine")
    recorder.go_on()
    assert recorder.done == ["under way", "mine"]
    assert batcher.statistics()["tried_slots_used"] == 3


def test_a_step_that_raises_does_not_end_the_thread(recorder: Recorder, batcher: Batcher[str]) -> None:
    slot = batcher.open()
    for work in ("fault", "good"):
        slot.put(work)
    recorder.wait()
    recorder.go_on()
    assert recorder.done == ["fault", "good"]
    assert batcher.statistics()["tried_faults"] == 1


def test_numbers_tell_what_waits_and_what_was_done(recorder: Recorder, batcher: Batcher[str]) -> None:
    slot = batcher.open()
    for work in ("a", "b", "c", "d"):
        slot.put(work)
    recorder.wait()
    recorder.go_on()
    numbers = batcher.statistics()
    assert (numbers["tried_waiting"], numbers["tried_steps"], numbers["tried_slots"]) == (2, 1, 3)
    assert 0 < numbers["tried_step_seconds_max"] <= numbers["tried_step_seconds_sum"]


def test_shutting_down_lets_the_step_under_way_end_and_does_nothing_more(recorder: Recorder) -> None:
    batcher: Batcher[str] = Batcher("ended", recorder, slots=1)
    slot = batcher.open()
    slot.put("under way")
    recorder.wait()
    recorder.may_end.release()
    batcher.shut_down()
    assert recorder.thread is not None and not recorder.thread.is_alive()
    slot.put("never")
    assert recorder.done == ["under way"]
    batcher.shut_down()  # twice is once


class Pair:
    """Steps of several threads; tells which are under way at once."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.under_way: set[str] = set()
        self.together: set[frozenset[str]] = set()
        self.shared_slot = False
        self.entered = threading.Semaphore(0)
        self.may_end = {stream: threading.Semaphore(0) for stream in "abc"}
        self._lock = threading.Lock()

    def __call__(self, jobs: Sequence[Job[str]]) -> None:
        (job,) = jobs
        stream = job.work[0]
        with self._lock:
            self.shared_slot = self.shared_slot or stream in self.under_way
            self.under_way.add(stream)
            self.together.add(frozenset(self.under_way))
        self.entered.release()
        assert self.may_end[stream].acquire(timeout=WAIT_S)
        with self._lock:
            self.under_way.remove(stream)
            self.done.append(job.work)

    def allow(self, streams: str, steps: int) -> None:
        """So many steps of each stream may end without being waited for."""
        for stream in streams:
            self.may_end[stream].release(steps)

    def wait(self, steps: int) -> None:
        """Until so many more steps have begun."""
        for _ in range(steps):
            assert self.entered.acquire(timeout=WAIT_S)


def start_pair(pair: Pair, slots: int = 3) -> Batcher[str]:
    return Batcher("pair", pair, slots=slots, batch_max=1, inbox_max=1000, threads=2)


def test_two_slots_are_worked_off_at_once_and_one_never_is() -> None:
    pair = Pair()
    batcher = start_pair(pair)
    one, other = batcher.open(), batcher.open()
    one.put("a1")
    one.put("a2")
    pair.wait(1)
    # The other thread is free, but what is left belongs to the busy slot.
    assert batcher.statistics()["pair_waiting"] == 1
    other.put("b1")
    pair.wait(1)
    assert pair.under_way == {"a", "b"}
    pair.allow("b", 1)
    pair.allow("a", 2)
    pair.wait(1)
    batcher.shut_down()
    assert pair.together >= {frozenset("ab")}
    assert not pair.shared_slot
    assert [work for work in pair.done if work[0] == "a"] == ["a1", "a2"]


def test_with_many_threads_each_slot_keeps_its_order_and_loses_nothing() -> None:
    pair = Pair()
    pair.allow("abc", 1000)
    batcher = start_pair(pair)
    slots = {stream: batcher.open() for stream in "abc"}
    expected = {stream: [f"{stream}{i}" for i in range(100)] for stream in slots}
    for row in zip(*expected.values(), strict=True):
        for work in row:
            slots[work[0]].put(work)
    pair.wait(300)
    batcher.shut_down()
    assert not pair.shared_slot
    for stream, works in expected.items():
        assert [work for work in pair.done if work[0] == stream] == works


def test_a_slot_that_closes_in_its_step_leaves_the_other_thread_alone() -> None:
    pair = Pair()
    batcher = start_pair(pair, slots=2)
    one, other = batcher.open(), batcher.open()
    one.put("a1")
    one.put("a2")
    other.put("b1")
    pair.wait(2)
    one.close()
    again = batcher.open()  # the place is free while the old work is still under way
    again.put("c1")
    pair.allow("b", 1)
    pair.wait(1)
    pair.allow("ac", 1)
    batcher.shut_down()
    assert sorted(pair.done) == ["a1", "b1", "c1"]


def test_shutting_down_joins_every_thread() -> None:
    before = set(threading.enumerate())
    pair = Pair()
    batcher = start_pair(pair)
    started = set(threading.enumerate()) - before
    assert {thread.name for thread in started} == {"batcher-pair-0", "batcher-pair-1"}
    for stream in "ab":
        slot = batcher.open()
        slot.put(f"{stream}1")
        slot.put(f"{stream}2")
    pair.wait(2)
    ending = threading.Thread(target=batcher.shut_down)
    ending.start()
    pair.allow("ab", 1000)
    ending.join(WAIT_S)
    assert not ending.is_alive() and not any(thread.is_alive() for thread in started)
    assert set(pair.done) >= {"a1", "b1"}  # what was under way has ended
