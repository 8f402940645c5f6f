// The one line that must never be wrong: the page says that it listens only where it does.
import assert from "node:assert/strict";
import test from "node:test";

import { problemOf, statusOf } from "../../../clients/web/status.js";
import { TEXTS } from "../../../clients/web/texts.js";

const LISTENING = {
  view: { state: "live" },
  connection: "open",
  closeCode: null,
  mayPublish: true,
  isCapturing: true,
  isPaused: false,
};
const CASES = [
  [{}, "listening"],
  [{ isCapturing: false }, "microphoneOff"],
  [{ isPaused: true }, "paused"],
  [{ connection: "lost" }, "lost"],
  [{ connection: "lost", isPaused: true }, "lostViewer"],
  [{ connection: "lost", isCapturing: false }, "lostViewer"],
  [{ connection: "connecting" }, "connecting"],
  [{ connection: "over", closeCode: 4003 }, "superseded"],
  [{ connection: "over", closeCode: 1008 }, "disconnected"],
  [{ view: { state: "waiting_consent" }, isCapturing: false }, "waiting"],
  [{ view: { state: "closing" }, isCapturing: false }, "closing"],
  [{ view: { state: "closed" }, connection: "over", closeCode: 1000, isCapturing: false }, "ended"],
  [{ mayPublish: false, isCapturing: false }, "listening"],
  [{ mayPublish: false, isCapturing: false, isPaused: true, view: { state: "paused" } }, "paused"],
];

for (const [fields, key] of CASES) {
  test(`${JSON.stringify(fields)} reads ${key}`, () => {
    const status = statusOf({ ...LISTENING, ...fields });
    assert.equal(status.key, key);
    assert.equal(status.kind === "listening", key === "listening");
    assert.ok(TEXTS.fr.status[key]);
  });
}

test("an end that is no problem is not called one", () => {
  assert.deepEqual([1000, 4004].map(problemOf), [null, null]);
  assert.deepEqual([1008, 4001, 4003, 4999].map(problemOf), ["unauthorised", "token_expired", "superseded", "internal"]);
});
