// The bar over a consultation: what it is doing, in plain words, and the few things that can be done to it.

import { clock } from "./conversation.js";
import { el, icon, setAttribute, setText } from "./dom.js";

const BEHIND_S = 3;

export class Header {
  /** `actions`: `pause()`, `resume()`, `end()`, `share()`, `changeMicrophone(id)`. */
  constructor(bar, actions) {
    const find = (name) => bar.querySelector(name);
    this.state = find(".state");
    this.words = find(".state-words");
    this.meter = find(".meter");
    this.elapsed = find(".elapsed");
    this.behind = find(".behind");
    this.devices = find(".devices");
    this.pauseButton = find(".pause");
    this.endButton = find(".end");
    this.shareButton = find(".share");
    this.isPaused = null;
    this.texts = null;
    this.endButton.prepend(icon("stop"));
    this.shareButton.prepend(icon("screen"));
    this.pauseButton.addEventListener("click", () => (this.isPaused ? actions.resume() : actions.pause()));
    this.endButton.addEventListener("click", () => actions.end());
    this.shareButton.addEventListener("click", () => actions.share());
    this.devices.addEventListener("change", () => actions.changeMicrophone(this.devices.value));
  }

  /** `status` of `statusOf`; `keptS` is unsent sound; `controls` says what is offered. */
  render({ status, receivedS, processedS, keptS, isPaused, controls }, texts) {
    setAttribute(this.state, "data-kind", status.kind);
    setText(this.words, texts.status[status.key]);
    setText(this.elapsed, clock(receivedS));
    setText(this.behind, behindText(status, receivedS - processedS, keptS, texts));
    this.meter.hidden = !controls.pause;
    this.pauseButton.hidden = !controls.pause;
    this.endButton.hidden = !controls.end;
    this.shareButton.hidden = !controls.share;
    if (!controls.pause) this.devices.hidden = true;
    if (isPaused !== this.isPaused || texts !== this.texts) this.#setPaused(isPaused, texts);
  }

  setLevel(level) {
    this.meter.style.setProperty("--level", level.toFixed(2));
  }

  /** Offers the microphones where there is a choice. */
  offer({ devices, current }, texts) {
    this.devices.hidden = devices.length < 2;
    this.devices.replaceChildren(
      ...devices.map(({ id, label }, i) => el("option", { value: id }, label || texts.microphoneNumber(i + 1))),
    );
    this.devices.value = current;
  }

  #setPaused(isPaused, texts) {
    Object.assign(this, { isPaused, texts });
    this.pauseButton.querySelector(".icon")?.remove();
    this.pauseButton.prepend(icon(isPaused ? "play" : "pause"));
    setText(this.pauseButton.querySelector(".words"), isPaused ? texts.resume : texts.pause);
  }
}

function behindText({ kind }, lagS, keptS, texts) {
  if (kind === "lost") return keptS >= 1 ? texts.kept(Math.round(keptS)) : "";
  return lagS > BEHIND_S && kind !== "ended" ? texts.behind(Math.round(lagS)) : "";
}
