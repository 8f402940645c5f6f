// The transcript pane. What stays as it is is not drawn again; it follows the talk only while the reader is at its end.

import { clock, conversation, speakerOf } from "./conversation.js";
import { el, icon, Keyed, setAttribute, setText } from "./dom.js";

const AT_END_PX = 48;

export class Transcript {
  /** `pane` holds `.scroll` with `.blocks` and `.empty`, and the button `.latest`. */
  constructor(pane) {
    this.scroll = pane.querySelector(".scroll");
    this.empty = pane.querySelector(".empty");
    this.latest = pane.querySelector(".latest");
    this.latest.prepend(icon("down"));
    this.words = new Map(); // word id → its element
    this.lit = [];
    this.follows = true;
    this.blocks = new Keyed(pane.querySelector(".blocks"), ({ key }) => key, (block) => this.#make(block));
    this.scroll.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.latest.addEventListener("click", () => {
      this.#toEnd();
      this.scroll.focus({ preventScroll: true });
    });
  }

  render(view, texts) {
    this.texts = texts;
    this.view = view;
    const blocks = conversation(view);
    this.empty.hidden = blocks.length > 0;
    this.blocks.update(blocks);
    if (this.follows) this.#toEnd();
  }

  /** Lights up the words of some evidence and brings the first of them into view. No words: nothing is lit. */
  light(wordIds) {
    for (const element of this.lit) element.classList.remove("lit");
    this.lit = [...new Set(wordIds.map((id) => this.words.get(id)).filter(Boolean))];
    for (const element of this.lit) element.classList.add("lit");
    if (this.lit.length && !this.#isInView(this.lit[0])) this.lit[0].scrollIntoView({ block: "center" });
  }

  #isInView(element) {
    const { top, bottom } = element.getBoundingClientRect();
    const pane = this.scroll.getBoundingClientRect();
    return top >= pane.top && bottom <= pane.bottom;
  }

  #make(block) {
    return block.kind === "gap" ? new Gap(() => this.texts) : new Speech(this);
  }

  #scrolled() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroll;
    this.follows = scrollHeight - scrollTop - clientHeight < AT_END_PX;
    this.latest.hidden = this.follows;
  }

  #toEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.follows = true;
    this.latest.hidden = true;
  }
}

class Gap {
  constructor(texts) {
    this.texts = texts;
    this.element = el("p", { class: "gap" });
  }

  update({ gap }) {
    const seconds = Math.max(1, Math.round(gap.end - gap.start));
    setText(this.element, this.texts().gap(seconds));
  }
}

/** What one speaker says in a row. */
class Speech {
  constructor(transcript) {
    this.transcript = transcript;
    this.name = el("span", { class: "speaker-name" });
    this.doubt = el("span", { class: "speaker-doubt" });
    this.time = el("time", { class: "speaker-time" });
    this.heading = el("p", { class: "speaker" }, this.name, this.doubt, this.time);
    this.body = el("p", { class: "words" });
    this.element = el("div", { class: "speech" }, this.heading, this.body);
    this.parts = new Keyed(this.body, ({ key }) => key, () => new Part(transcript));
  }

  update({ speaker, start, parts }) {
    const { view, texts } = this.transcript;
    // All blocks are asked at every event: most have nothing new to show.
    const seen = [speaker, start, view.speakers, texts, ...parts.flatMap(({ key, pieces, tentative }) => [key, pieces, tentative])];
    if (seen.length === this.seen?.length && seen.every((value, i) => value === this.seen[i])) return;
    this.seen = seen;
    const isNobody = speaker === null && start === null;
    const { role, name, provisional } = speakerOf(view, texts, speaker);
    setAttribute(this.element, "data-role", role);
    setText(this.name, isNobody ? "…" : name);
    setText(this.doubt, provisional ? texts.provisional : "");
    setText(this.time, start === null ? "" : clock(start));
    this.parts.update(parts);
  }
}

/** What one speaker says in one turn: words, or their written form, then what is still tentative. */
class Part {
  constructor(transcript) {
    this.transcript = transcript;
    this.pieces = [];
    this.elements = [];
    this.tentative = el("em", { class: "tentative" });
    this.element = el("span", { class: "part" }, this.tentative);
  }

  update({ pieces, tentative }) {
    let same = 0;
    while (same < pieces.length && isAlike(pieces[same], this.pieces[same])) same += 1;
    for (const element of this.elements.splice(same)) {
      element.nextSibling.remove(); // the space
      element.remove();
    }
    for (const piece of pieces.slice(same)) this.#append(piece);
    this.pieces = pieces;
    setText(this.tentative, tentative && `${tentative} `);
    setAttribute(this.tentative, "title", tentative ? this.transcript.texts.tentative : null);
  }

  #append({ ids, text, said }) {
    const element = el("span", { class: "word", title: said }, text);
    const { words, lit } = this.transcript;
    if (ids.some((id) => lit.includes(words.get(id)))) {
      element.classList.add("lit");
      lit.push(element);
    }
    for (const id of ids) words.set(id, element);
    this.elements.push(element);
    this.tentative.before(element, " ");
  }
}

const isAlike = (one, other) => one.text === other?.text && one.said === other.said && one.ids[0] === other.ids[0];
