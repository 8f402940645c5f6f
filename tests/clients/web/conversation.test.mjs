// The transcript as it is read: who is grouped with whom, where gaps and tentative text stand, and what speakers are called.
import assert from "node:assert/strict";
import test from "node:test";

import { clock, conversation, speakerOf } from "../../../clients/web/conversation.js";
import { TEXTS } from "../../../clients/web/texts.js";
import { emptyView } from "../../../clients/web/view.js";

const turn = (id, speaker, start, text, track = 0) => ({
  id,
  track,
  ended: null,
  words: text.split(" ").map((word, i) => ({ id: `${id}-${i}`, text: word, start: start + i, end: start + i + 1, speaker })),
});
const partial = (id, speaker, text, track = 0) => ({ turn: id, track, speaker, text });
const view = (fields) => ({ ...emptyView(), ...fields });

/** `S1: words | tentative` for each block. */
const read = (blocks) =>
  blocks.map((block) => {
    if (block.kind === "gap") return `gap ${block.gap.start}`;
    const parts = block.parts.map(({ pieces, tentative }) => pieces.map(({ text }) => text).join(" ") + (tentative && ` | ${tentative}`));
    return `${block.speaker}: ${parts.join(" / ")}`;
  });

test("consecutive turns of one speaker are one block", () => {
  const turns = [turn("a", "S1", 0, "Bonjour Madame"), turn("b", "S1", 3, "Alors"), turn("c", "S2", 5, "Voilà")];
  assert.deepEqual(read(conversation(view({ turns }))), ["S1: Bonjour Madame / Alors", "S2: Voilà"]);
});

test("turns stand in order of time, whatever the order in which they came, and tracks stay apart", () => {
  const turns = [turn("b", "S2", 4, "deux", 1), turn("a", "S1", 1, "un"), turn("c", "S1", 4, "trois"), turn("d", "S1", 9, "vier", 1)];
  assert.deepEqual(read(conversation(view({ turns }))), ["S1: un / trois", "S2: deux", "S1: vier"]);
});

test("a gap stands where it was, between what is said", () => {
  const turns = [turn("a", "S1", 0, "un"), turn("b", "S1", 6, "deux")];
  const gaps = [{ start: 2, end: 5, reason: "lost", track: 0 }];
  assert.deepEqual(read(conversation(view({ turns, gaps }))), ["S1: un", "gap 2", "S1: deux"]);
});

test("tentative text follows the committed words of its turn", () => {
  const turns = [turn("a", "S1", 0, "Bonjour"), turn("b", "S2", 2, "Oui")];
  const partials = [partial("a", "S1", "Madame")];
  assert.deepEqual(read(conversation(view({ turns, partials }))), ["S1: Bonjour | Madame", "S2: Oui"]);
});

test("tentative text of a new turn stands last, and is given to nobody while nobody is known", () => {
  const turns = [turn("a", "S1", 0, "Bonjour")];
  const last = (speaker) => read(conversation(view({ turns, partials: [partial("b", speaker, "peut-être")] })));
  assert.deepEqual(last("S2"), ["S1: Bonjour", "S2:  | peut-être"]);
  assert.deepEqual(last("S1"), ["S1: Bonjour /  | peut-être"]);
  assert.deepEqual(last(null), ["S1: Bonjour", "null:  | peut-être"]);
  assert.deepEqual(read(conversation(view({ partials: [partial("b", null, "peut-être")] }))), ["null:  | peut-être"]);
});

test("committed words of nobody known are not given to the last speaker", () => {
  const turns = [turn("a", "S1", 0, "Bonjour"), turn("b", null, 2, "Hm")];
  assert.deepEqual(read(conversation(view({ turns }))), ["S1: Bonjour", "null: Hm"]);
});

test("a turn of which words were given to another speaker is cut where the speaker changes", () => {
  const mixed = turn("a", "S1", 0, "Toussez-vous ? Oui. Bien.");
  mixed.words[2].speaker = "S2";
  const after = turn("b", "S1", 9, "Alors");
  const partials = [partial("a", "S1", "et")];
  const blocks = conversation(view({ turns: [mixed, after], partials }));
  assert.deepEqual(read(blocks), ["S1: Toussez-vous ?", "S2: Oui.", "S1: Bien. | et / Alors"]);
  const keys = blocks.flatMap(({ parts }) => parts.map(({ key }) => key));
  assert.deepEqual(keys, ["a", "a/a-2", "a/a-3", "b"]);
});

test("a turn that has ended is shown as it is written, and what was said stays known", () => {
  const said = { ...turn("a", "S2", 0, "Trente huit cinq hier."), ended: "pause", written: [{ word_ids: ["a-0", "a-1", "a-2"], text: "38,5 °C" }] };
  const [{ parts }] = conversation(view({ turns: [said] }));
  assert.deepEqual(parts[0].pieces, [
    { ids: ["a-0", "a-1", "a-2"], text: "38,5 °C", said: "Trente huit cinq" },
    { ids: ["a-3"], text: "hier.", said: null },
  ]);
});

test("a written form that a change of speaker cuts is not shown", () => {
  const said = { ...turn("a", "S2", 0, "Trente huit cinq"), ended: "pause", written: [{ word_ids: ["a-1", "a-2"], text: "8,5" }] };
  said.words[2].speaker = "S1";
  assert.deepEqual(read(conversation(view({ turns: [said] }))), ["S2: Trente huit", "S1: cinq"]);
});

test("what has not changed keeps its pieces, so that it is not drawn again", () => {
  const turns = [turn("a", "S1", 0, "Bonjour Madame")];
  const before = conversation(view({ turns, partials: [partial("a", "S1", "Al")] }));
  const after = conversation(view({ turns, partials: [partial("a", "S1", "Alors")] }));
  assert.equal(before[0].parts[0].pieces, after[0].parts[0].pieces);
});

test("a turn without words shows its tentative text only", () => {
  const partials = [partial("a", "S1", "peut-être")];
  assert.deepEqual(read(conversation(view({ turns: [{ id: "a", track: 0, ended: null, words: [] }], partials }))), ["S1:  | peut-être"]);
});

test("a block keeps its key when its tentative text becomes words", () => {
  const before = conversation(view({ partials: [partial("a", "S1", "Bonj")] }));
  const after = conversation(view({ turns: [turn("a", "S1", 0, "Bonjour")] }));
  assert.equal(before[0].key, after[0].key);
});

test("speakers are called by role, with a number where that is not enough, or by the name that a person gave", () => {
  const known = (speaker, role, more = {}) => ({ speaker, role, confidence: 0.9, state: "confirmed", name: null, ...more });
  const speakers = [
    known("S1", "practitioner"),
    known("S2", "patient", { state: "provisional" }),
    known("S3", "unknown"),
    known("S4", "companion"),
    known("S5", "companion"),
    known("S6", "companion", { name: "Mme L." }),
  ];
  const name = (label) => speakerOf(view({ speakers }), TEXTS.en, label).name;
  assert.deepEqual(["S1", "S2", "S3", "S4", "S5", "S6", "S9"].map(name), [
    "Practitioner",
    "Patient",
    "Voice 3",
    "Companion 4",
    "Companion 5",
    "Mme L.",
    "Voice 9",
  ]);
  assert.equal(name(null), "Unknown voice");
  assert.equal(speakerOf(view({ speakers }), TEXTS.en, "S2").provisional, true);
});

test("times are read as a clock", () => {
  assert.deepEqual([0, 9.9, 61, 3599, 3600, 7325].map(clock), ["0:00", "0:09", "1:01", "59:59", "1:00:00", "2:02:05"]);
});
