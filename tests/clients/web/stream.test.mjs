// The stream against a socket whose other end the test plays: greetings, resumption, and what is sent when.
import assert from "node:assert/strict";
import test, { beforeEach, mock } from "node:test";

import { Stream } from "../../../clients/web/stream.js";

/** What the browser's WebSocket is to the stream. */
class Socket {
  static all = [];

  constructor(url, protocols) {
    Object.assign(this, { url, protocols, readyState: 1, sent: [], closedWith: null });
    Socket.all.push(this);
  }

  send(data) {
    this.sent.push(typeof data === "string" ? JSON.parse(data) : [...new Int16Array(data)]);
  }

  close(code) {
    this.closedWith = code ?? null;
    this.readyState = 2;
  }

  /** The server says something. */
  hear(type, seq, fields) {
    this.onmessage?.({ data: JSON.stringify({ type, seq, t: 0, ...fields }) });
  }

  greet(lastSeq, audio) {
    const position = audio && { encoding: "pcm_s16le", channels: 1, ...audio };
    this.hear("session.ready", lastSeq, { session_id: "s", audio: position, limits: {}, last_seq: lastSeq });
  }

  drop(code = 1006) {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

const START = { type: "session.start", audio: { encoding: "pcm_s16le", rate: 48000, channels: 1 } };
const RESUME = { type: "resume" };
const frame = (...samples) => Int16Array.from(samples).buffer;
const last = () => Socket.all.at(-1);

function opened() {
  const states = [];
  const stream = new Stream({
    url: "ws://host/v1/sessions/s/stream",
    token: "secret",
    onView: () => {},
    onConnection: (state, code) => states.push(code === undefined ? state : `${state} ${code}`),
    Socket,
  });
  stream.connect();
  return { stream, states };
}

/** A stream whose audio flows from a sample on. */
function flowing(samples = 0) {
  const { stream, states } = opened();
  stream.publish(48000);
  last().greet(0, { rate: 16000, samples: Math.floor(samples / 3) });
  last().greet(0, { rate: 48000, samples });
  return { stream, states };
}

/** The connection is lost and made again, up to the answer to the declaration. */
function reconnect(samples) {
  last().drop();
  mock.timers.tick(10_000);
  last().greet(50, { rate: 16000, samples: 0 });
  last().greet(50, { rate: 48000, samples });
}

beforeEach(() => {
  Socket.all = [];
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
});

test("the token is in no address", () => {
  opened();
  assert.equal(last().url, "ws://host/v1/sessions/s/stream");
  assert.deepEqual(last().protocols, ["colloque.v1", "secret"]);
});

test("audio is declared after the first greeting and flows after the second", () => {
  const { stream, states } = opened();
  stream.publish(48000);
  stream.send(frame(1, 2));
  assert.deepEqual(last().sent, []);
  last().greet(0, { rate: 16000, samples: 0 });
  assert.deepEqual(last().sent, [START]);
  last().greet(0, { rate: 48000, samples: 0 });
  stream.send(frame(3, 4));
  assert.deepEqual(last().sent, [START, RESUME, [1, 2], [3, 4]]);
  assert.deepEqual(states, ["connecting", "open"]);
});

test("a microphone at the default rate is not sent twice", () => {
  const { stream } = opened();
  stream.publish(16000);
  stream.send(frame(1));
  last().greet(0, { rate: 16000, samples: 0 });
  last().greet(0, { rate: 16000, samples: 0 });
  const audio = last().sent.filter(Array.isArray);
  assert.deepEqual(audio, [[1]]);
});

test("a microphone that comes later is declared then", () => {
  const { stream } = opened();
  last().greet(0, { rate: 16000, samples: 160 });
  assert.deepEqual(last().sent, []);
  stream.publish(48000);
  stream.send(frame(1, 2));
  last().greet(0, { rate: 48000, samples: 480 });
  assert.deepEqual(last().sent, [START, RESUME, [1, 2]]);
});

test("a viewer declares nothing", () => {
  const { stream } = opened();
  stream.publish(48000);
  last().greet(7, null);
  assert.deepEqual(last().sent, []);
});

test("what is not acknowledged is sent again from the sample that the server asks for", () => {
  const { stream, states } = flowing();
  for (const first of [1, 3, 5]) stream.send(frame(first, first + 1));
  last().hear("audio.ack", 0, { samples: 2 });
  last().drop();
  stream.send(frame(7, 8));
  assert.equal(Socket.all.length, 1);
  mock.timers.tick(10_000);
  last().greet(3, { rate: 16000, samples: 1 });
  last().greet(3, { rate: 48000, samples: 3 });
  assert.deepEqual(last().sent, [START, RESUME, [4], [5, 6], [7, 8]]);
  assert.deepEqual(states, ["connecting", "open", "lost 1006", "connecting", "open"]);
});

test("a greeting does not count as what has been received", () => {
  const { stream } = flowing();
  last().hear("session.state", 5, { state: "live", reason: "consent_given" });
  last().drop();
  mock.timers.tick(10_000);
  assert.match(last().url, /\?last_seq=5$/);
  last().greet(40, { rate: 16000, samples: 0 });
  last().drop(); // before any of 6 to 40 was replayed
  mock.timers.tick(10_000);
  assert.match(last().url, /\?last_seq=5$/);
  assert.equal(stream.view.state, "live");
});

test("what was captured before a pause reaches a server that is still paused from earlier", () => {
  const { stream } = flowing();
  stream.pause();
  stream.send(frame(99)); // not taken
  last().drop();
  stream.resume();
  stream.send(frame(1));
  stream.pause();
  mock.timers.tick(10_000);
  last().greet(3, { rate: 16000, samples: 0 });
  last().greet(3, { rate: 48000, samples: 0 });
  assert.deepEqual(last().sent, [START, RESUME, [1], { type: "pause" }]);
});

test("a paused session stays paused over a reconnect", () => {
  const { stream } = flowing();
  stream.send(frame(1));
  stream.pause();
  reconnect(1);
  assert.deepEqual(last().sent, [START, { type: "pause" }]);
  stream.resume();
  stream.send(frame(2));
  assert.deepEqual(last().sent.slice(2), [RESUME, [2]]);
});

test("an end that could not be said is said after the audio before it", () => {
  const { stream } = flowing();
  last().drop();
  stream.send(frame(1));
  stream.end();
  stream.send(frame(2));
  mock.timers.tick(10_000);
  last().greet(3, { rate: 16000, samples: 0 });
  last().greet(3, { rate: 48000, samples: 0 });
  assert.deepEqual(last().sent, [START, RESUME, [1], { type: "end" }]);
});

test("a session can be ended without a microphone", () => {
  const { stream } = opened();
  last().greet(0, { rate: 16000, samples: 0 });
  stream.end();
  assert.deepEqual(last().sent, [{ type: "end" }]);
  last().drop();
  mock.timers.tick(10_000);
  last().greet(0, { rate: 16000, samples: 0 });
  assert.deepEqual(last().sent, [{ type: "end" }]);
});

test("a microphone of another rate starts a new count, and what was on its way is owned up to", () => {
  const { stream } = flowing();
  stream.send(new ArrayBuffer(48000 * 2));
  stream.publish(16000);
  stream.send(frame(1));
  last().greet(0, { rate: 16000, samples: 0 });
  assert.deepEqual(last().sent.at(-1), [1]);
  assert.equal(stream.audio.lostS, 1);
});

test("pauses between tries grow, and only a greeting resets them", () => {
  const { stream } = opened();
  const wait = () => {
    const before = Socket.all.length;
    let waitedMs = 0;
    for (; Socket.all.length === before; waitedMs += 50) mock.timers.tick(50);
    return waitedMs;
  };
  const waits = [0, 1, 2, 3].map(() => {
    last().hear("error", 0, { code: "capacity", message: "full", recoverable: false });
    last().drop(1013);
    return wait();
  });
  assert.ok(waits[3] >= 2000 && waits[3] > waits[0], `${waits}`);
  last().greet(0, { rate: 16000, samples: 0 });
  last().drop();
  assert.ok(wait() <= 550);
  last().drop();
  stream.hurry();
  stream.hurry();
  assert.equal(Socket.all.length, 7);
});

for (const code of [1000, 1008, 1009, 4001, 4002, 4003, 4004, 4999]) {
  test(`close code ${code} is the last word`, () => {
    const { stream, states } = flowing();
    last().drop(code);
    stream.send(frame(1));
    mock.timers.tick(60_000);
    assert.equal(Socket.all.length, 1);
    assert.equal(states.at(-1), `over ${code}`);
  });
}

test("after session.ended no connection is made again, however it closes", () => {
  const { states } = flowing();
  last().hear("session.ended", 9, { summary: {} });
  last().drop(1006);
  mock.timers.tick(60_000);
  assert.equal(Socket.all.length, 1);
  assert.equal(states.at(-1), "over 1006");
});

test("a connection that says nothing while audio flows is given up", () => {
  const { stream, states } = flowing();
  const dead = last();
  for (let i = 0; i < 3; i += 1) {
    mock.timers.tick(9_000);
    stream.send(frame(i));
  }
  assert.equal(dead.onmessage, null);
  assert.equal(states.at(-1), "lost 1006");
  mock.timers.tick(10_000);
  last().greet(0, { rate: 16000, samples: 0 });
  last().greet(0, { rate: 48000, samples: 0 });
  assert.deepEqual(last().sent.filter(Array.isArray), [[0], [1], [2]]);
});

test("closing from this side is final", () => {
  const { stream, states } = flowing();
  stream.close();
  assert.equal(last().closedWith, 1000);
  last().drop(1005);
  mock.timers.tick(60_000);
  assert.equal(Socket.all.length, 1);
  assert.equal(states.at(-1), "over 1005");
});
