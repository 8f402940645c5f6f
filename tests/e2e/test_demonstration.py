"""The demonstration consultation through the command line, its own server and the real models, as `make run` does."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.server_process import clean_environment

pytestmark = pytest.mark.timeout(240)


@dataclass(frozen=True)
class Run:
    """What a run of the command left."""

    status: int
    output: str
    events: list[dict[str, Any]]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]

    def words(self) -> list[dict[str, Any]]:
        return [word for event in self.of("transcript.final") for word in event["words"]]

    def statements(self) -> list[dict[str, Any]]:
        """Those that stand at the end."""
        found: dict[str, dict[str, Any]] = {}
        for event in self.events:
            if event["type"] == "note.upsert":
                found[event["statement"]["id"]] = event["statement"]
            elif event["type"] == "note.discard":
                found.pop(event["id"], None)
        return list(found.values())


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("demonstration")
    recording = files("colloque.clients") / "demo" / "consultation.fr.opus"
    command = [sys.executable, "-m", "colloque.server", "stream", str(recording)]
    options = ["--fast", "--language", "fr", "--consent", "verbal", "--events", str(folder / "events.jsonl")]
    environment = clean_environment(data=str(folder / "data"))
    done = subprocess.run([*command, *options], env=environment, capture_output=True, text=True, check=False)
    lines = Path(folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    return Run(done.returncode, done.stdout + done.stderr, [json.loads(line) for line in lines])


def test_it_ends_well(run: Run) -> None:
    assert run.status == 0, run.output
    assert run.of("error") == []
    assert run.of("gap") == []
    assert len(run.of("session.ended")) == 1


def test_every_line_has_its_time(run: Run) -> None:
    walls = [event["wall"] for event in run.events]
    assert walls == sorted(walls)
    assert walls[-1] > 0
    seqs = [event["seq"] for event in run.events]
    assert seqs == sorted(seqs)


def test_what_was_said_is_there(run: Run) -> None:
    words = run.words()
    assert len(words) >= 300
    assert len({word["id"] for word in words}) == len(words)
    text = " ".join(word["text"] for word in words).casefold()
    for word in ("estomac", "aspirine", "morphine"):
        assert word in text
    assert re.search("soleil|journée", " ".join(word["text"] for word in words[-15:]).casefold())


def test_two_speakers_are_told_apart(run: Run) -> None:
    speaker = {word["id"]: word["speaker"] for word in run.words()}
    for event in run.of("speaker.relabel"):
        speaker.update(dict.fromkeys(event["word_ids"], event["to"]))
    said = list(speaker.values())
    by_most = sorted({name: said.count(name) for name in set(said)}.values(), reverse=True)
    assert len(by_most) == 2, by_most
    assert by_most[1] > 0.2 * len(said)


def test_the_note_is_grounded(run: Run) -> None:
    spoken = {word["id"]: word["text"] for word in run.words()}
    statements = run.statements()
    assert len(statements) >= 4
    for statement in statements:
        assert statement["evidence"]
        for evidence in statement["evidence"]:
            assert evidence["word_ids"]
            assert set(evidence["word_ids"]) <= spoken.keys()
    texts = " ".join(statement["text"] for statement in statements).casefold()
    for forbidden in ("enregistr", "accept", "compte rendu"):
        assert forbidden not in texts
