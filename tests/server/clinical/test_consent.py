"""Consent: what can follow what."""

from __future__ import annotations

import pytest

from colloque.server.clinical.consent import ConsentRecord, record, status
from colloque.streaming.errors import SessionOver

GIVEN = ConsentRecord(True, "verbal", "dr", "2031-05-04T08:30:00.000Z")
NO = ConsentRecord(False, "verbal", "dr", "2031-05-04T08:40:00.000Z")


def test_status_follows_the_decisions() -> None:
    assert status(()) == "none"
    assert status((GIVEN,)) == "given"
    assert status((NO,)) == "refused"
    assert status((GIVEN, NO)) == "withdrawn"


def test_decisions_are_appended() -> None:
    history = record((), GIVEN)
    assert history == (GIVEN,)
    assert record(history, GIVEN) == (GIVEN, GIVEN)
    assert record(history, NO) == (GIVEN, NO)


@pytest.mark.parametrize("history", [(NO,), (GIVEN, NO)])
@pytest.mark.parametrize("decision", [GIVEN, NO])
def test_nothing_follows_a_refusal_or_a_withdrawal(history: tuple[ConsentRecord, ...], decision: ConsentRecord) -> None:
    with pytest.raises(SessionOver, match="open a new session"):
        record(history, decision)
