// Audio that waits for its acknowledgement: nothing is lost, nothing is sent twice, and what is given up is counted.
import assert from "node:assert/strict";
import test from "node:test";

import { Unacknowledged } from "../../../clients/web/unacknowledged.js";

/** A frame of samples that count up, so that each can be recognised. */
const frame = (first, samples) => Int16Array.from({ length: samples }, (_, i) => first + i).buffer;
const samplesOf = (frames) => frames.flatMap((buffer) => [...new Int16Array(buffer)]);

function filled(frames, samples) {
  const audio = new Unacknowledged(1000);
  for (let i = 0; i < frames; i += 1) audio.add(frame(i * samples, samples));
  return audio;
}

test("what was captured before the server said where it stands is counted from there", () => {
  const audio = filled(3, 4);
  audio.acknowledge(1_000_000); // of a session that was longer than this page: says nothing of these frames
  assert.deepEqual(samplesOf(audio.from(480_000)), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  audio.acknowledge(480_008);
  assert.deepEqual(samplesOf(audio.from(480_008)), [8, 9, 10, 11]);
});

test("an acknowledgement frees whole frames only", () => {
  const audio = filled(3, 4);
  audio.from(0);
  audio.acknowledge(6);
  assert.equal(audio.keptS, 0.008);
  assert.deepEqual(samplesOf(audio.from(6)), [6, 7, 8, 9, 10, 11]);
  assert.deepEqual(samplesOf(audio.from(6)), [6, 7, 8, 9, 10, 11]);
});

test("a server that has everything, and more by a rounding, is sent nothing, and the clock goes on from there", () => {
  const audio = filled(2, 4);
  audio.from(0);
  assert.deepEqual(audio.from(9), []);
  audio.add(frame(50, 4));
  audio.acknowledge(12);
  assert.deepEqual(samplesOf(audio.from(12)), [53]);
});

test("too much is given up from the oldest on, and counted", () => {
  const audio = new Unacknowledged(10, 2);
  audio.from(0);
  for (let i = 0; i < 610; i += 1) audio.add(frame(i * 10, 10));
  assert.equal(audio.keptS, 600);
  assert.equal(audio.lostS, 12);
  const sent = samplesOf(audio.from(0));
  assert.equal(sent[0], 100);
  audio.acknowledge(5990); // the server counts the first of them as its sample 0
  assert.deepEqual(samplesOf(audio.from(5990)), sent.slice(-10));
});
