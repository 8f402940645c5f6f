"""`OUT.jsonl`."""

import json
from pathlib import Path

import pytest

from colloque.clients.errors import ClientError
from colloque.clients.event_log import EventLog
from colloque.streaming.messages import AudioAck, Envelope, Lag


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_each_event_is_a_line_with_the_time_since_the_first_frame(tmp_path: Path) -> None:
    time_s = 100.0
    log = EventLog(tmp_path / "out.jsonl", lambda: time_s)
    log.write(Envelope(1, 0.0, AudioAck(0)))
    time_s = 102.0
    log.first_frame()
    time_s = 102.5
    log.write(Envelope(2, 0.4, Lag(0.5, 0.25)))
    log.first_frame()
    time_s = 103.0
    log.write(Envelope(3, 0.9, Lag(1.0, 0.5)))
    log.close()
    assert lines(tmp_path / "out.jsonl") == [
        {"type": "audio.ack", "seq": 1, "t": 0.0, "samples": 0, "wall": -2.0},
        {"type": "lag", "seq": 2, "t": 0.4, "received": 0.5, "processed": 0.25, "wall": 0.5},
        {"type": "lag", "seq": 3, "t": 0.9, "received": 1.0, "processed": 0.5, "wall": 1.0},
    ]


def test_events_of_a_session_without_audio_are_written_too(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "out.jsonl", lambda: 7.0)
    log.write(Envelope(1, 0.0, AudioAck(0)))
    log.close()
    assert [line["wall"] for line in lines(tmp_path / "out.jsonl")] == [0.0]


def test_without_a_file_nothing_is_kept() -> None:
    log = EventLog(None, lambda: 0.0)
    log.write(Envelope(1, 0.0, AudioAck(0)))
    log.first_frame()
    log.close()


def test_a_file_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="cannot be written"):
        EventLog(tmp_path / "no" / "such" / "folder.jsonl", lambda: 0.0)
