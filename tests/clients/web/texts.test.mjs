// The page says the same things in every language, and has a word for every code that it may meet.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { SECTIONS } from "../../../clients/web/marks.js";
import { explain, LANGUAGES, TEXTS, usualLanguage } from "../../../clients/web/texts.js";

/** Names, and kinds of values, of a nested object. */
const shape = (value) => {
  if (Array.isArray(value)) return value.map(shape);
  if (value?.constructor !== Object) return `${value?.constructor.name}${typeof value === "function" ? value.length : ""}`;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shape(inner)]));
};

test("every language says the same things", () => {
  assert.deepEqual(Object.keys(TEXTS), Object.keys(LANGUAGES));
  for (const texts of Object.values(TEXTS)) assert.deepEqual(shape(texts), shape(TEXTS.fr));
});

test("what the page's markup asks for exists", () => {
  const markup = readFileSync(new URL("../../../clients/web/index.html", import.meta.url), "utf-8");
  const names = [...markup.matchAll(/data-(?:text|label)="(\w+)"/g)].map(([, name]) => name);
  assert.ok(names.length > 20);
  for (const name of names) assert.equal(typeof TEXTS.fr[name], "string", name);
});

test("every section has a name", () => {
  for (const texts of Object.values(TEXTS)) assert.deepEqual(Object.keys(texts.sections), SECTIONS);
});

test("counts agree with their nouns", () => {
  for (const texts of Object.values(TEXTS)) {
    assert.notEqual(texts.withheld(1).replace("1", "2"), texts.withheld(2));
    assert.notEqual(texts.unreviewed(1).replace("1", "2"), texts.unreviewed(2));
    assert.match(texts.unreviewed(7), /7/);
  }
});

test("a problem that nobody foresaw is still explained", () => {
  assert.equal(explain(TEXTS.en, "token_expired"), "This link has expired.");
  assert.equal(explain(TEXTS.en, "brand_new"), TEXTS.en.problems.internal);
  assert.equal(explain(TEXTS.en, undefined), TEXTS.en.problems.internal);
});

test("the page speaks the first language of the browser that it knows", () => {
  assert.equal(usualLanguage(["it-IT", "de-CH", "en"]), "de");
  assert.equal(usualLanguage(["pt"]), "fr");
});
