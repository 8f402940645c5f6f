"""The note as a record: states, edits, signature, digest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import get_args

import pytest

from colloque.server.clinical import record
from colloque.streaming.errors import BadMessage, StaleRevision, UnknownStatement
from colloque.streaming.events import StatementEdited
from colloque.streaming.messages import NoteDiscard, NoteSigned, NoteUpsert
from colloque.streaming.note import Code, StatementState
from colloque.streaming.schema import to_json
from colloque.streaming.view import SessionView
from tests.server.consultation import statement, view

AT = "2031-05-04T08:30:00.000Z"


def signed_view() -> SessionView:
    state = view("fr", statement())
    signature = record.signature(state, "dr", state.rev, AT)
    state.apply(NoteSigned(signature.base_rev, signature.by, signature.signed_at, signature.digest))
    return state


def amend(state: SessionView) -> None:
    state.apply(NoteUpsert(state.rev + 1, statement(text="Toux sèche", state="edited", rev=state.rev + 1)))


def test_a_note_is_a_draft_then_signed_then_amended_then_signed_again() -> None:
    state = view("fr", statement())
    assert record.state(state) == "draft"
    state = signed_view()
    assert record.state(state) == "signed"
    amend(state)
    assert record.state(state) == "amended"
    signature = record.signature(state, "dr", state.rev, AT)
    state.apply(NoteSigned(signature.base_rev, signature.by, signature.signed_at, signature.digest))
    assert record.state(state) == "signed"


def test_every_state_takes_edits_and_only_an_unchanged_signature_is_final() -> None:
    states = get_args(record.RecordState)
    assert {(s, "edit") for s in states} < record.TRANSITIONS.keys()
    assert {s for s in states if (s, "sign") not in record.TRANSITIONS} == {"signed"}


def test_discarding_after_the_signature_amends() -> None:
    state = signed_view()
    state.apply(NoteDiscard(state.rev + 1, "n-1", "clinician"))
    assert record.state(state) == "amended"


def test_only_what_was_seen_is_signed() -> None:
    state = view("fr", statement())
    for base_rev in (0, 2):
        with pytest.raises(StaleRevision, match="revision 1"):
            record.signature(state, "dr", base_rev, AT)


def test_nothing_is_signed_twice() -> None:
    with pytest.raises(record.AlreadySigned):
        record.signature(signed_view(), "dr", 1, AT)


def test_only_a_signed_note_leaves_as_a_record() -> None:
    with pytest.raises(record.NotSigned, match="not signed yet"):
        record.check_export(view("fr", statement()), draft=False)
    state = signed_view()
    record.check_export(state, draft=False)
    amend(state)
    with pytest.raises(record.NotSigned, match="changed after it was signed"):
        record.check_export(state, draft=False)
    record.check_export(state, draft=True)


@pytest.mark.parametrize("state", ["edited", "confirmed", "discarded"])
def test_a_person_may_edit_confirm_and_discard(state: StatementState) -> None:
    record.check_edit(view("fr", statement()), StatementEdited("n-1", 1, state=state))


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (StatementEdited("n-1", 1), "at least one of"),
        (StatementEdited("n-1", 1, text=" "), "must not be empty"),
        (StatementEdited("n-1", 1, state="draft"), "only the software's own"),
        (StatementEdited("n-1", 1, text="Fièvre", state="discarded"), "either changed or discarded"),
        (StatementEdited("n-1", 1, section="plan", state="discarded"), "either changed or discarded"),
    ],
)
def test_edits_without_sense_are_refused(edit: StatementEdited, message: str) -> None:
    with pytest.raises(BadMessage, match=message):
        record.check_edit(view("fr", statement()), edit)


def test_a_discarded_statement_comes_back_only_by_intent() -> None:
    state = view("fr", statement())
    state.apply(NoteDiscard(2, "n-1", "clinician"))
    with pytest.raises(BadMessage, match="to bring it back"):
        record.check_edit(state, StatementEdited("n-1", 2, text="Fièvre"))
    record.check_edit(state, StatementEdited("n-1", 2, state="edited"))


def test_an_unknown_statement_is_named_as_such() -> None:
    with pytest.raises(UnknownStatement):
        record.check_edit(view(), StatementEdited("n-9", 0, text="Fièvre"))


def test_the_digest_can_be_made_again_from_the_notes_json() -> None:
    statements = [statement("n-2", "Œdème, 1,5 cm"), statement("n-1", codes=(Code("ATC", "N02BE01", "Paracétamol"),))]
    # As another program would: from the JSON of the note, keys sorted, UTF-8. 1.0 is the one number JSON writes in two
    # ways, and RFC 8785 takes the shorter.
    values = json.loads(json.dumps(sorted(to_json(statements), key=lambda s: s["id"])), parse_float=_shortest)
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert record.digest(statements) == hashlib.sha256(text.encode()).hexdigest()


def _shortest(text: str) -> float | int:
    return int(float(text)) if float(text).is_integer() else float(text)


def test_the_digest_depends_on_content_and_not_on_order() -> None:
    first, second = statement("n-1"), statement("n-2")
    assert record.digest([first, second]) == record.digest([second, first])
    assert record.digest([first]) != record.digest([replace(first, text="Toux grasse")])
    assert record.digest([first]) != record.digest([replace(first, assertion="absent")])


def test_discarded_statements_are_not_signed() -> None:
    state = view("fr", statement("n-1"), statement("n-2"))
    state.apply(NoteDiscard(3, "n-2", "clinician"))
    assert record.signature(state, "dr", 3, AT).digest == record.digest([state.statements["n-1"]])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": None, "é": [True, '\n\u20ac"']}, '{"a":null,"b":1,"é":[true,"\\n€\\""]}'),
        ([1.0, 0.1, 0.000001, -0.0, 14400.1234, 1e15], "[1,0.1,0.000001,0,14400.1234,1000000000000000]"),
        ({"\U0001f600": 1, "\ufb33": 2}, '{"\U0001f600":1,"\ufb33":2}'),  # by UTF-16, as RFC 8785 section 3.2.3 orders
    ],
)
def test_canonical_json(value: object, text: str) -> None:
    assert record.canonical(value) == text
