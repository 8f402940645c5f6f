"""Consent over HTTP, against the real app: given, refused, withdrawn, in any order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from colloque.streaming.events import ConsentRecorded
from tests.server.serving import Served, serving

CONSENT = {"given": True, "method": "verbal", "by": "dr-1"}
WITHDRAWAL = {"given": False, "method": "verbal", "by": "dr-1"}


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path) as running:
        yield running


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_consent_makes_the_session_live(served: Served) -> None:
    session = await served.open()
    answer = await session.request("POST", "/consent", json={**CONSENT, "statement": "Texte lu au patient"})
    assert answer.status_code == 200
    consent = answer.json()
    assert consent["status"] == "given"
    assert [(entry["given"], entry["method"], entry["by"]) for entry in consent["history"]] == [
        (True, "verbal", "dr-1")
    ]
    read = (await session.get("")).json()
    assert (read["state"], read["consent"]) == ("live", consent)
    stored = await served.services.store.load(session.id)
    assert stored is not None
    assert stored.consent[0].statement == "Texte lu au patient"


async def test_consent_may_be_said_twice(served: Served) -> None:
    session = await served.open()
    for _ in range(2):
        assert (await session.request("POST", "/consent", json=CONSENT)).json()["status"] == "given"


async def test_a_refusal_closes_the_session_for_good(served: Served) -> None:
    session = await served.open()
    answer = await session.request("POST", "/consent", json=WITHDRAWAL)
    assert answer.json()["status"] == "refused"
    assert (await session.get("")).json()["state"] == "closed"
    assert code_of(await session.request("POST", "/consent", json=CONSENT)) == (409, "session_over")


async def test_a_withdrawal_stops_and_keeps(served: Served) -> None:
    session = await served.live()
    await session.hear("Bonjour")
    answer = await session.request("POST", "/consent", json=WITHDRAWAL)
    assert answer.json()["status"] == "withdrawn"
    read = (await session.get("")).json()
    assert (read["state"], read["reason"], read["counts"]["words"]) == ("closed", "consent_withdrawn", 1)


async def test_a_withdrawal_with_erasure_deletes_what_was_captured(served: Served) -> None:
    session = await served.live()
    await session.hear("Bonjour")
    await session.draft("Toux")
    answer = await session.request("POST", "/consent", json={**WITHDRAWAL, "erase": True})
    assert answer.json()["history"][-1]["erase"] is True
    read = (await session.get("")).json()
    assert (read["state"], read["counts"]["words"], read["counts"]["statements"]) == ("closed", 0, 0)
    stored = await served.services.store.load(session.id)
    assert stored is not None
    assert not any("Bonjour" in event.text or "Toux" in event.text for event in stored.events)
    assert await session.actions() == [
        "session.create",
        "consent.give",
        "consent.withdraw_and_erase",
    ]


async def test_a_withdrawal_is_written_down_when_it_is_said_again_after_a_fault(served: Served) -> None:
    session = await served.live()
    driver = await served.services.registry.get(session.id)
    await driver.submit(ConsentRecorded(False, erase=True))  # the server stopped before it wrote the decision down
    answer = await session.request("POST", "/consent", json={**WITHDRAWAL, "erase": True})
    assert answer.json()["status"] == "withdrawn"
    stored = await served.services.store.load(session.id)
    assert stored is not None
    assert [decision.given for decision in stored.consent] == [True, False]


async def test_of_a_withdrawal_and_a_consent_at_once_the_withdrawal_holds(served: Served) -> None:
    session = await served.open()
    await asyncio.gather(*(session.request("POST", "/consent", json=body) for body in (CONSENT, WITHDRAWAL, CONSENT)))
    read = (await session.get("")).json()
    assert (read["state"], read["consent"]["status"]) == ("closed", "withdrawn")


async def test_consent_can_be_withdrawn_after_the_end(served: Served) -> None:
    session = await served.live()
    await session.end()
    assert (await session.request("POST", "/consent", json=WITHDRAWAL)).json()["status"] == "withdrawn"


async def test_after_the_end_erasing_and_giving_consent_are_refused(served: Served) -> None:
    session = await served.live()
    await session.end()
    for body in ({**WITHDRAWAL, "erase": True}, CONSENT):
        assert code_of(await session.request("POST", "/consent", json=body)) == (409, "session_over")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"method": "telepathic"}, "body.method"),
        ({"by": ""}, "body.by"),
        ({"given": "perhaps"}, "body.given"),
        ({"erase": True}, "body"),
        ({"statement": "x" * 4001}, "body.statement"),
    ],
)
async def test_a_wrong_consent_names_its_field(served: Served, change: dict[str, Any], field: str) -> None:
    session = await served.open()
    answer = await session.request("POST", "/consent", json={**CONSENT, **change})
    assert code_of(answer) == (422, "bad_message")
    assert [error["where"] for error in answer.json()["errors"]] == [field]
    assert (await session.get("")).json()["consent"]["status"] == "none"
