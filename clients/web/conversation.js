// The transcript as it is read: what one person says in a row, gaps in their place, and tentative text. Pure.

/**
 * Blocks in order of time. A `speech` block holds what one speaker says in a row on one track, each turn as a part with
 * committed words in pieces, and tentative text; a `gap` block is audio that was not understood.
 *
 * A piece is `{ ids, text, said }`: one word, or the written form of several once their turn has ended; `said` is then
 * what was said, and null otherwise.
 */
export function conversation(view) {
  const blocks = [];
  for (const { gap, part } of inOrder(view)) {
    if (gap) blocks.push({ kind: "gap", key: `gap-${gap.track}-${gap.start}`, gap });
    else addPart(blocks, part);
  }
  for (const { turn, track, speaker, text } of view.partials) {
    if (!isHeard(view, turn)) addPart(blocks, { key: turn, track, speaker, start: null, pieces: [], tentative: text });
  }
  return blocks;
}

function inOrder({ turns, gaps, partials }) {
  const tentative = new Map(partials.map(({ turn, text }) => [turn, text]));
  const parts = turns.flatMap((turn) => partsOf(turn, tentative.get(turn.id) ?? ""));
  const entries = [
    ...parts.map((part) => ({ part, start: part.start, track: part.track })),
    ...gaps.map((gap) => ({ gap, start: gap.start, track: gap.track })),
  ];
  return entries.sort((a, b) => a.start - b.start || a.track - b.track);
}

const isHeard = (view, id) => view.turns.some((turn) => turn.id === id && turn.words.length);

const kept = new WeakMap(); // turn → its parts: turns are never changed, only replaced, and few of them at a time

/** A turn is one part, unless some of its words were given to another speaker later. */
function partsOf(turn, tentative) {
  if (!kept.has(turn)) kept.set(turn, cut(turn));
  const parts = kept.get(turn);
  return tentative && parts.length ? parts.with(-1, { ...parts.at(-1), tentative }) : parts;
}

function cut({ id, track, words, written = [] }) {
  const runs = [];
  for (const word of words) {
    if (runs.length && runs.at(-1)[0].speaker === word.speaker) runs.at(-1).push(word);
    else runs.push([word]);
  }
  return runs.map((run, i) => ({
    key: i ? `${id}/${run[0].id}` : id,
    track,
    speaker: run[0].speaker,
    start: run[0].start,
    pieces: piecesOf(run, written),
    tentative: "",
  }));
}

/** A written form stands where all its words are; one that a change of speaker cuts is true of neither. */
function piecesOf(words, written) {
  const forms = new Map(written.map((form) => [form.word_ids[0], form]));
  const pieces = [];
  for (let at = 0; at < words.length; ) {
    const form = forms.get(words[at].id);
    const taken = words.slice(at, at + (form?.word_ids.length ?? 1));
    const isWhole = form && taken.length === form.word_ids.length && taken.every(({ id }, i) => id === form.word_ids[i]);
    if (isWhole) pieces.push({ ids: form.word_ids, text: form.text, said: taken.map(({ text }) => text).join(" ") });
    else pieces.push({ ids: [words[at].id], text: words[at].text, said: null });
    at += pieces.at(-1).ids.length;
  }
  return pieces;
}

function addPart(blocks, { key, track, speaker, start, pieces, tentative }) {
  const part = { key, pieces, tentative };
  const last = blocks.at(-1);
  if (last?.kind === "speech" && last.track === track && last.speaker === speaker) {
    last.parts.push(part);
    return;
  }
  blocks.push({ kind: "speech", key: `turn-${key}`, speaker, track, start, parts: [part] });
}

/** Role and how the role is called, with a number where the role alone would not tell two speakers apart. */
export function speakerOf(view, texts, label) {
  const known = view.speakers.find((speaker) => speaker.speaker === label);
  if (label === null || label === undefined) return { role: "unknown", name: texts.unknown, provisional: false };
  const role = known?.role ?? "unknown";
  const provisional = known?.state === "provisional";
  if (known?.name) return { role, name: known.name, provisional };
  const alike = view.speakers.filter((speaker) => speaker.role === role && !speaker.name).length;
  const number = role === "unknown" || alike > 1 ? ` ${label.replace(/^S/, "")}` : "";
  return { role, name: texts.roles[role] + number, provisional };
}

/** `m:ss`, or `h:mm:ss` from an hour on. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes}:${two(whole % 60)}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}
