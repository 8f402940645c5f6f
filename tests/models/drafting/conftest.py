from __future__ import annotations

from collections.abc import Iterator

import pytest

from colloque.models.drafting.engine import LocalNoteEngine


@pytest.fixture(scope="session")
def engine() -> Iterator[LocalNoteEngine]:
    """A warm engine; its readings are kept per session id, and a draft depends on its turns only."""
    engine = LocalNoteEngine()
    engine.warm_up(("fr", "en", "de"))
    yield engine
    engine.shut_down()
