"""The note as Markdown: what it says of itself, and what it keeps out."""

from __future__ import annotations

import pytest

from colloque.server import exports
from colloque.streaming.engines import Language
from colloque.streaming.messages import NoteDiscard, NoteSigned, NoteUpsert, NoteWithheld
from colloque.streaming.note import Code
from colloque.streaming.view import SessionView
from tests.server.consultation import statement, view

CREATED_AT = "2031-05-04T08:30:00.000Z"


def export(state: SessionView, title: str | None = None) -> str:
    return exports.markdown(state, title, CREATED_AT)


def sign(state: SessionView) -> None:
    state.apply(NoteSigned(state.rev, "dr-1", "2031-05-04T09:00:00.000Z", "ab" * 32))


@pytest.mark.parametrize(
    ("language", "mark"),
    [
        ("fr", "**Brouillon rédigé par logiciel, non validé**"),
        ("en", "**Draft written by software, not validated**"),
        ("de", "**Von Software verfasster Entwurf, nicht geprüft**"),
    ],
)
def test_what_is_not_signed_says_so_first(language: Language, mark: str) -> None:
    state = view(language, statement())
    lines = export(state).splitlines()
    assert lines[:5] == [lines[0], "", "2031-05-04", "", mark]
    sign(state)
    assert mark not in export(state)


def test_a_signed_note_names_its_signature() -> None:
    state = view("fr", statement())
    sign(state)
    text = export(state)
    assert f"**Signé par dr\\-1 le 2031-05-04T09:00:00.000Z (révision 1, SHA-256 {'ab' * 32})**" in text
    assert "non relu" not in text


def test_an_amended_note_is_a_draft_again() -> None:
    state = view("fr", statement())
    sign(state)
    state.apply(NoteUpsert(2, statement(text="Toux sèche", state="edited", rev=2)))
    text = export(state)
    assert "Brouillon : modifié après la signature du 2031-05-04T09:00:00.000Z" in text
    assert "Signé par" not in text


def test_sections_come_in_clinical_order_and_statements_in_order_of_time() -> None:
    state = view(
        "fr",
        statement("n-1", "Repos", section="plan", assertion="planned", start_s=60.0),
        statement("n-2", "Seconde plainte", start_s=30.0),
        statement("n-3", "Première plainte", start_s=5.0),
    )
    text = export(state, "Suivi")
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# Suivi",
        "## Motif de consultation",
        "## Conduite à tenir",
    ]
    assert text.index("Première plainte") < text.index("Seconde plainte") < text.index("Repos")


def test_a_statement_says_what_is_asserted_of_whom_and_where_it_was_heard() -> None:
    state = view(
        "fr",
        statement("n-1", "Fièvre", assertion="absent"),
        statement("n-2", "Infarctus", section="assessment", subject="family", state="confirmed"),
        statement("n-3", "Doliprane", section="medications", codes=(Code("ATC", "N02BE01", "Paracétamol"),)),
    )
    text = export(state)
    assert "- Fièvre *(absent; non relu)* — 00:00:04 Patient \\(S2\\)" in text
    assert "- Infarctus *(concerne la famille; confirmé)*" in text
    assert "- Doliprane *(ATC N02BE01; non relu)*" in text


def test_headings_are_not_said_again() -> None:
    state = view("fr", statement("n-1", "Diabète", section="family_history", assertion="family", subject="family"))
    sign(state)
    assert "- Diabète — 00:00:04" in export(state)


def test_discarded_statements_are_left_out() -> None:
    state = view("fr", statement())
    state.apply(NoteDiscard(2, "n-1", "clinician"))
    assert "Toux" not in export(state)
    assert "Aucun élément." in export(state)


def test_a_draft_tells_how_much_was_withheld() -> None:
    state = view("fr", statement())
    state.apply(NoteWithheld(3, {"recognition": 3}))
    assert "faute de certitude suffisante : 3" in export(state)
    sign(state)
    assert "faute de certitude" not in export(state)


def test_text_cannot_become_markup() -> None:
    state = view("fr", statement(text="# Titre\n<script>x</script> [lien](http://x) *gras*"))
    text = export(state, "1. <b>Suivi</b>")
    assert "<script>" not in text
    assert "- \\# Titre \\<script\\>x\\</script\\> \\[lien\\]\\(http://x\\) \\*gras\\*" in text
    assert text.startswith("# 1\\. \\<b\\>Suivi")


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_every_language_has_every_word(language: Language) -> None:
    words = exports._WORDS[language]
    french = exports._WORDS["fr"]
    assert words.sections.keys() == french.sections.keys()
    assert words.assertions.keys() == french.assertions.keys()
    assert words.states.keys() == french.states.keys()
