// The page's half of the codec; the twin of streaming/wire.py. Both pass tests/fixtures/wire/.

const EVENT_FIELDS = {
  "session.ready": ["session_id", "limits", "last_seq"],
  "audio.ack": ["samples"],
  "session.state": ["state", "reason"],
  "session.configured": ["language", "tracks"],
  "speech.started": ["track", "at"],
  "speech.stopped": ["track", "at"],
  "transcript.partial": ["turn", "track", "text"],
  "transcript.final": ["turn", "track", "words"],
  "speaker.relabel": ["from", "to", "word_ids"],
  "speaker.update": ["speaker", "role", "confidence", "state"],
  "turn.end": ["turn", "reason"],
  "note.upsert": ["rev", "statement"],
  "note.discard": ["rev", "id", "reason"],
  "note.withheld": ["count", "reasons"],
  "note.signed": ["rev", "by", "signed_at", "digest"],
  lag: ["received", "processed"],
  gap: ["start", "end", "reason"],
  snapshot: ["state"],
  warning: ["code", "message"],
  error: ["code", "message", "recoverable"],
  "session.ended": ["summary"],
};

/** Text of a client's message; fields that are null or undefined are left out. */
export function encodeClient(type, fields = {}) {
  const given = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  return JSON.stringify({ type, ...Object.fromEntries(given) });
}

/**
 * A server's event as an object, or null where its type is newer than this page (additions are free).
 * Throws where the text is no event at all.
 */
export function decodeEvent(text) {
  const event = JSON.parse(text);
  if (event === null || typeof event !== "object" || Array.isArray(event) || typeof event.type !== "string") {
    throw new Error("a message is one JSON object with a string type");
  }
  const fields = EVENT_FIELDS[event.type];
  if (fields === undefined) return null;
  if (!Number.isInteger(event.seq) || typeof event.t !== "number") {
    throw new Error("an event has an integer seq and a number t");
  }
  for (const field of fields) {
    if (event[field] === undefined) throw new Error(`${event.type} lacks the field ${field}`);
  }
  return event;
}
