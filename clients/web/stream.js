// The live stream over a WebSocket that may drop and come again: it resumes where it was, sends again what was not
// acknowledged, and folds every event into a view.

import { Unacknowledged } from "./unacknowledged.js";
import { apply, emptyView } from "./view.js";
import { decodeEvent, encodeClient } from "./wire.js";

const OPEN = 1; // WebSocket.OPEN
/** Close codes after which another try may help; any other is the last word, so that nobody hammers a server. */
const PASSING = new Set([1001, 1005, 1006, 1011, 1012, 1013]);
/** While audio flows the server speaks at least every two seconds; silent for so long, the connection is dead. */
const STALLED_MS = 20_000;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 10_000;
const MESSAGES = { live: "resume", paused: "pause", ended: "end" };

export class Stream {
  /**
   * `onView(view, event)` after every event; `onConnection("connecting" | "open" | "lost" | "over", closeCode)`.
   * `url` is the stream's address without a query.
   */
  constructor({ url, token, onView, onConnection, Socket = globalThis.WebSocket }) {
    this.url = url;
    this.token = token;
    this.onView = onView;
    this.onConnection = onConnection;
    this.Socket = Socket;
    this.view = emptyView();
    this.lastSeq = null; // of the last event that is folded in
    this.audio = null; // Unacknowledged, once something is published
    this.wanted = "live"; // what the person wants: the server is told so after every reconnect
    this.flowing = false; // the server has said from which sample the audio goes on
    this.over = false;
    this.socket = null;
    this.greeted = false; // this connection has had its first `session.ready`
    this.heardAt = 0;
    this.attempt = 0;
    this.retryTimer = null;
  }

  /** Declares that frames of s16le mono at this rate (Hz) will be sent. */
  publish(rate) {
    if (this.audio?.rate === rate) return;
    const lostS = (this.audio?.lostS ?? 0) + (this.audio?.keptS ?? 0);
    this.audio = new Unacknowledged(rate, lostS);
    this.flowing = false;
    if (this.greeted) this.#declare();
  }

  connect() {
    clearTimeout(this.retryTimer);
    this.retryTimer = null;
    this.onConnection("connecting");
    const url = this.lastSeq === null ? this.url : `${this.url}?last_seq=${this.lastSeq}`;
    // The token travels as a subprotocol: it must be in no address, for addresses end up in logs.
    const socket = new this.Socket(url, ["colloque.v1", this.token]);
    this.socket = socket;
    this.greeted = false;
    socket.onmessage = ({ data }) => this.#receive(decodeEvent(data));
    socket.onclose = ({ code }) => this.#closed(code);
  }

  /** Tries again at once where a pause between two tries is on (the network is back). */
  hurry() {
    if (this.retryTimer !== null) this.connect();
  }

  pause() {
    this.#want("paused");
  }

  resume() {
    this.#want("live");
  }

  end() {
    this.#want("ended");
  }

  /** Sends a frame of audio and keeps it until it is acknowledged. While paused, and after the end, nothing is taken. */
  send(frame) {
    if (this.wanted !== "live" || this.over) return;
    this.audio.add(frame);
    if (!this.flowing) return;
    if (Date.now() - this.heardAt > STALLED_MS) this.#abandon();
    else this.socket.send(frame);
  }

  /** Folds in what the server has answered to a request, once the stream is over and no event tells of it. */
  settle(event) {
    if (!this.over) return;
    this.view = apply(this.view, event);
    this.onView(this.view, event);
  }

  close() {
    this.over = true;
    this.flowing = false;
    clearTimeout(this.retryTimer);
    this.socket?.close(1000);
  }

  #want(state) {
    this.wanted = state;
    if (this.flowing || (this.audio === null && this.greeted)) this.#say(MESSAGES[state]);
  }

  #say(type, fields) {
    if (this.socket.readyState === OPEN) this.socket.send(encodeClient(type, fields));
  }

  #declare() {
    this.#say("session.start", { audio: { encoding: "pcm_s16le", rate: this.audio.rate, channels: 1 } });
  }

  #receive(event) {
    if (event === null) return;
    this.heardAt = Date.now();
    if (event.type === "session.ready") this.#ready(event);
    // `session.ready` comes before what is replayed, so its number says nothing of what has been received.
    else this.lastSeq = Math.max(this.lastSeq ?? 0, event.seq);
    if (event.type === "audio.ack") this.audio?.acknowledge(event.samples);
    if (event.type === "session.ended") this.over = true;
    this.view = apply(this.view, event);
    this.onView(this.view, event);
  }

  /** The first greeting of a connection describes the default audio; the second answers what was declared. */
  #ready({ audio }) {
    if (this.greeted) {
      if (audio !== null && this.audio !== null) this.#flow(audio.samples);
      return;
    }
    this.greeted = true;
    this.attempt = 0;
    this.onConnection("open");
    if (audio === null) return; // a viewer
    if (this.audio !== null) this.#declare();
    else if (this.wanted !== "live") this.#say(MESSAGES[this.wanted]);
  }

  /**
   * Goes on from a sample. What was captured before a pause is sent before it, so `resume` comes first: the server may
   * still be paused from earlier. Said to a session that is live it changes nothing.
   */
  #flow(sample) {
    const frames = this.audio.from(sample);
    if (frames.length || this.wanted === "live") this.#say(MESSAGES.live);
    for (const frame of frames) this.socket.send(frame);
    if (this.wanted !== "live") this.#say(MESSAGES[this.wanted]);
    this.flowing = true;
  }

  /** A connection that is dead without knowing it: its closing handshake would not be answered either. */
  #abandon() {
    this.socket.onmessage = null;
    this.socket.onclose = null;
    this.socket.close();
    this.#closed(1006);
  }

  #closed(code) {
    this.flowing = false;
    this.greeted = false;
    if (this.over || !PASSING.has(code)) {
      this.over = true;
      this.onConnection("over", code);
      return;
    }
    this.onConnection("lost", code);
    const pauseMs = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** this.attempt) * (0.5 + Math.random() / 2);
    this.attempt += 1;
    this.retryTimer = setTimeout(() => this.connect(), pauseMs);
  }
}
