// Whether the note is validated, and by whom; the way to sign it and to take it along.

import { icon, setAttribute, setText } from "./dom.js";
import { banner, noteText, recordState, shown, unreviewed } from "./marks.js";

export class Signature {
  /** `pane` holds `.banner`, the button `.copy` and the form `.signature`; `onSign(by)`; `onSay(text)`. */
  constructor(pane, { onSign, onSay }) {
    this.banner = pane.querySelector(".banner");
    this.form = pane.querySelector(".signature");
    this.by = this.form.querySelector("input");
    this.review = this.form.querySelector(".review");
    this.copyButton = pane.querySelector(".copy");
    this.copyButton.append(icon("copy"));
    this.onSay = onSay;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const by = this.by.value.trim();
      if (by) onSign(by);
      else this.by.focus();
    });
    this.copyButton.addEventListener("click", () => this.#copy());
  }

  /** `canSign` once the consultation is over and this page may change the note. */
  render(note, texts, language, { canSign, readOnly }) {
    Object.assign(this, { note, texts, language });
    const state = recordState(note);
    setAttribute(this.banner, "data-state", state);
    setText(this.banner, banner(note, texts, language));
    this.copyButton.hidden = readOnly || shown(note).length === 0;
    setAttribute(this.copyButton, "title", texts.copy);
    this.form.hidden = !canSign || state === "signed" || shown(note).length === 0;
    setText(this.review, `${texts.unreviewed(unreviewed(note).length)} ${texts.signHint}`);
  }

  /** Fills in who signs, where nothing was typed yet. */
  suggest(by) {
    if (!this.by.value) this.by.value = by;
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(noteText(this.note, this.texts, this.language));
      this.onSay(this.texts.copied);
    } catch {
      this.onSay(this.texts.copyFailed);
    }
  }
}
