// What a session looks like from outside: the fold of its events; the twin of streaming/view.py.
// Both must reach the state that tests/fixtures/wire/sequences/ names.

/** A session of which nothing is known yet. */
export function emptyView() {
  return {
    state: "waiting_consent",
    reason: "created",
    config: { language: "fr", tracks: [{ id: "room", role: "unknown" }], keyterms: [], speakers_max: null },
    received: 0,
    processed: 0,
    speakers: [],
    turns: [],
    partials: [],
    note: { rev: 0, statements: [], withheld: { count: 0, reasons: {} }, signed: null },
    gaps: [],
    summary: null,
  };
}

const pick = (event, defaults) =>
  Object.fromEntries(Object.entries(defaults).map(([key, value]) => [key, event[key] ?? value]));

const without = (list, key, value) => list.filter((item) => item[key] !== value);

/** Replaces the item with the same key in its place, or appends. */
function put(list, key, item) {
  const at = list.findIndex((other) => other[key] === item[key]);
  return at < 0 ? [...list, item] : list.with(at, item);
}

const changeWords = (turns, matches, change) =>
  turns.map((turn) =>
    turn.words.some(matches)
      ? { ...turn, words: turn.words.map((word) => (matches(word) ? { ...word, ...change } : word)) }
      : turn,
  );

const live = (note) => note.statements.filter((statement) => statement.state !== "discarded");
const discarded = (note) => note.statements.filter((statement) => statement.state === "discarded");

const FOLDS = {
  "session.ready": (view) => ({ ...view, partials: [] }),
  "session.state": (view, { state, reason }) => ({ ...view, state, reason }),
  "session.configured": (view, event) => ({
    ...view,
    config: pick(event, { language: "fr", tracks: [], keyterms: [], speakers_max: null }),
  }),
  lag: (view, { received, processed }) => ({ ...view, received, processed }),
  gap: (view, event) => ({ ...view, gaps: [...view.gaps, pick(event, { start: 0, end: 0, reason: "", track: 0 })] }),
  // older servers know no written forms
  snapshot: (view, { state }) => ({
    ...structuredClone(state),
    turns: state.turns.map((turn) => ({ written: [], ...structuredClone(turn) })),
  }),
  "session.ended": (view, { summary }) => ({
    ...view,
    summary,
    partials: [],
    // `lag` is not kept: who comes after the end must see the same clock as who was there.
    received: summary.duration ?? view.received,
    processed: summary.duration ?? view.received,
  }),

  "transcript.partial": (view, event) => {
    const partial = pick(event, { turn: "", track: 0, speaker: null, text: "" });
    const partials = event.text ? put(view.partials, "turn", partial) : without(view.partials, "turn", event.turn);
    return { ...view, partials };
  },
  "transcript.final": (view, { turn, track, words }) => {
    const known = view.turns.find((other) => other.id === turn) ?? { id: turn, track, ended: null, words: [], written: [] };
    return {
      ...view,
      partials: without(view.partials, "turn", turn),
      turns: put(view.turns, "id", { ...known, words: [...known.words, ...words] }),
    };
  },
  "turn.end": (view, { turn, reason, written = [] }) => ({
    ...view,
    partials: without(view.partials, "turn", turn),
    turns: view.turns.map((other) => (other.id === turn ? { ...other, ended: reason, written } : other)),
  }),
  "speaker.relabel": (view, event) => {
    const ids = new Set(event.word_ids);
    const known = view.speakers.find(({ speaker }) => speaker === event.to);
    const change = { speaker: event.to, ...(known && { speaker_state: known.state }) };
    const turns = changeWords(view.turns, (word) => ids.has(word.id), change);
    const remains = turns.some((turn) => turn.words.some((word) => word.speaker === event.from));
    return { ...view, turns, speakers: remains ? view.speakers : without(view.speakers, "speaker", event.from) };
  },
  "speaker.update": (view, event) => {
    const known = pick(event, { speaker: "", role: "unknown", confidence: 0, state: "provisional", name: null });
    const speakers = put(view.speakers, "speaker", known);
    if (known.state !== "confirmed") return { ...view, speakers };
    const mine = (word) => word.speaker === known.speaker && word.speaker_state !== "confirmed";
    return { ...view, speakers, turns: changeWords(view.turns, mine, { speaker_state: "confirmed" }) };
  },

  "note.upsert": (view, { rev, statement }) => {
    const away = discarded(view.note).filter((other) => other.id !== statement.id);
    return { ...view, note: { ...view.note, rev, statements: [...put(live(view.note), "id", statement), ...away] } };
  },
  "note.discard": (view, { rev, id, reason }) => {
    const gone = live(view.note).find((statement) => statement.id === id);
    const statements = [...without(live(view.note), "id", id), ...discarded(view.note)];
    if (gone && reason === "clinician") statements.push({ ...gone, state: "discarded", rev });
    return { ...view, note: { ...view.note, rev, statements } };
  },
  "note.withheld": (view, { count, reasons }) => ({ ...view, note: { ...view.note, withheld: { count, reasons } } }),
  "note.signed": (view, event) => ({
    ...view,
    note: { ...view.note, rev: event.rev, signed: pick(event, { rev: 0, by: "", signed_at: "", digest: "" }) },
  }),
};

/** The view after one event; the view that came in is left as it was. */
export function apply(view, event) {
  const fold = FOLDS[event.type];
  return fold ? fold(view, event) : view;
}
