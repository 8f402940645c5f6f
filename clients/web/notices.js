// What has to be said once, in the middle of a consultation: a problem, and what can be done about it.

import { el } from "./dom.js";

const PASSING_MS = 8000;

export class Notices {
  constructor(list) {
    this.list = list;
    this.shown = new Map(); // key → element
  }

  /** Shows a notice until it is hidden; said again under its key it replaces the former one. */
  show(key, text, action = null) {
    const button = action && el("button", { type: "button", class: "button small", click: action.run }, action.label);
    const notice = el("p", { class: "notice" }, el("span", {}, text), button);
    if (this.shown.has(key)) this.shown.get(key).replaceWith(notice);
    else this.list.append(notice);
    this.shown.set(key, notice);
  }

  /** Shows a notice for a while. */
  pass(text) {
    this.show("passing", text);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.hide("passing"), PASSING_MS);
  }

  hide(key) {
    this.shown.get(key)?.remove();
    this.shown.delete(key);
  }
}
