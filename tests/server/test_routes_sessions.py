"""Sessions over HTTP, against the real app: open, look at, transcript, erase."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from colloque.server.storage.sqlite import SqliteStore
from tests.server.serving import API_KEY, Served, bearer, serving

CONSENT = {"given": True, "method": "verbal", "by": "dr-1"}
WITHDRAWAL = {"given": False, "method": "verbal", "by": "dr-1"}


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path) as running:
        yield running


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# --- open ---------------------------------------------------------------------------------------------------------


async def test_who_may_not_open_a_session_learns_nothing_of_its_body(served: Served) -> None:
    answer = await served.client.post("/v1/sessions", json={"no": "such field"})
    assert code_of(answer) == (401, "unauthorised")


async def test_a_session_is_opened(served: Served) -> None:
    before = datetime.now(UTC)
    answer = await served.client.post("/v1/sessions", json={"language": "fr"}, headers=bearer(API_KEY))
    created = answer.json()
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    assert created["stream_url"] == f"ws://test/v1/sessions/{created['session_id']}/stream"
    assert created["publisher_token"] != created["viewer_token"]
    assert created["whip_url"] is created["offer_url"] is None
    life = datetime.fromisoformat(created["expires_at"]) - before
    assert timedelta(hours=11, minutes=59) < life < timedelta(hours=12, minutes=1)


async def test_a_session_is_read(served: Served) -> None:
    session = await served.open(
        language="de",
        tracks=[{"id": "left", "role": "practitioner"}, {"id": "right", "role": "patient"}],
        keyterms=["Ibuprofen"],
        speakers_max=2,
        title="Kontrolle",
    )
    answer = await session.get("")
    assert answer.status_code == 200
    read = answer.json()
    assert (read["session_id"], read["state"], read["title"], read["language"]) == (
        session.id,
        "waiting_consent",
        "Kontrolle",
        "de",
    )
    assert read["tracks"] == [{"id": "left", "role": "practitioner"}, {"id": "right", "role": "patient"}]
    assert read["consent"] == {"status": "none", "history": []}
    assert read["lag"] == {"received": 0.0, "processed": 0.0}
    assert read["counts"] == {"words": 0, "turns": 0, "speakers": 0, "statements": 0, "withheld": 0, "gaps": 0}
    assert read["note"] == {"rev": 0, "status": "draft"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body.language"),
        ({"language": "it"}, "body.language"),
        ({"language": "fr", "title": "x" * 201}, "body.title"),
        ({"language": "fr", "keyterms": ["x" * 81]}, "body.keyterms.0"),
        ({"language": "fr", "keyterms": ["x"] * 201}, "body.keyterms"),
        ({"language": "fr", "speakers_max": 0}, "body.speakers_max"),
        ({"language": "fr", "tracks": []}, "body.tracks"),
        ({"language": "fr", "tracks": [{"id": "a"}, {"id": "b"}, {"id": "c"}]}, "body.tracks"),
        ({"language": "fr", "tracks": [{"id": "a"}, {"id": "a"}]}, "body"),
        ({"language": "fr", "tracks": [{"id": "a", "role": "nurse"}]}, "body.tracks.0.role"),
        ({"language": "fr", "keyterm": ["x"]}, "body.keyterm"),
        ({"language": "fr", "title": "\ud800"}, "body.title"),  # half a character: no text, no database takes it
        ([], "body"),
    ],
)
async def test_a_wrong_request_names_its_field(served: Served, body: Any, field: str) -> None:
    headers = {**bearer(API_KEY), "Content-Type": "application/json"}
    answer = await served.client.post("/v1/sessions", content=json.dumps(body), headers=headers)
    assert code_of(answer) == (422, "bad_message")
    assert field in [error["where"] for error in answer.json()["errors"]]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic " + API_KEY}])
async def test_opening_needs_an_api_key(served: Served, headers: dict[str, str]) -> None:
    answer = await served.client.post("/v1/sessions", json={"language": "fr"}, headers=headers)
    assert code_of(answer) == (401, "unauthorised")
    assert "www-authenticate" in answer.headers


async def test_a_sessions_token_opens_no_other(served: Served) -> None:
    session = await served.open()
    for token in (session.publisher_token, session.viewer_token):
        answer = await served.client.post("/v1/sessions", json={"language": "fr"}, headers=bearer(token))
        assert code_of(answer) == (401, "unauthorised")


async def test_a_full_server_says_so_until_a_session_is_erased(served: Served) -> None:
    sessions = [await served.open() for _ in range(served.services.engines.speech.capacity)]
    answer = await served.client.post("/v1/sessions", json={"language": "fr"}, headers=bearer(API_KEY))
    assert code_of(answer) == (503, "capacity")
    assert int(answer.headers["retry-after"]) == answer.json()["retry_after"] > 0
    assert (await sessions[0].request("DELETE", "", token=API_KEY)).status_code == 204
    await served.open()


# --- who may ------------------------------------------------------------------------------------------------------


async def test_reading_is_open_to_all_three_scopes_and_the_query(served: Served) -> None:
    session = await served.open()
    for token in (API_KEY, session.publisher_token, session.viewer_token):
        assert (await session.get("", token=token)).status_code == 200
    answer = await served.client.get(f"/v1/sessions/{session.id}", params={"token": session.viewer_token})
    assert answer.status_code == 200


async def test_a_viewer_changes_nothing(served: Served) -> None:
    session = await served.open()
    for method, path, body in (
        ("POST", "/consent", CONSENT),
        ("PATCH", "/note/statements/n-1", {"base_rev": 0, "text": "x"}),
        ("POST", "/note/sign", {"base_rev": 0, "by": "dr-1"}),
        ("DELETE", "", None),
    ):
        answer = await session.request(method, path, json=body, token=session.viewer_token)
        assert code_of(answer) == (403, "not_allowed")


async def test_a_publisher_does_not_erase(served: Served) -> None:
    session = await served.open()
    answer = await session.request("DELETE", "", token=session.publisher_token)
    assert code_of(answer) == (403, "not_allowed")


async def test_tokens_of_another_session_and_strangers_are_refused(served: Served) -> None:
    session, other = await served.open(), await served.open()
    assert code_of(await session.get("", token=other.viewer_token)) == (401, "unauthorised")
    assert code_of(await session.get("", token=None)) == (401, "unauthorised")


async def test_an_expired_token_is_told_apart(tmp_path: Path) -> None:
    async with serving(tmp_path, token_life_s=1e-6) as served:
        session = await served.open()
        assert code_of(await session.get("", token=session.viewer_token)) == (401, "token_expired")
        assert (await session.get("", token=API_KEY)).status_code == 200


async def test_an_unknown_session(served: Served) -> None:
    answer = await served.client.get("/v1/sessions/nobody", headers=bearer(API_KEY))
    assert code_of(answer) == (404, "unknown_session")


# --- transcript ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "media_type", "expected"),
    [
        ("?format=txt", "text/plain; charset=utf-8", "[00:00:00] Inconnu (S1): Bonjour docteur\n"),
        ("?format=vtt", "text/vtt; charset=utf-8", "<v Inconnu (S1)>Bonjour docteur</v>"),
        ("?format=rttm", "text/plain; charset=utf-8", " 1 0.000 0.900 <NA> <NA> S1 <NA> <NA>\n"),
    ],
)
async def test_the_transcript_comes_in_its_formats(served: Served, query: str, media_type: str, expected: str) -> None:
    session = await served.live()
    await session.hear("Bonjour docteur")
    answer = await session.get("/transcript" + query, token=session.viewer_token)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["cache-control"] == "no-store"
    assert expected in answer.text


async def test_the_transcript_is_json_unless_asked_otherwise(served: Served) -> None:
    session = await served.live()
    await session.hear("Bonjour docteur")
    answer = await session.get("/transcript")
    assert answer.headers["content-type"] == "application/json"
    [turn] = answer.json()["turns"]
    assert [word["text"] for word in turn["words"]] == ["Bonjour", "docteur"]


async def test_an_unknown_format_is_refused(served: Served) -> None:
    session = await served.open()
    assert code_of(await session.get("/transcript?format=docx")) == (422, "bad_message")


# --- erase --------------------------------------------------------------------------------------------------------


async def test_an_erased_session_is_gone_but_for_its_audit(served: Served) -> None:
    session = await served.live()
    await session.hear("Bonjour")
    assert (await session.request("DELETE", "", token=API_KEY)).status_code == 204
    assert code_of(await session.get("", token=API_KEY)) == (404, "unknown_session")
    assert await served.services.store.load(session.id) is None
    assert await session.actions() == ["session.create", "consent.give", "session.erase"]


async def test_the_audit_knows_fingerprints_and_no_names(served: Served) -> None:
    session = await served.live()
    assert isinstance(served.services.store, SqliteStore)
    created, given = await served.services.store.audit_trail(session.id)
    assert created.actor.startswith("api_key:")
    assert given.actor.startswith("publisher:")
    assert session.publisher_token not in given.actor
    assert "dr-1" not in given.actor


# --- restart ------------------------------------------------------------------------------------------------------


async def test_a_restarted_server_still_has_everything(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        session = await served.live()
        await session.hear("Bonjour docteur")
        await session.draft("Toux")
        before = [(await session.get(path)).json() for path in ("/transcript", "/note")]
    async with serving(tmp_path) as again:
        session = session.on(again)
        assert [(await session.get(path)).json() for path in ("/transcript", "/note")] == before
        assert (await session.get("")).json()["state"] == "live"


# --- documentation ------------------------------------------------------------------------------------------------


async def test_openapi_describes_the_routes(served: Served) -> None:
    document = (await served.client.get("/openapi.json")).json()
    create = document["paths"]["/v1/sessions"]["post"]
    assert create["description"].startswith("Opens a session.")
    assert "application/problem+json" in create["responses"]["default"]["content"]
    described = [route.get("description") for path in document["paths"].values() for route in path.values()]
    assert all(described)
