"""What several test files of the server use."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from colloque.server.telemetry import set_up_logs


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the server logs."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, logging.getLogger("colloque").level)
    stream = io.StringIO()
    set_up_logs(stream)
    yield stream
    root.handlers[:], level, own_level = before
    root.setLevel(level)
    logging.getLogger("colloque").setLevel(own_level)
    structlog.reset_defaults()
