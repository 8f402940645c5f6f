// Everything that the page says, in the languages of the consultation.

import { de } from "./texts.de.js";
import { en } from "./texts.en.js";
import { fr } from "./texts.fr.js";

export const TEXTS = { fr, en, de };
export const LANGUAGES = { fr: "Français", en: "English", de: "Deutsch" };

/** The first of the browser's languages that the page speaks, else French. */
export const usualLanguage = (tags) => tags.map((tag) => tag.slice(0, 2)).find((tag) => tag in TEXTS) ?? "fr";

/** What a problem's stable code means to the person at the page. */
export const explain = (texts, code) => texts.problems[code] ?? texts.problems.internal;
