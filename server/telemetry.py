"""What the server tells of itself: numbers for Prometheus, log lines of ids and counts. Never speech, names, tokens."""

from __future__ import annotations

import logging
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_LAG_BUCKETS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 13.0, 20.0, 40.0)
_COMMIT_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)
_DRAFT_BUCKETS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Telemetry:
    """The metrics of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        to = self._registry
        self.connections = Gauge("colloque_connections", "Clients connected now", ["kind"], registry=to)
        self.lag_s = Histogram(
            "colloque_lag_seconds", "Audio received and not yet worked through", registry=to, buckets=_LAG_BUCKETS
        )
        self.commit_s = Histogram(
            "colloque_store_commit_seconds", "Time of one commit of a session", registry=to, buckets=_COMMIT_BUCKETS
        )
        self.draft_s = Histogram(
            "colloque_draft_seconds", "Time of one draft of a note", registry=to, buckets=_DRAFT_BUCKETS
        )
        self.audio_s = Counter("colloque_audio_seconds", "Audio accepted, all tracks", registry=to)
        self.words = Counter("colloque_words", "Words committed", registry=to)
        self.errors = Counter("colloque_errors", "Errors told to clients, by code", ["code"], registry=to)
        self.failures = Counter(
            "colloque_session_failures", "Sessions put down by a fault, by code", ["code"], registry=to
        )

    def watch_sessions(self, open_sessions: Callable[[], float], in_memory: Callable[[], float]) -> None:
        """Reads the number of sessions whenever the metrics are read."""
        taken = Gauge("colloque_sessions", "Sessions that are not over", registry=self._registry)
        taken.set_function(open_sessions)
        held = Gauge("colloque_sessions_in_memory", "Sessions that are awake", registry=self._registry)
        held.set_function(in_memory)

    def watch_engine(self, statistics: Callable[[], dict[str, float]]) -> None:
        """Reads the speech engine's numbers (slots, queue depths, step times) whenever the metrics are read."""
        self._registry.register(_EngineNumbers(statistics))

    @contextmanager
    def connected(self, kind: str) -> Iterator[None]:
        """Counts a client while the block runs."""
        gauge = self.connections.labels(kind)
        gauge.inc()
        try:
            yield
        finally:
            gauge.dec()

    @contextmanager
    def timed(self, histogram: Histogram) -> Iterator[None]:
        """Observes how long the block takes, in seconds."""
        start = time.perf_counter()
        try:
            yield
        finally:
            histogram.observe(time.perf_counter() - start)

    def render(self) -> bytes:
        """The metrics as Prometheus reads them."""
        return generate_latest(self._registry)


class _EngineNumbers(Collector):
    def __init__(self, statistics: Callable[[], dict[str, float]]) -> None:
        self._statistics = statistics

    def collect(self) -> Iterable[Metric]:
        """One gauge a number."""
        for name, value in self._statistics().items():
            yield GaugeMetricFamily(f"colloque_engine_{name}", f"Speech engine: {name}", value=value)


# --- logs ---------------------------------------------------------------------------------------------------------


def set_up_logs(stream: TextIO | None = None) -> None:
    """JSON lines on standard error, for this server's loggers and for those of its libraries (warnings and worse)."""
    shared: list[Any] = [
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        fault_places,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # libraries log addresses with their query, in which a token may be, at "info"
    root.setLevel(logging.WARNING)
    logging.getLogger("colloque").setLevel(logging.INFO)


def fault_places(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Processor: an exception becomes its type and places in the code; its text may hold what was said."""
    fault = event.pop("exc_info", None)
    if fault is True:
        fault = sys.exc_info()[1]
    elif isinstance(fault, tuple):
        fault = fault[1]
    if isinstance(fault, BaseException):
        frames = traceback.extract_tb(fault.__traceback__)[-12:]
        event["error"] = type(fault).__name__
        event["places"] = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}:{frame.name}" for frame in frames]
    return event
