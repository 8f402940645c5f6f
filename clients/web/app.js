// The page: finds out what it is for, and shows the start, a consultation, or a few quiet words.

import { createSession, recordConsent } from "./api.js";
import { Consultation } from "./consultation.js";
import { fillTexts } from "./dom.js";
import { Memory, readFragment } from "./memory.js";
import { Start } from "./start.js";
import { explain, TEXTS, usualLanguage } from "./texts.js";

const VIEWS = ["quiet", "start", "consultation"].map((id) => document.getElementById(id));

class Page {
  constructor(memory) {
    this.memory = memory;
    this.hasKey = Boolean(memory.read().key);
    this.pending = null; // a session whose consent is not recorded yet
    this.consultation = null;
    this.speak(usualLanguage(navigator.languages));
    this.start = new Start(document.getElementById("start"), {
      onLanguage: (language) => this.speak(language),
      onDecide: (decision) => this.#decide(decision),
    });
    for (const button of document.querySelectorAll(".again")) button.addEventListener("click", () => this.#startOver());
  }

  /** Speaks a language from now on; gives its texts. */
  speak(language) {
    this.language = language;
    this.texts = TEXTS[language];
    document.documentElement.lang = language;
    fillTexts(document.body, this.texts);
    return this.texts;
  }

  open() {
    const { session } = this.memory.read();
    if (session) this.#openConsultation({ ...session, isNew: false });
    else if (this.hasKey) this.#openStart(false);
    else this.quiet("noKey");
  }

  /** Asks for the consent to a session that was opened elsewhere. */
  askConsent() {
    this.pending = { ...this.consultation.session, language: this.language };
    this.#openStart(true);
  }

  /** A few words instead of a consultation: `refused`, `withdrawn`, `erased`, `noKey`, or a `problem` with its code. */
  quiet(name, code) {
    const { texts } = this;
    const quiet = document.getElementById("quiet");
    const title = name === "erased" ? texts.withdrawnTitle : texts[`${name}Title`];
    quiet.querySelector(".quiet-title").textContent = title;
    quiet.querySelector(".quiet-text").textContent = name === "problem" ? explain(texts, code) : texts[name];
    quiet.querySelector(".again").hidden = !this.hasKey;
    document.title = `${title} · ${texts.title}`;
    if (name !== "noKey") this.memory.keep({ session: undefined });
    this.#show("quiet");
  }

  #show(id) {
    for (const view of VIEWS) view.hidden = view.id !== id;
  }

  #openStart(isFixed) {
    const { practitioner, microphone } = this.memory.read();
    this.#show("start");
    this.start.open({ language: this.language, practitioner, microphone, isFixed });
    document.title = this.texts.title;
  }

  #openConsultation(session) {
    this.#show("consultation");
    this.consultation ??= new Consultation(document.getElementById("consultation"), session, this);
  }

  async #decide({ given, by, language, microphone, statement }) {
    this.memory.keep({ practitioner: by, microphone });
    if (this.pending?.language !== language) this.pending = await this.#create(language);
    const session = { ...this.pending, practitioner: by, microphone };
    await recordConsent(session.id, session.token, { given, method: "verbal", by, statement });
    this.pending = null;
    if (!given) {
      this.quiet("refused");
      return;
    }
    this.memory.keep({ session });
    this.#openConsultation({ ...session, isNew: true });
    Object.assign(this.consultation.session, session, { isNew: true });
    await this.consultation.listen();
  }

  async #create(language) {
    const made = await createSession(this.memory.read().key, language);
    return { id: made.session_id, token: made.publisher_token, viewerToken: made.viewer_token, language };
  }

  /** A new consultation on a fresh page: nothing of the former one stays behind. */
  #startOver() {
    this.memory.keep({ session: undefined });
    location.reload();
  }
}

/** Takes key or session out of the address, where they would be seen and shared, into the tab's memory. */
function takeLink(memory) {
  const link = readFragment(location.hash);
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  memory.keep(link);
}

const memory = new Memory();
takeLink(memory);
window.addEventListener("hashchange", () => {
  takeLink(memory);
  location.reload();
});
new Page(memory).open();
