"""What the end of a connection means."""

import pytest

from colloque.clients.closing import CLOSE_CODES, Patience, explain, retry_after_s, verdict
from colloque.streaming.messages import Fault


@pytest.mark.parametrize("code", [1001, 1006, 1011, 1012, 1013])
def test_faults_of_the_server_or_the_way_are_tried_again(code: int) -> None:
    assert verdict(code) == "retry"


@pytest.mark.parametrize("code", [1008, 1009, 4001, 4002, 4003, 4004, 1003, 4999])
def test_refusals_and_what_is_not_known_are_final(code: int) -> None:
    assert verdict(code) == "final"


def test_a_thousand_is_done() -> None:
    assert verdict(1000) == "done"


def test_the_error_before_the_close_explains_it() -> None:
    error = explain(1008, Fault("unknown_session", "no such session", False))
    assert (error.code, error.close_code) == ("unknown_session", 1008)
    assert str(error) == "no such session (unknown_session, close code 1008)"


def test_an_error_that_was_got_over_explains_nothing() -> None:
    assert explain(4003, Fault("consent_required", "not yet", True)).code == "superseded"


@pytest.mark.parametrize("code", sorted(CLOSE_CODES))
def test_every_code_has_an_explanation(code: int) -> None:
    assert explain(code, None).code
    assert str(explain(code, None))


@pytest.mark.parametrize(
    ("reason", "seconds"),
    [("full; retry_after=30", 30.0), ("retry_after: 2.5", 2.5), ("", None), ("retry later", None)],
)
def test_the_reason_of_a_full_server_says_how_long_to_wait(reason: str, seconds: float | None) -> None:
    assert retry_after_s(reason) == seconds


def test_pauses_grow_to_a_bound_and_respect_what_was_asked() -> None:
    patience = Patience(first_s=0.5, max_s=4.0)
    for attempt in range(40):
        bound = min(4.0, 0.5 * 2**attempt)
        assert bound / 2 <= patience.pause_s(attempt) <= bound
    assert patience.pause_s(0, asked_s=7.0) == 7.0
