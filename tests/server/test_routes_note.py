"""The note over HTTP, against the real app: read, edit, sign, export."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from colloque.server.clinical import record
from colloque.streaming.note import Statement
from colloque.streaming.schema import from_json
from tests.server.serving import Served, Session, serving


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path) as running:
        yield running


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.fixture
async def session(served: Served) -> Session:
    """A live session whose note has two statements."""
    made = await served.live()
    await made.draft("Toux depuis trois jours", "Fièvre")
    return made


async def note_of(session: Session) -> dict[str, Any]:
    note: dict[str, Any] = (await session.get("/note")).json()
    return note


async def edit(session: Session, statement: dict[str, Any], **change: Any) -> httpx.Response:
    body = {"base_rev": statement["rev"], **change}
    return await session.request("PATCH", f"/note/statements/{statement['id']}", json=body)


async def sign(session: Session, base_rev: int | None = None) -> httpx.Response:
    rev = (await note_of(session))["rev"] if base_rev is None else base_rev
    return await session.request("POST", "/note/sign", json={"by": "dr-1", "base_rev": rev})


# --- read ---------------------------------------------------------------------------------------------------------


async def test_the_note_is_read_with_its_evidence(session: Session) -> None:
    answer = await session.get("/note", token=session.viewer_token)
    note = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert (note["rev"], note["status"], note["signed"]) == (2, "draft", None)
    first = note["statements"][0]
    assert (first["text"], first["state"], first["section"]) == ("Toux depuis trois jours", "draft", "reason")
    assert first["evidence"][0]["word_ids"]


async def test_an_empty_note(served: Served) -> None:
    session = await served.open()
    assert await note_of(session) == {
        "rev": 0,
        "status": "draft",
        "statements": [],
        "withheld": {"count": 0, "reasons": {}},
        "signed": None,
    }


# --- edit ---------------------------------------------------------------------------------------------------------


async def test_an_edit_gives_the_statement_and_is_kept(session: Session) -> None:
    [statement, _] = (await note_of(session))["statements"]
    answer = await edit(session, statement, text="  Toux sèche\n depuis trois jours ", section="past_history")
    edited = answer.json()
    assert answer.status_code == 200
    assert (edited["text"], edited["section"], edited["state"], edited["rev"]) == (
        "Toux sèche depuis trois jours",
        "past_history",
        "edited",
        3,
    )
    assert edited["evidence"] == statement["evidence"]
    assert (await note_of(session))["statements"][0] == edited
    await session.draft("Toux grasse", "Fièvre")
    assert (await note_of(session))["statements"][0] == edited
    assert (await session.actions())[-1] == "statement.edit"


async def test_a_statement_is_confirmed_discarded_and_brought_back(session: Session) -> None:
    [statement, _] = (await note_of(session))["statements"]
    confirmed = (await edit(session, statement, state="confirmed")).json()
    assert confirmed["state"] == "confirmed"
    discarded = (await edit(session, confirmed, state="discarded")).json()
    assert (discarded["state"], discarded["text"]) == ("discarded", statement["text"])
    states = {s["id"]: s["state"] for s in (await note_of(session))["statements"]}
    assert states[statement["id"]] == "discarded"
    assert (await edit(session, discarded, state="confirmed")).json()["state"] == "confirmed"


async def test_a_stale_edit_is_refused(session: Session) -> None:
    [statement, other] = (await note_of(session))["statements"]
    assert (await edit(session, statement, text="Toux sèche")).status_code == 200
    assert code_of(await edit(session, statement, text="Toux grasse")) == (409, "stale_revision")
    assert (await edit(session, other, text="Fièvre à 39")).status_code == 200  # another statement has not changed


async def test_an_edit_of_nothing_known_is_refused(session: Session) -> None:
    answer = await session.request("PATCH", "/note/statements/n-0", json={"base_rev": 2, "text": "x"})
    assert code_of(answer) == (404, "unknown_statement")


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"text": ""},
        {"text": " \n "},
        {"text": "x" * 2001},
        {"section": "astrology"},
        {"state": "draft"},
        {"state": "signed"},
        {"state": "discarded", "text": "x"},
        {"base_rev": -1},
        {"txt": "x"},
    ],
)
async def test_a_wrong_edit_is_refused(session: Session, change: dict[str, Any]) -> None:
    before = await note_of(session)
    assert code_of(await edit(session, before["statements"][0], **change)) == (422, "bad_message")
    assert await note_of(session) == before


# --- sign ---------------------------------------------------------------------------------------------------------


async def test_a_signature_covers_the_note_as_it_stands(session: Session) -> None:
    answer = await sign(session)
    signed = answer.json()
    assert answer.status_code == 200
    assert signed.keys() == {"rev", "by", "signed_at", "digest"}
    assert (signed["rev"], signed["by"]) == (2, "dr-1")
    note = await note_of(session)
    assert (note["status"], note["signed"]) == ("signed", signed)
    assert record.digest(from_json(Statement, s) for s in note["statements"]) == signed["digest"]
    assert (await session.actions())[-1] == "note.sign"


async def test_a_signed_note_no_longer_changes_by_itself(session: Session) -> None:
    await sign(session)
    before = await note_of(session)
    await session.draft("Autre chose")
    assert await note_of(session) == before


async def test_signing_what_was_not_seen_is_refused(session: Session) -> None:
    assert code_of(await sign(session, base_rev=1)) == (409, "stale_revision")
    assert (await note_of(session))["signed"] is None


async def test_signing_twice_is_refused(session: Session) -> None:
    await sign(session)
    assert code_of(await sign(session)) == (409, "already_signed")


async def test_an_edit_after_the_signature_is_an_amendment_that_wants_a_signature(session: Session) -> None:
    await sign(session)
    statement = (await note_of(session))["statements"][0]
    assert (await edit(session, statement, text="Toux sèche")).status_code == 200
    assert (await note_of(session))["status"] == "amended"
    assert (await session.actions())[-1] == "note.amend"
    assert code_of(await session.get("/note/export?format=markdown")) == (409, "not_signed")
    assert (await sign(session)).status_code == 200
    assert (await note_of(session))["status"] == "signed"


async def test_the_note_of_an_ended_session_is_edited_and_signed(session: Session) -> None:
    await session.end()
    assert (await session.get("")).json()["state"] == "closed"
    statement = (await note_of(session))["statements"][0]
    assert (await edit(session, statement, text="Toux sèche")).json()["text"] == "Toux sèche"
    assert (await sign(session)).status_code == 200
    assert (await note_of(session))["status"] == "signed"


# --- export -------------------------------------------------------------------------------------------------------


async def test_only_a_signed_note_is_exported(session: Session) -> None:
    assert code_of(await session.get("/note/export?format=markdown")) == (409, "not_signed")
    await sign(session)
    answer = await session.get("/note/export?format=markdown", token=session.viewer_token)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "Signé par dr\\-1" in answer.text
    assert "- Toux depuis trois jours" in answer.text
    assert (await session.actions())[-1] == "note.export"


async def test_a_draft_is_exported_with_its_mark(session: Session) -> None:
    answer = await session.get("/note/export?format=markdown&draft=true")
    assert answer.status_code == 200
    assert "**Brouillon rédigé par logiciel, non validé**" in answer.text


@pytest.mark.parametrize("kind", ["fhir", "html", "pdf"])
async def test_other_documents_are_not_available_yet(session: Session, kind: str) -> None:
    assert code_of(await session.get(f"/note/export?format={kind}")) == (501, "not_available")
