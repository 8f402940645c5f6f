// What is said beside a statement, and about the note as a record.
import assert from "node:assert/strict";
import test from "node:test";

import { assertionMarks, banner, bySection, needsCheck, noteText, recordState, unreviewed } from "../../../clients/web/marks.js";
import { TEXTS } from "../../../clients/web/texts.js";

const statement = (fields) => ({
  id: "n1",
  section: "history_of_present_illness",
  text: "Toux",
  assertion: "present",
  subject: "patient",
  confidence: 0.9,
  state: "draft",
  evidence: [{ word_ids: ["w0-1"], start: 1, end: 2, speaker: "S1", text: "tousse" }],
  codes: [],
  rev: 1,
  ...fields,
});
const note = (statements, fields = {}) => ({ rev: 5, statements, withheld: { count: 0, reasons: {} }, signed: null, ...fields });
const SIGNED = { rev: 5, by: "Dr Martin", signed_at: "2031-05-04T08:30:00.000Z", digest: "ab" };

test("little confidence and numbers ask for a second look", () => {
  assert.equal(needsCheck(statement()), false);
  assert.equal(needsCheck(statement({ confidence: 0.69 })), true);
  assert.equal(needsCheck(statement({ text: "Aspirine 500 mg" })), true);
});

test("what a person has confirmed, edited, discarded or signed is reviewed", () => {
  const states = ["draft", "edited", "confirmed", "discarded"].map((state, i) => statement({ id: `n${i}`, state }));
  const ids = (value) => unreviewed(value).map(({ id }) => id);
  assert.deepEqual(ids(note(states)), ["n0"]);
  assert.deepEqual(ids(note(states, { signed: SIGNED })), []);
  assert.deepEqual(ids(note([statement({ rev: 6 })], { signed: SIGNED })), ["n1"]);
});

const MARKS = [
  ["fr", {}, []],
  ["fr", { assertion: "absent", text: "Fièvre" }, ["absent"]],
  ["fr", { assertion: "absent", text: "Pas de fièvre" }, []],
  ["fr", { assertion: "absent", text: "Passage à l’acte" }, ["absent"]],
  ["fr", { assertion: "possible", text: "Gastrite" }, ["possible"]],
  ["fr", { assertion: "possible", text: "Gastrite probable" }, []],
  ["fr", { assertion: "historical", section: "past_history" }, []],
  ["fr", { assertion: "historical", section: "medications" }, ["ancien"]],
  ["fr", { assertion: "planned", section: "plan" }, []],
  ["fr", { assertion: "family", section: "family_history", subject: "family" }, []],
  ["fr", { assertion: "family", section: "allergies", subject: "family" }, ["famille"]],
  ["fr", { assertion: "absent", section: "family_history", subject: "family", text: "Diabète" }, ["absent"]],
  ["fr", { assertion: "absent", section: "allergies", subject: "family", text: "Diabète" }, ["absent", "famille"]],
  ["en", { assertion: "absent", text: "Does not smoke" }, []],
  ["en", { assertion: "absent", text: "Doesn’t smoke" }, []],
  ["en", { assertion: "absent", text: "Notable pain" }, ["absent"]],
  ["de", { assertion: "absent", text: "Kein Fieber" }, []],
  ["de", { assertion: "absent", text: "Fieber" }, ["verneint"]],
];

for (const [language, fields, expected] of MARKS) {
  test(`${language} ${JSON.stringify(fields)} is marked ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(assertionMarks(statement(fields), TEXTS[language]), expected);
  });
}

test("sections stand in clinical order, statements in order of time, and empty sections not at all", () => {
  const at = (id, section, start, state = "draft") => statement({ id, section, state, evidence: [{ word_ids: [], start }] });
  const sections = bySection(note([at("c", "plan", 9), at("b", "reason", 3), at("a", "reason", 1), at("x", "social", 2, "discarded")]));
  assert.deepEqual(
    sections.map(({ section, statements }) => [section, statements.map(({ id }) => id)]),
    [
      ["reason", ["a", "b"]],
      ["plan", ["c"]],
    ],
  );
});

test("a signature holds for the revision that was signed", () => {
  assert.equal(recordState(note([])), "draft");
  assert.equal(recordState(note([], { signed: SIGNED })), "signed");
  assert.equal(recordState(note([], { signed: SIGNED, rev: 6 })), "amended");
  for (const [language, texts] of Object.entries(TEXTS)) {
    assert.equal(banner(note([]), texts, language), texts.draft);
    assert.match(banner(note([], { signed: SIGNED }), texts, language), /Dr Martin.*2031/);
    assert.notEqual(banner(note([], { signed: SIGNED, rev: 6 }), texts, language), banner(note([], { signed: SIGNED }), texts, language));
  }
});

test("the note as text says in its first line what it is", () => {
  const statements = [statement(), statement({ id: "n2", assertion: "absent", text: "Fièvre" }), statement({ id: "n3", state: "discarded" })];
  assert.equal(
    noteText(note(statements), TEXTS.fr, "fr"),
    "Brouillon rédigé par logiciel, non validé\n\nHistoire de la maladie\n- Toux\n- Fièvre (absent)\n",
  );
});
