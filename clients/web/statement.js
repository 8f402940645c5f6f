// One statement of the note: what it says, what is to be known about it, and what a clinician can do with it.

import { clock, speakerOf } from "./conversation.js";
import { el, icon, setAttribute, setText } from "./dom.js";
import { assertionMarks, needsCheck, unreviewed } from "./marks.js";

export class StatementItem {
  /** `note` knows texts, view and rights (`context`), selects, and carries changes out. */
  constructor(note) {
    this.note = note;
    this.statement = null;
    this.form = null; // while it is being edited
    const { texts } = note.context;
    this.text = el("span", { class: "statement-words" });
    this.marks = el("span", { class: "marks" });
    this.button = el(
      "button",
      { type: "button", class: "statement-text", click: () => note.select(this.statement) },
      this.text,
      " ",
      this.marks,
    );
    this.heard = el("div", { class: "heard", hidden: true });
    this.confirmButton = this.#action("check", texts.confirm, () => note.change(this.statement, { state: "confirmed" }));
    this.actions = el(
      "div",
      { class: "actions", role: "group" },
      this.confirmButton,
      this.#action("pencil", texts.edit, () => this.#edit()),
      this.#action("cross", texts.discard, () => note.change(this.statement, { state: "discarded" })),
    );
    this.element = el("li", { class: "statement" }, this.button, this.actions, this.heard);
  }

  #action(name, label, click) {
    return el("button", { type: "button", class: "action", "aria-label": label, title: label, click }, icon(name));
  }

  update(statement) {
    const { view, selected, readOnly } = this.note.context;
    const isSelected = selected === statement.id;
    setAttribute(this.button, "aria-pressed", String(isSelected));
    this.element.classList.toggle("selected", isSelected);
    this.actions.hidden = readOnly || this.form !== null;
    const isUnreviewed = unreviewed({ statements: [statement], signed: view.note.signed }).length > 0;
    if (statement !== this.statement || isUnreviewed !== this.isUnreviewed) this.#show(statement, isUnreviewed);
    this.heard.hidden = !isSelected;
    if (isSelected) this.#showEvidence(statement);
  }

  #show(statement, isUnreviewed) {
    Object.assign(this, { statement, isUnreviewed });
    setAttribute(this.element, "data-state", statement.state);
    setText(this.text, statement.text);
    setAttribute(this.actions, "aria-label", statement.text);
    this.confirmButton.hidden = statement.state === "confirmed";
    const { texts } = this.note.context;
    this.marks.replaceChildren(
      ...[
        ...assertionMarks(statement, texts).map((mark) => el("span", { class: "mark assertion" }, mark)),
        isUnreviewed && needsCheck(statement) && el("span", { class: "mark check" }, texts.check),
        statement.state === "edited" && el("span", { class: "mark reviewed" }, icon("pencil"), texts.edited),
        statement.state === "confirmed" && el("span", { class: "mark reviewed" }, icon("check"), texts.confirmed),
      ].filter(Boolean),
    );
  }

  #showEvidence({ evidence }) {
    const { view, texts } = this.note.context;
    if (this.evidence === evidence && this.speakers === view.speakers) return;
    Object.assign(this, { evidence, speakers: view.speakers });
    const lines = evidence.map(({ text, speaker, start }) => {
      const who = speakerOf(view, texts, speaker).name;
      return el("p", {}, el("q", {}, text), el("span", { class: "heard-by" }, texts.heard(who, clock(start))));
    });
    this.heard.replaceChildren(...lines);
  }

  #edit() {
    const { texts } = this.note.context;
    const text = el("textarea", { rows: "2", "aria-label": texts.editLabel, maxlength: "2000" });
    text.value = this.statement.text;
    const save = el("button", { type: "submit", class: "button primary small" }, texts.save);
    const cancel = el("button", { type: "button", class: "button small", click: () => this.#stopEditing() }, texts.cancel);
    this.form = el("form", { class: "edit", submit: (event) => this.#save(event, text) }, text, el("div", { class: "buttons" }, cancel, save));
    this.form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#stopEditing();
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.#save(event, text);
    });
    this.note.editing.set(this.statement.id, this.statement);
    this.actions.hidden = true;
    this.actions.after(this.form);
    text.focus();
    text.setSelectionRange(text.value.length, text.value.length);
  }

  async #save(event, input) {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    const isSame = text === this.statement.text;
    if (isSame || (await this.note.change(this.statement, { text }))) this.#stopEditing();
  }

  #stopEditing() {
    this.form.remove();
    this.form = null;
    this.note.stopEditing(this.statement.id);
    this.button.focus();
  }
}
