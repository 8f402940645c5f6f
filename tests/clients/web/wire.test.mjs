// The page's codec and reducer against the golden files that Python passes too.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";

import { apply, emptyView } from "../../../clients/web/view.js";
import { decodeEvent, encodeClient } from "../../../clients/web/wire.js";

const WIRE = new URL("../../fixtures/wire/", import.meta.url);
const load = (name) => JSON.parse(readFileSync(new URL(name, WIRE), "utf-8"));

test("every event of the golden file is read as it stands", () => {
  const events = load("events.json");
  assert.ok(events.length > 20);
  for (const { text, event } of events) assert.deepEqual(decodeEvent(text), event);
});

test("what cannot be read is refused, what is newer is ignored", () => {
  for (const golden of load("unreadable_events.json")) {
    if (golden.ignored) assert.equal(decodeEvent(golden.text), null, golden.why);
    else if (golden.event) assert.equal(decodeEvent(golden.text).type, golden.event.type, golden.why);
  }
  assert.throws(() => decodeEvent("{"));
  assert.throws(() => decodeEvent('{"type":"lag","seq":1,"t":0}'));
});

test("what the page says is what the golden file calls valid", () => {
  const valid = load("client_messages.json").filter((golden) => golden.valid);
  assert.ok(valid.length > 5);
  for (const { text } of valid) {
    const { type, ...fields } = JSON.parse(text);
    const said = Object.fromEntries(Object.entries(JSON.parse(text)).filter(([, value]) => value !== null));
    assert.deepEqual(JSON.parse(encodeClient(type, { ...fields, absent: null })), said);
  }
});

for (const name of readdirSync(new URL("sequences/", WIRE))) {
  test(`sequence ${name} folds to the same view`, () => {
    const { events, view } = load(`sequences/${name}`);
    const before = emptyView();
    const frozen = structuredClone(before);
    const folded = events.map((event) => decodeEvent(JSON.stringify(event))).reduce((v, e) => (e ? apply(v, e) : v), before);
    assert.deepEqual(folded, view);
    assert.deepEqual(before, frozen);
  });
}
