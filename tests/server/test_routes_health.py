"""Alive, ready, and numbers without names."""

from __future__ import annotations

from pathlib import Path

from tests.server.live_server import live_server


async def test_the_numbers_tell_of_no_session(tmp_path: Path) -> None:
    async with live_server(tmp_path) as server:
        opened = await server.open(title="Madame Martin", keyterms=["Doliprane"])
        async with server.stream(opened.session_id, opened.publisher_token) as stream:
            await stream.speak(1.0)
            await stream.say("end")
            await stream.rest()
        answer = await server.http.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        lines = answer.text.splitlines()
        assert "colloque_words_total 1.0" in lines
        assert "colloque_audio_seconds_total 1.0" in lines
        assert "colloque_engine_slots 8.0" in lines
        assert "colloque_sessions 0.0" in lines
        for secret in (opened.session_id, opened.publisher_token, "Martin", "Doliprane", "mot1"):
            assert secret not in answer.text


async def test_health_needs_no_key(tmp_path: Path) -> None:
    async with live_server(tmp_path) as server:
        for path in ("/healthz", "/readyz", "/metrics"):
            assert (await server.http.get(path, headers={"Authorization": ""})).status_code == 200
