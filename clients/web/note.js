// The note pane: statements by section, what was withheld, and what the clinician has put aside.

import { el, Keyed, setText } from "./dom.js";
import { bySection, discarded, shown } from "./marks.js";
import { StatementItem } from "./statement.js";

export class Note {
  /**
   * `pane` holds `.sections`, `.empty`, `.withheld` and the details `.discarded`. `onLight(wordIds)` is told which
   * words to light up; `onChange(statement, change)` resolves to true where the change was taken.
   */
  constructor(pane, { onLight, onChange }) {
    this.empty = pane.querySelector(".empty");
    this.withheld = pane.querySelector(".withheld");
    this.away = pane.querySelector(".discarded");
    this.onLight = onLight;
    this.onChange = onChange;
    this.context = { view: null, texts: null, readOnly: true, selected: null };
    this.editing = new Map(); // id → statement as it was last seen
    this.sections = new Keyed(pane.querySelector(".sections"), ({ section }) => section, () => new Section(this));
    this.awayItems = new Keyed(this.away.querySelector("ul"), ({ id }) => id, () => new DiscardedItem(this));
  }

  render(view, texts, readOnly) {
    Object.assign(this.context, { view, texts, readOnly });
    const { note } = view;
    const sections = bySection({ ...note, statements: this.#withEdited(note) });
    this.empty.hidden = sections.length > 0;
    this.sections.update(sections);
    const { count } = note.withheld;
    this.withheld.hidden = count === 0;
    if (count) setText(this.withheld, texts.withheld(count));
    const away = discarded(note).filter(({ id }) => !this.editing.has(id));
    this.away.hidden = readOnly || away.length === 0;
    setText(this.away.querySelector("summary"), texts.discardedCount(away.length));
    this.awayItems.update(away);
  }

  /** A statement that is being edited stays in its place, even where the software has taken it back meanwhile. */
  #withEdited(note) {
    const statements = shown(note);
    for (const statement of statements) if (this.editing.has(statement.id)) this.editing.set(statement.id, statement);
    const gone = [...this.editing.values()].filter(({ id }) => !statements.some((other) => other.id === id));
    return [...statements, ...gone];
  }

  /** Selects a statement, or lets go of it where it is selected already. */
  select(statement) {
    const isOn = this.context.selected !== statement.id;
    this.context.selected = isOn ? statement.id : null;
    this.#again();
    this.onLight(isOn ? statement.evidence.flatMap((evidence) => evidence.word_ids) : []);
  }

  change(statement, change) {
    return this.onChange(statement, change);
  }

  stopEditing(id) {
    this.editing.delete(id);
    this.#again();
  }

  #again() {
    const { view, texts, readOnly } = this.context;
    this.render(view, texts, readOnly);
  }
}

class Section {
  constructor(note) {
    this.note = note;
    this.heading = el("h3", {});
    const list = el("ul", {});
    this.element = el("section", { class: "note-section" }, this.heading, list);
    this.statements = new Keyed(list, ({ id }) => id, () => new StatementItem(note));
  }

  update({ section, statements }) {
    setText(this.heading, this.note.context.texts.sections[section]);
    this.statements.update(statements);
  }
}

class DiscardedItem {
  constructor(note) {
    const { texts } = note.context;
    this.text = el("span", {});
    const restore = () => note.change(this.statement, { state: "confirmed" });
    this.element = el("li", {}, this.text, el("button", { type: "button", class: "button small", click: restore }, texts.restore));
  }

  update(statement) {
    this.statement = statement;
    setText(this.text, statement.text);
  }
}
