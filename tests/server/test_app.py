"""The whole server, joined: start, readiness, page, many clients, restart."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from colloque.models.catalogue import ModelMissing
from colloque.server.app import compose
from colloque.server.auth import KeyRing
from colloque.server.config import ServerConfig
from colloque.server.engines import make_engines
from colloque.server.storage.errors import StorageFailed
from tests.server.hand_engines import HandEngine, HandNotes
from tests.server.live_server import KEY, live_server


async def test_the_port_answers_while_the_models_are_loaded(tmp_path: Path) -> None:
    engine = HandEngine()
    engine.warm.clear()
    async with live_server(tmp_path, engine, wait=False) as server:
        assert (await server.http.get("/healthz")).json() == {"status": "ok"}
        answer = await server.http.get("/readyz")
        assert (answer.status_code, answer.json()["code"]) == (503, "warming")
        assert answer.headers["retry-after"] == "2"
        # what is said meanwhile is kept, and worked through afterwards
        opened = await server.open()
        async with server.stream(opened.session_id, opened.publisher_token) as stream:
            await stream.speak(2.0)
            assert (await stream.until("audio.ack"))["samples"] == 32_000
            assert engine.streams == []
            engine.warm.set()
            await stream.until("transcript.final")
        assert (await server.http.get("/readyz")).json() == {"status": "ready"}


async def test_a_consultation_becomes_a_transcript_and_a_note(tmp_path: Path) -> None:
    engines = make_engines(ServerConfig(tmp_path, tmp_path, engine="scripted"))
    async with live_server(tmp_path, *engines) as server:
        opened = await server.open()
        async with server.stream(opened.session_id, opened.publisher_token) as stream:
            for _ in range(100):
                await stream.speak(0.1)
            await stream.say("end")
            events = await stream.rest()
        spoken = {w["id"]: w["text"] for e in events if e["type"] == "transcript.final" for w in e["words"]}
        statements = {e["statement"]["id"]: e["statement"] for e in events if e["type"] == "note.upsert"}
        assert "J'ai de la fièvre depuis hier." in {each["text"] for each in statements.values()}
        for statement in statements.values():
            (evidence,) = statement["evidence"]
            assert " ".join(spoken[word_id] for word_id in evidence["word_ids"]) == statement["text"]
        note = (await server.http.get(f"/v1/sessions/{opened.session_id}/note")).json()
        assert {each["id"] for each in note["statements"]} == set(statements)


async def test_engines_that_cannot_be_started_are_told(tmp_path: Path) -> None:
    engine = HandEngine()
    engine.fault = ModelMissing("whisper-base is missing")
    async with live_server(tmp_path, engine) as server:
        answer = await server.http.get("/readyz")
        assert (answer.status_code, answer.json()["code"]) == (503, "failed")
        assert (await server.http.get("/healthz")).status_code == 200


async def test_sessions_go_on_after_a_restart(tmp_path: Path) -> None:
    async with live_server(tmp_path) as server:
        opened = await server.open()
        async with server.stream(opened.session_id, opened.publisher_token) as stream:
            await stream.speak(2.0)
            seen = await stream.until("transcript.final")
    async with live_server(tmp_path) as server:
        async with server.stream(opened.session_id, opened.publisher_token, last_seq=str(seen["seq"])) as stream:
            ready = await stream.until("session.ready")
            assert ready["audio"]["samples"] == 32_000
            await stream.speak(1.0)
            await stream.say("end")
            words = [w["text"] for e in await stream.rest() if e["type"] == "transcript.final" for w in e["words"]]
            assert words == ["mot2", "mot3"]
        text = await server.http.get(f"/v1/sessions/{opened.session_id}/transcript", params={"format": "txt"})
        assert all(word in text.text for word in ("mot1", "mot2", "mot3"))


async def test_a_full_server_says_when_to_come_back(tmp_path: Path) -> None:
    async with live_server(tmp_path, sessions_max=1) as server:
        opened = await server.open()
        answer = await server.http.post("/v1/sessions", json={"language": "fr"})
        assert (answer.status_code, answer.json()["code"]) == (503, "capacity")
        assert int(answer.headers["retry-after"]) == answer.json()["retry_after"] > 0
        async with server.stream(opened.session_id, opened.publisher_token) as stream:
            await stream.say("end")
            assert (await stream.rest())[-1]["code"] == 1000
        await server.open()


async def test_sessions_do_not_mix(tmp_path: Path) -> None:
    async with live_server(tmp_path, sessions_max=6) as server:

        async def consult(seconds: int) -> list[str]:
            opened = await server.open()
            async with server.stream(opened.session_id, opened.publisher_token) as stream:
                for _ in range(seconds * 10):
                    await stream.speak(0.1)
                await stream.say("end")
                events = await stream.rest()
            assert events[-1]["code"] == 1000
            return [w["text"] for e in events if e["type"] == "transcript.final" for w in e["words"]]

        found = await asyncio.gather(*(consult(seconds) for seconds in range(1, 7)))
        assert found == [[f"mot{n + 1}" for n in range(seconds)] for seconds in range(1, 7)]


async def test_erased_sessions_are_gone(tmp_path: Path) -> None:
    async with live_server(tmp_path) as server:
        opened = await server.open()
        async with server.stream(opened.session_id, opened.publisher_token) as stream:
            await stream.until("snapshot")
            assert (await server.http.delete(f"/v1/sessions/{opened.session_id}")).status_code == 204
            assert (await stream.rest())[-1]["code"] == 1000
        assert (await server.http.get(f"/v1/sessions/{opened.session_id}")).status_code == 404


async def test_a_data_folder_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    async with live_server(tmp_path):
        config = ServerConfig(tmp_path, tmp_path, api_keys=(KEY,))
        with pytest.raises(StorageFailed):
            compose(config, KeyRing.of(config.api_keys), HandEngine(), HandNotes())
