// What the page says about statements and about the note as a record. Pure.

export const SECTIONS = [
  "reason",
  "history_of_present_illness",
  "past_history",
  "family_history",
  "medications",
  "allergies",
  "social",
  "vitals",
  "examination",
  "assessment",
  "plan",
];

const CONFIDENT = 0.7;
/** Where the heading already says what the assertion would. */
const SAID_BY_SECTION = { past_history: "historical", family_history: "family", plan: "planned" };

export const shown = (note) => note.statements.filter((statement) => statement.state !== "discarded");
export const discarded = (note) => note.statements.filter((statement) => statement.state === "discarded");

/** Proposals that nobody has confirmed, edited or signed. */
export const unreviewed = ({ statements, signed }) =>
  statements.filter(({ state, rev }) => state === "draft" && (signed === null || rev > signed.rev));

/** True for a proposal that a person should look at twice: little confidence, or a number in it. */
export const needsCheck = ({ confidence, text }) => confidence < CONFIDENT || /\d/.test(text);

/** What has to be said beside the sentence: the assertion and the family, where nothing there says them already. */
export function assertionMarks({ section, assertion, text, subject }, texts) {
  const isSaid =
    assertion === "present" ||
    SAID_BY_SECTION[section] === assertion ||
    (assertion === "absent" && texts.denial.test(text)) ||
    (assertion === "possible" && texts.doubt.test(text));
  const isFamily = subject === "family" && section !== "family_history" && assertion !== "family";
  return [!isSaid && texts.assertions[assertion], isFamily && texts.assertions.family].filter(Boolean);
}

const firstHeard = ({ evidence }) => Math.min(...evidence.map(({ start }) => start), Infinity);

/** `[{section, statements}]` in clinical order, only sections that hold something; statements in order of time. */
export function bySection(note) {
  const statements = shown(note);
  return SECTIONS.map((section) => ({
    section,
    statements: statements
      .filter((statement) => statement.section === section)
      .sort((a, b) => firstHeard(a) - firstHeard(b) || a.id.localeCompare(b.id)),
  })).filter(({ statements }) => statements.length);
}

/** `draft`, `signed`, or `amended`: changed since the signature, which no longer holds for it. */
export function recordState({ rev, signed }) {
  if (signed === null) return "draft";
  return rev === signed.rev ? "signed" : "amended";
}

/** What stands above the note: whether anybody has validated it. */
export function banner(note, texts, language) {
  const state = recordState(note);
  if (state === "draft") return texts.draft;
  const at = new Date(note.signed.signed_at).toLocaleString(language, { dateStyle: "long", timeStyle: "short" });
  return state === "signed" ? texts.signedBy(note.signed.by, at) : texts.amended(note.signed.by, at);
}

/** The note as plain text, to paste elsewhere. Its first line says what it is. */
export function noteText(note, texts, language) {
  const sections = bySection(note).map(({ section, statements }) => {
    const lines = statements.map((statement) => {
      const marks = assertionMarks(statement, texts).join(", ");
      return `- ${statement.text}${marks && ` (${marks})`}`;
    });
    return [texts.sections[section], ...lines].join("\n");
  });
  return [banner(note, texts, language), ...sections].join("\n\n") + "\n";
}
