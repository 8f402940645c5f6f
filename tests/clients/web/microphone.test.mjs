// Frames as the server reads them, and the level as the meter shows it.
import assert from "node:assert/strict";
import test from "node:test";

import { choices, level, toS16 } from "../../../clients/web/microphone.js";

test("samples become little-endian 16-bit integers, clipped", () => {
  const bytes = new Uint8Array(toS16(Float32Array.from([0, 1, -1, 2, -2, 0.5])));
  assert.deepEqual([...bytes.slice(0, 4)], [0, 0, 0xff, 0x7f]);
  assert.deepEqual([...new Int16Array(bytes.buffer)], [0, 32767, -32767, 32767, -32767, 16383]);
});

test("the level runs over 60 dB", () => {
  const of = (amplitude) => level(new Float32Array(100).fill(amplitude));
  assert.equal(of(0), 0);
  assert.equal(of(1), 1);
  assert.ok(Math.abs(of(10 ** (-30 / 20)) - 0.5) < 1e-4);
  assert.equal(level(new Float32Array(0)), 0);
});

test("a microphone is offered once, under its own name", () => {
  const input = (deviceId, groupId) => ({ kind: "audioinput", deviceId, groupId, label: deviceId });
  const ids = (devices) => choices(devices).map(({ deviceId }) => deviceId);
  const speaker = { kind: "audiooutput", deviceId: "s", groupId: "a", label: "s" };
  assert.deepEqual(ids([input("default", "a"), input("communications", "b"), input("x", "a"), input("y", "b"), speaker]), ["x", "y"]);
  assert.deepEqual(ids([input("default", "a"), input("x", "b")]), ["default", "x"]);
  assert.deepEqual(ids([input("", "")]), []); // nothing has been allowed yet
});
