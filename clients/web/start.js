// The first view: the language, what the patient is told, and the patient's decision.

import { Problem } from "./api.js";
import { el, fillTexts, setAttribute, setText } from "./dom.js";
import { microphones } from "./microphone.js";
import { explain, LANGUAGES } from "./texts.js";

export class Start {
  /**
   * `onLanguage(language)` gives the texts of a language once the page speaks it; `onDecide({given, by, language,
   * microphone, statement})` rejects with a Problem where the decision could not be recorded.
   */
  constructor(root, { onLanguage, onDecide }) {
    this.root = root;
    this.onLanguage = onLanguage;
    this.onDecide = onDecide;
    this.form = root.querySelector("form");
    this.languages = root.querySelector(".languages");
    this.by = root.querySelector("#practitioner");
    this.hint = root.querySelector("#practitioner-hint");
    this.microphone = root.querySelector("#microphone");
    this.problem = root.querySelector(".problem");
    this.buttons = [...root.querySelectorAll(".decision button")];
    this.languages.querySelector(".choices").append(...Object.entries(LANGUAGES).map(([tag, name]) => this.#choice(tag, name)));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#decide(true);
    });
    root.querySelector(".refuse").addEventListener("click", () => this.#decide(false));
    this.by.addEventListener("input", () => this.#warn(false));
  }

  #choice(tag, name) {
    const radio = el("input", { type: "radio", name: "language", value: tag, change: () => this.#speak(tag) });
    return el("label", { class: "choice" }, radio, el("span", { lang: tag }, name));
  }

  /** Shows the view; `isFixed` where the session exists already, with its language. */
  open({ language, practitioner, microphone, isFixed }) {
    this.languages.hidden = isFixed;
    this.languages.querySelector(`[value=${language}]`).checked = true;
    this.by.value = practitioner ?? "";
    this.wanted = microphone ?? "";
    this.#speak(language);
  }

  #speak(language) {
    this.language = language;
    this.texts = this.onLanguage(language);
    fillTexts(this.root, this.texts);
    const points = this.texts.consent.map(([term, text]) => el("div", {}, el("dt", {}, term), el("dd", {}, text)));
    this.root.querySelector("dl").replaceChildren(...points);
    this.problem.textContent = "";
    this.#warn(false);
    this.#offerMicrophones();
  }

  /** Offers what the browser names without being asked for the microphone: nothing is opened before the consent. */
  async #offerMicrophones() {
    const { texts } = this;
    const named = (await microphones()).filter(({ label }) => label);
    const usual = el("option", { value: "" }, texts.microphoneUsual);
    this.microphone.replaceChildren(usual, ...named.map(({ deviceId, label }) => el("option", { value: deviceId }, label)));
    this.microphone.value = named.some(({ deviceId }) => deviceId === this.wanted) ? this.wanted : "";
    this.root.querySelector(".microphone-field").hidden = named.length < 2;
  }

  #warn(isMissing) {
    setAttribute(this.by, "aria-invalid", isMissing ? "true" : null);
    setText(this.hint, isMissing ? this.texts.practitionerMissing : this.texts.practitionerHint);
  }

  async #decide(given) {
    const by = this.by.value.trim();
    if (!by) {
      this.#warn(true);
      this.by.focus();
      return;
    }
    const statement = this.texts.consent.map(([term, text]) => `${term}. ${text}`).join("\n");
    this.problem.textContent = "";
    this.#setBusy(true);
    try {
      await this.onDecide({ given, by, language: this.language, microphone: this.microphone.value, statement });
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      this.problem.textContent = explain(this.texts, problem.code);
    } finally {
      this.#setBusy(false);
    }
  }

  #setBusy(isBusy) {
    this.form.setAttribute("aria-busy", String(isBusy));
    for (const button of this.buttons) button.disabled = isBusy;
  }
}
