// The transcript as it is read: what one person says in a row, gaps in their place, and tentative text. Pure.

/**
 * Blocks in order of time. A `speech` block holds consecutive turns of one speaker on one track, each turn as a part
 * with committed words and tentative text; a `gap` block is audio that was not understood.
 */
export function conversation(view) {
  const partials = new Map(view.partials.map((partial) => [partial.turn, partial]));
  const blocks = [];
  for (const entry of inOrder(view)) {
    if (entry.gap) blocks.push({ kind: "gap", key: `gap-${entry.track}-${entry.start}`, gap: entry.gap });
    else addPart(blocks, entry.turn.words[0].speaker, entry.turn, partials.get(entry.turn.id)?.text ?? "");
  }
  for (const partial of view.partials) {
    if (isHeard(view, partial.turn)) continue;
    addPart(blocks, partial.speaker, { id: partial.turn, track: partial.track, words: [] }, partial.text);
  }
  return blocks;
}

function inOrder({ turns, gaps }) {
  const spoken = turns.filter((turn) => turn.words.length);
  const entries = [
    ...spoken.map((turn) => ({ turn, start: turn.words[0].start, track: turn.track })),
    ...gaps.map((gap) => ({ gap, start: gap.start, track: gap.track })),
  ];
  return entries.sort((a, b) => a.start - b.start || a.track - b.track);
}

const isHeard = (view, id) => view.turns.some((turn) => turn.id === id && turn.words.length);

function addPart(blocks, speaker, { id, track, words }, tentative) {
  const part = { key: id, words, tentative };
  const last = blocks.at(-1);
  if (last?.kind === "speech" && last.track === track && last.speaker === speaker) {
    last.parts.push(part);
    return;
  }
  const start = words.length ? words[0].start : null;
  blocks.push({ kind: "speech", key: `turn-${id}`, speaker, track, start, parts: [part] });
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
