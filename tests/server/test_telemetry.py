"""Numbers and log lines, without anything that was said."""

from __future__ import annotations

import io
import json
import logging

import structlog

from colloque.server.telemetry import Telemetry


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_counts_are_rendered_for_prometheus() -> None:
    telemetry = Telemetry()
    telemetry.watch_sessions(lambda: 2, lambda: 3)
    telemetry.watch_engine(lambda: {"slots": 2.0, "slots_used": 1.0})
    telemetry.words.inc(7)
    telemetry.errors.labels("bad_audio").inc()
    with telemetry.connected("viewer"), telemetry.timed(telemetry.commit_s):
        text = telemetry.render().decode()
    for line in (
        "colloque_sessions 2.0",
        "colloque_sessions_in_memory 3.0",
        "colloque_engine_slots_used 1.0",
        "colloque_words_total 7.0",
        'colloque_errors_total{code="bad_audio"} 1.0',
        'colloque_connections{kind="viewer"} 1.0',
    ):
        assert line in text.splitlines()
    text = telemetry.render().decode()
    assert 'colloque_connections{kind="viewer"} 0.0' in text
    assert "colloque_store_commit_seconds_count 1.0" in text


def test_two_servers_in_one_process_do_not_share_their_numbers() -> None:
    one, other = Telemetry(), Telemetry()
    one.words.inc()
    assert "colloque_words_total 0.0" in other.render().decode()


def test_log_lines_are_json_with_ids_and_counts(log: io.StringIO) -> None:
    structlog.get_logger("colloque.server.driver").info("session_finished", session="s-1", duration_s=12.5)
    (line,) = lines(log)
    assert line.pop("timestamp")
    assert line == {
        "event": "session_finished",
        "session": "s-1",
        "duration_s": 12.5,
        "level": "info",
        "logger": "colloque.server.driver",
    }


def test_the_text_of_an_exception_is_not_logged(log: io.StringIO) -> None:
    try:
        raise ValueError("j'ai mal à la tête")
    except ValueError as error:
        structlog.get_logger("colloque.server.driver").error("session_failed", exc_info=error)
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    assert "tête" not in log.getvalue()
    own, foreign = lines(log)
    assert own["error"] == foreign["error"] == "ValueError"
    (place,) = own["places"]  # type: ignore[misc]  # a list of texts
    assert place.startswith("test_telemetry.py:")


def test_libraries_are_heard_only_when_something_is_wrong(log: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").info('"WebSocket /v1/sessions/s/stream?token=secret" [accepted]')
    logging.getLogger("uvicorn.error").warning("trouble")
    (line,) = lines(log)
    assert line["event"] == "trouble"
