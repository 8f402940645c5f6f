// What the page takes from its address and keeps over a reload.
import assert from "node:assert/strict";
import test from "node:test";

import { linkTo, Memory, readFragment } from "../../../clients/web/memory.js";

test("an address gives a key or a session", () => {
  assert.deepEqual(readFragment("#key=a-b_c"), { key: "a-b_c" });
  assert.deepEqual(readFragment("#session=s-1&token=t%2B1"), { session: { id: "s-1", token: "t+1" } });
  assert.deepEqual(readFragment("#session=s-1"), {});
  assert.deepEqual(readFragment(""), {});
});

test("a link opens the session that it was made for, and its token stands behind the #", () => {
  const link = new URL(linkTo("http://127.0.0.1:8765/", "s/1", "a+b&c=d"));
  assert.deepEqual(readFragment(link.hash), { session: { id: "s/1", token: "a+b&c=d" } });
  assert.equal(link.search, "");
});

/** What sessionStorage is to the page. */
class Storage {
  items = new Map();
  getItem = (name) => this.items.get(name) ?? null;
  setItem = (name, value) => this.items.set(name, value);
}

test("fields are kept beside each other, and forgotten one by one", () => {
  const storage = new Storage();
  new Memory(storage).keep({ key: "k", session: { id: "s" } });
  new Memory(storage).keep({ practitioner: "Dr Martin" });
  assert.deepEqual(new Memory(storage).read(), { key: "k", session: { id: "s" }, practitioner: "Dr Martin" });
  new Memory(storage).keep({ session: undefined });
  assert.deepEqual(new Memory(storage).read(), { key: "k", practitioner: "Dr Martin" });
});

test("a browser that stores nothing, or something else, is met", () => {
  const refuses = { getItem: () => null, setItem: () => { throw new Error("quota"); } };
  new Memory(refuses).keep({ key: "k" });
  assert.deepEqual(new Memory(refuses).read(), {});
  assert.deepEqual(new Memory({ getItem: () => "{", setItem: () => {} }).read(), {});
});
