// What the consultation is doing, for the one line of the page that must never be wrong. Pure.

const PROBLEMS = { 1008: "unauthorised", 4001: "token_expired", 4003: "superseded" };
const DONE = new Set([1000, 4004]);

/**
 * `kind` chooses the dot, `key` the words (`texts.status`).
 *
 * `connection` is what the stream said last, and `closeCode` the code of a connection that is over. `mayPublish` is
 * false for a viewer. `isCapturing` is true while a microphone is open, `isPaused` while it is not listened to.
 */
export function statusOf({ view, connection, closeCode, mayPublish, isCapturing, isPaused }) {
  if (view.state === "closed") return { kind: "ended", key: "ended" };
  if (connection === "over") return { kind: "ended", key: closeCode === 4003 ? "superseded" : "disconnected" };
  if (connection === "lost") return { kind: "lost", key: isCapturing && !isPaused ? "lost" : "lostViewer" };
  if (connection === "connecting") return { kind: "waiting", key: "connecting" };
  if (view.state === "closing") return { kind: "waiting", key: "closing" };
  if (view.state === "waiting_consent") return { kind: "waiting", key: "waiting" };
  if (mayPublish && !isCapturing) return { kind: "paused", key: "microphoneOff" };
  return isPaused ? { kind: "paused", key: "paused" } : { kind: "listening", key: "listening" };
}

/** Code of the problem that ended a connection, or null where it simply is over. */
export const problemOf = (closeCode) => (DONE.has(closeCode) ? null : (PROBLEMS[closeCode] ?? "internal"));
