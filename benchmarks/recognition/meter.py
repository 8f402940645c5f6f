"""CPU and memory of processes and all their children."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import psutil  # type: ignore[import-untyped, unused-ignore]

PERIOD_S = 0.25
MIB = 2**20


class ProcessMeter:
    """Samples process trees while they live; a context manager.

    Memory is resident memory summed over the trees, so pages that processes share count for each of them. CPU of a
    child that lives for less than `PERIOD_S` may be missed.
    """

    def __init__(self, pids: Sequence[int]) -> None:
        self.peak_bytes = 0
        self._roots = [psutil.Process(pid) for pid in pids]
        self._cpu_s: dict[tuple[int, float], float] = {}
        """User and system seconds by process id and start, also of processes that have ended."""
        self._before_s = 0.0
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> ProcessMeter:
        self._sample()
        self._before_s = sum(self._cpu_s.values())
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._sample()

    def cpu_s_now(self) -> float:
        """User and system seconds since the meter was entered."""
        self._sample()
        with self._lock:
            return sum(self._cpu_s.values()) - self._before_s

    def _watch(self) -> None:
        while not self._over.wait(PERIOD_S):
            self._sample()

    def _sample(self) -> None:
        resident = 0
        with self._lock:
            for process in self._tree():
                try:
                    times = process.cpu_times()
                    resident += process.memory_info().rss
                    self._cpu_s[process.pid, process.create_time()] = times.user + times.system
                except psutil.Error:
                    continue
        self.peak_bytes = max(self.peak_bytes, resident)

    def _tree(self) -> list[psutil.Process]:
        tree: list[psutil.Process] = []
        for root in self._roots:
            try:
                tree += [root, *root.children(recursive=True)]
            except psutil.Error:
                continue
        return tree


class MachineMeter:
    """CPU that the whole machine uses, so that a reader can tell whether something else ran beside."""

    def __init__(self) -> None:
        self._before_s = self._busy_s()

    def busy_s(self) -> float:
        """CPU seconds of all processes since the meter was made."""
        return self._busy_s() - self._before_s

    @staticmethod
    def _busy_s() -> float:
        times: dict[str, float] = psutil.cpu_times()._asdict()
        # Linux counts guests in user time already.
        return sum(seconds for kind, seconds in times.items() if kind not in ("idle", "iowait", "guest", "guest_nice"))
