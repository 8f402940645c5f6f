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
        self.batches: list[list[tuple[str, bool]]] = []
        self.entered = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)
        self.thread: threading.Thread | None = None

    def __call__(self, jobs: Sequence[Job[str]]) -> None:
        self.thread = threading.current_thread()
        self.batches.append([(job.work, job.is_final) for job in jobs])
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
        return [work for batch in self.batches for work, _ in batch]


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
    assert recorder.thread.name == "batcher-tried"
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
    assert [sorted(work for work, _ in batch) for batch in recorder.batches] == [["1a"], ["1b", "2a", "3a"], ["1c"]]


def test_interim_work_is_replaced_by_newer_and_steps_back(recorder: Recorder, batcher: Batcher[str]) -> None:
    first, second = batcher.open(), batcher.open()
    first.put("start")
    recorder.wait()
    first.put_interim("look 1")
    first.put_interim("look 2")
    second.put("final")
    recorder.go_on(2)
    assert recorder.batches == [[("start", True)], [("final", True)], [("look 2", False)]]


def test_final_work_makes_interim_work_of_its_slot_pointless(recorder: Recorder, batcher: Batcher[str]) -> None:
    first, second = batcher.open(), batcher.open()
    first.put("start")
    recorder.wait()
    first.put_interim("look")
    second.put_interim("look of another")
    first.put("final")
    recorder.go_on(2)
    assert recorder.done == ["start", "final", "look of another"]


def test_the_inbox_is_bounded_and_takes_work_again(recorder: Recorder, batcher: Batcher[str]) -> None:
    slot = batcher.open()
    slot.put("under way")
    recorder.wait()
    for i in range(4):
        slot.put(f"{i}")
    with pytest.raises(InboxFull, match="4 pieces of work wait already"):
        slot.put("one too many")
    slot.put_interim("always has room")
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
    slots[0].put_interim("forgotten too")
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
    for work in ("a", "b", "c"):
        slot.put(work)
    slot.put_interim("d")
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
