// Making and updating elements. Data only ever become text nodes and attributes, never markup.

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  check: "M3.5 8.5l3 3 6-7",
  pencil: "M3 13l.7-3L10.6 3.1a1.2 1.2 0 0 1 1.7 0l.6.6a1.2 1.2 0 0 1 0 1.7L6 12.3 3 13z",
  cross: "M4.5 4.5l7 7m0-7l-7 7",
  pause: "M5.5 3.5v9m5-9v9",
  play: "M5.5 3.5l6.5 4.5-6.5 4.5z",
  stop: "M4.5 4.5h7v7h-7z",
  screen: "M2.5 3.5h11v7.5h-11zM6 13.5h4",
  copy: "M6 6h6.5v7H6zM4 10H3.5V3H10v.7",
  down: "M8 3.5v9m-3.5-3.5L8 12.5 11.5 9",
};

/**
 * An element with its attributes and children. `class`, `data-…`, `aria-…` and the like are attributes; functions are
 * listeners by the name of their event; true sets an attribute without a value; false and null set none.
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else setAttribute(element, name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** A drawing of 16 by 16 that takes the colour of the text; for decoration beside a word or an `aria-label`. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

export function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : value);
}

/** Sets a text only where it differs, so that nothing is laid out or announced again for nothing. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Fills every `data-text`, `data-label` and `data-icon` below the root from the texts of a language. */
export function fillTexts(root, texts) {
  for (const element of root.querySelectorAll("[data-text]")) {
    const target = element.querySelector(":scope > .words") ?? element;
    setText(target, texts[element.dataset.text]);
  }
  for (const element of root.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", texts[element.dataset.label]);
  }
}

/**
 * Children of an element, one widget an item. A widget has `element` and `update(item)`; it is made once per key, moved
 * where the order changes, and removed with its item.
 */
export class Keyed {
  constructor(parent, keyOf, make) {
    this.parent = parent;
    this.keyOf = keyOf;
    this.make = make;
    this.widgets = new Map();
  }

  update(items) {
    const keys = new Set(items.map(this.keyOf));
    for (const [key, widget] of this.widgets) {
      if (keys.has(key)) continue;
      widget.element.remove();
      this.widgets.delete(key);
    }
    let next = this.parent.firstElementChild;
    for (const item of items) {
      const widget = this.#widgetOf(item);
      widget.update(item);
      if (widget.element === next) next = next.nextElementSibling;
      else this.parent.insertBefore(widget.element, next);
    }
  }

  #widgetOf(item) {
    const key = this.keyOf(item);
    if (!this.widgets.has(key)) this.widgets.set(key, this.make(item));
    return this.widgets.get(key);
  }
}
