"""The threads that alone own a model, and the slots whose work they do.

A slot is a place for one stream; when all are taken the answer is `EngineFull`. Each slot has a bounded inbox; a step
takes the next piece of work of several slots, turn and turn about, so that one stream cannot starve another. A slot is
in one step at a time, so its work is done in order however many threads there are.

After moshi's batched server (slots, one thread, "full") and sherpa-onnx (weights apart from streams).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from colloque.streaming.engines import EngineFull

Work = TypeVar("Work")

Step = Callable[[Sequence["Job[Work]"]], None]
"""Does the work of a batch. What it raises is the fault of all in the batch; it should keep faults to their job."""


class InboxFull(RuntimeError):
    """More work was put than the slot may hold: whoever puts must wait for progress."""


class Slot(Generic[Work]):
    """A place for one stream, valid for one opening: a slot that is used again is another object."""

    def __init__(self, batcher: Batcher[Work], generation: int) -> None:
        self._batcher = batcher
        self.generation = generation
        self.is_open = True
        self.is_busy = False
        """A step with its work is under way."""
        self.waiting: deque[Work] = deque()

    @property
    def is_waited_for(self) -> bool:
        """More work is queued than what is under way."""
        return bool(self.waiting)

    def put(self, work: Work) -> None:
        """Queues work. Raises `InboxFull`."""
        self._batcher.put(self, work)

    def close(self) -> None:
        """Frees the place; work that waits is forgotten, work under way ends unheard."""
        self._batcher.close(self)


@dataclass(frozen=True, slots=True)
class Job(Generic[Work]):
    """Work of one slot."""

    slot: Slot[Work]
    work: Work


class Batcher(Generic[Work]):
    """The threads and the slots."""

    def __init__(
        self,
        name: str,
        step: Step[Work],
        *,
        slots: int,
        batch_max: int | None = None,
        inbox_max: int = 1000,
        threads: int = 1,
    ) -> None:
        """`step` runs in the batcher's own threads. `batch_max` jobs at most make a batch, one a slot."""
        self.name = name
        self._step = step
        self._slots_max = slots
        self._batch_max = batch_max or slots
        self._inbox_max = inbox_max
        self._slots: deque[Slot[Work]] = deque()
        self._generation = 0
        self._changed = threading.Condition()
        self._stopping = False
        self._steps = 0
        self._step_s_sum = 0.0
        self._step_s_max = 0.0
        self._faults = 0
        self._threads = [
            threading.Thread(target=self._run, name=f"batcher-{name}-{i}", daemon=True) for i in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def open(self) -> Slot[Work]:
        """Takes a slot. Raises `EngineFull`."""
        with self._changed:
            if len(self._slots) >= self._slots_max:
                raise EngineFull(f"all {self._slots_max} slots are taken: wait until a session ends")
            self._generation += 1
            slot = Slot(self, self._generation)
            self._slots.append(slot)
            return slot

    @property
    def slots_used(self) -> int:
        """Slots that are taken."""
        return len(self._slots)

    def put(self, slot: Slot[Work], work: Work) -> None:
        """Queues work of a slot; nothing where the slot was closed meanwhile."""
        with self._changed:
            if not slot.is_open:
                return
            if len(slot.waiting) >= self._inbox_max:
                raise InboxFull(f"{self._inbox_max} pieces of work wait already: push no faster than `Progress` tells")
            slot.waiting.append(work)
            self._changed.notify()

    def close(self, slot: Slot[Work]) -> None:
        """Frees a slot; safe to call twice, and while its work is under way."""
        with self._changed:
            slot.is_open = False
            slot.waiting.clear()
            if slot in self._slots:
                self._slots.remove(slot)

    def statistics(self) -> dict[str, float]:
        """Slots, queue and step times so far."""
        with self._changed:
            waiting = sum(len(slot.waiting) for slot in self._slots)
            numbers = {
                "slots": self._slots_max,
                "slots_used": len(self._slots),
                "waiting": waiting,
                "steps": self._steps,
                "step_seconds_sum": self._step_s_sum,
                "step_seconds_max": self._step_s_max,
                "faults": self._faults,
            }
        return {f"{self.name}_{key}": float(value) for key, value in numbers.items()}

    def shut_down(self) -> None:
        """Ends the threads after the steps under way."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while (batch := self._next_batch()) is not None:
            started = time.perf_counter()
            try:
                self._step(batch)
            except Exception:
                # The step has its own handling of each job's faults; what still comes through must not end the thread.
                with self._changed:
                    self._faults += 1
            passed = time.perf_counter() - started
            with self._changed:
                self._steps += 1
                self._step_s_sum += passed
                self._step_s_max = max(self._step_s_max, passed)
                for job in batch:
                    job.slot.is_busy = False
                self._changed.notify_all()  # whoever waits may now have more of the same slot to do

    def _next_batch(self) -> list[Job[Work]] | None:
        """Waits for work; None at the end."""
        with self._changed:
            while not self._stopping:
                jobs = self._take()
                if jobs:
                    return jobs
                self._changed.wait()
            return None

    def _take(self) -> list[Job[Work]]:
        jobs: list[Job[Work]] = []
        for slot in list(self._slots):
            if len(jobs) == self._batch_max:
                break
            if slot.is_busy or not slot.waiting:
                continue
            jobs.append(Job(slot, slot.waiting.popleft()))
            slot.is_busy = True
            self._slots.remove(slot)  # to the end of the row: turn and turn about
            self._slots.append(slot)
        return jobs
