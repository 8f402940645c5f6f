// One consultation on the page: ties the stream and the microphone to the panes.

import { editStatement, Problem, readSession, recordConsent, signNote, streamUrl } from "./api.js";
import { Capture } from "./capture.js";
import { setText } from "./dom.js";
import { Header } from "./header.js";
import { linkTo } from "./memory.js";
import { Note } from "./note.js";
import { Notices } from "./notices.js";
import { EndQuestion, ShareLink } from "./questions.js";
import { Signature } from "./signature.js";
import { problemOf, statusOf } from "./status.js";
import { Stream } from "./stream.js";
import { explain } from "./texts.js";
import { Transcript } from "./transcript.js";

const WARNINGS = { engine_restarted: "engineRestarted", draft_late: "draftLate" };
const OPEN_STATES = new Set(["live", "paused"]);

export class Consultation {
  /**
   * `session`: `{id, token, viewerToken?, practitioner?, microphone?}`. `page`: `speak(language)` gives the texts,
   * `askConsent()` where none is recorded, `quiet(name, code?)` where there is nothing to show, `hasKey`.
   */
  constructor(root, session, page) {
    this.session = session;
    this.page = page;
    this.texts = page.texts;
    this.language = null;
    this.mayPublish = false;
    this.connection = "connecting";
    this.closeCode = null;
    this.problem = null; // the server's code for why it closed the connection
    this.lastState = null;
    this.rendered = {};
    this.renderPending = false;
    this.#makePanes(root);
    this.stream = new Stream({
      url: streamUrl(session.id, location),
      token: session.token,
      onView: (view, event) => this.#heard(view, event),
      onConnection: (state, code) => this.#connected(state, code),
    });
    this.capture = new Capture(this.stream, {
      onChange: () => this.#schedule(),
      onLevel: (level) => this.header.setLevel(level),
      onSilence: (isSilent) => this.#say("silent", isSilent && this.texts.silent),
      onProblem: (code) => this.#offerMicrophone(explain(this.texts, code), this.texts.retry),
    });
    this.stream.connect();
    this.#watch();
  }

  #makePanes(root) {
    const find = (name) => root.querySelector(name);
    this.header = new Header(find(".bar"), {
      pause: () => this.capture.pause(),
      resume: () => this.capture.resume(),
      end: () => this.endQuestion.ask(),
      share: () => this.shareLink.show(linkTo(location.origin + location.pathname, this.session.id, this.session.viewerToken)),
      changeMicrophone: (id) => this.listen(id),
    });
    this.again = find(".again");
    this.empties = root.querySelectorAll(".empty");
    this.notices = new Notices(find(".notices"));
    this.transcript = new Transcript(find(".pane.transcript"));
    this.note = new Note(find(".pane.note"), {
      onLight: (wordIds) => this.transcript.light(wordIds),
      onChange: (statement, change) => this.#change(statement, change),
    });
    this.signature = new Signature(find(".pane.note"), {
      onSign: (by) => this.#sign(by),
      onSay: (text) => this.notices.pass(text),
    });
    this.endQuestion = new EndQuestion(document.querySelector("#end-question"), {
      onEnd: () => this.#end(),
      onWithdraw: (erase) => this.#withdraw(erase),
    });
    this.shareLink = new ShareLink(document.querySelector("#share-link"), () => this.texts);
  }

  #watch() {
    window.addEventListener("online", () => this.stream.hurry());
    window.addEventListener("beforeunload", (event) => this.capture.isOpen && event.preventDefault());
    document.addEventListener("visibilitychange", () => document.hidden || this.stream.hurry());
    // How much sound waits is told by no event.
    setInterval(() => this.connection === "lost" && this.#schedule(), 1000);
  }

  // --- microphone ---------------------------------------------------------------------------------------------------

  /** Opens the microphone (the consent is recorded), or changes to another one. */
  async listen(deviceId = this.session.microphone) {
    this.notices.hide("microphone");
    if (!(await this.capture.open(deviceId))) return;
    if (!OPEN_STATES.has(this.stream.view.state) && this.lastState !== null) this.capture.close();
    else this.header.offer(await this.capture.devices(), this.texts);
  }

  #offerMicrophone(text, label) {
    this.notices.show("microphone", text, { label, run: () => this.listen() });
  }

  #end() {
    this.capture.close();
    this.stream.end();
  }

  async #withdraw(erase) {
    this.capture.close();
    const by = await this.#practitioner();
    await this.#try(() => recordConsent(this.session.id, this.session.token, { given: false, method: "verbal", by, erase }), {
      again: () => this.#withdraw(erase),
    });
  }

  /** Who recorded the consent: what was typed here, else what the server has kept. */
  async #practitioner() {
    if (!this.session.practitioner) {
      const { consent } = await readSession(this.session.id, this.session.token).catch(() => ({ consent: null }));
      this.session.practitioner = consent?.history.at(-1)?.by;
    }
    return this.session.practitioner ?? "—";
  }

  // --- note ---------------------------------------------------------------------------------------------------------

  async #change(statement, change) {
    const { id, token } = this.session;
    const answer = await this.#try(() => editStatement(id, token, statement.id, { ...change, base_rev: statement.rev }));
    if (!answer) return false;
    const { rev } = answer;
    const isDiscarded = change.state === "discarded";
    this.stream.settle(
      isDiscarded
        ? { type: "note.discard", rev, id: statement.id, reason: "clinician" }
        : { type: "note.upsert", rev, statement: answer },
    );
    return true;
  }

  async #sign(by) {
    const { id, token } = this.session;
    const answer = await this.#try(() => signNote(id, token, by, this.stream.view.note.rev));
    if (answer) this.stream.settle({ type: "note.signed", ...answer });
  }

  /** What the server answers, or null where it refused: the person is told why, and offered to try `again`. */
  async #try(request, { again = null } = {}) {
    try {
      const answer = await request();
      this.notices.hide("refused");
      return answer;
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      const text = explain(this.texts, problem.code);
      if (again === null) this.notices.pass(text);
      else this.notices.show("refused", text, { label: this.texts.retry, run: again });
      return null;
    }
  }

  // --- what comes from the stream -----------------------------------------------------------------------------------

  #connected(state, code = null) {
    if (state === "connecting" && this.connection === "lost") return; // lost until it is found again
    this.connection = state;
    this.closeCode = code;
    if (state === "over") {
      this.capture.close();
      const problem = this.problem ?? problemOf(code);
      if (problem !== null && this.lastState === null) this.page.quiet("problem", problem);
      else if (problem !== null && this.lastState !== "closed") this.notices.show("over", explain(this.texts, problem));
    }
    this.#schedule();
  }

  #heard(view, event) {
    if (event.type === "session.ready") this.mayPublish = event.audio !== null;
    if (event.type === "warning" && event.code in WARNINGS) this.notices.pass(this.texts[WARNINGS[event.code]]);
    if (event.type === "error" && !event.recoverable) this.problem = event.code;
    if (event.type !== "session.ready" && event.type !== "error") this.#follow(view);
    this.#schedule();
  }

  /** Does what a new state of the session asks for. */
  #follow(view) {
    if (this.language === null) {
      this.language = view.config.language;
      this.texts = this.page.speak(this.language);
    }
    if (view.state === this.lastState) return;
    this.lastState = view.state;
    const isOpen = OPEN_STATES.has(view.state);
    if (!isOpen) this.capture.close();
    if (isOpen && this.mayPublish && !this.session.isNew && !this.capture.isOpen) {
      this.#offerMicrophone(this.texts.microphoneOff, this.texts.continue);
    }
    if (!isOpen) this.notices.hide("microphone");
    if (view.state === "waiting_consent" && this.mayPublish) this.page.askConsent();
    if (view.state === "closed") this.#closed(view);
  }

  async #closed(view) {
    for (const empty of this.empties) setText(empty, this.texts.nothing);
    const lostS = Math.round(this.stream.audio?.lostS ?? 0);
    this.#say("lost", lostS > 0 && this.texts.soundLost(lostS));
    if (view.reason === "consent_refused") this.page.quiet("refused");
    else if (view.reason === "consent_withdrawn") this.page.quiet(view.turns.length ? "withdrawn" : "erased");
    else if (this.mayPublish) this.signature.suggest(await this.#practitioner());
  }

  #say(key, text) {
    if (text) this.notices.show(key, text);
    else this.notices.hide(key);
  }

  // --- drawing ------------------------------------------------------------------------------------------------------

  /** At most once a frame; a hidden page is not drawn in frames, but its title still has to be true. */
  #schedule() {
    if (this.renderPending) return;
    this.renderPending = true;
    const draw = () => {
      this.renderPending = false;
      this.#render();
    };
    if (document.hidden) setTimeout(draw, 500);
    else requestAnimationFrame(draw);
  }

  #render() {
    const { view } = this.stream;
    const { texts, mayPublish } = this;
    this.#renderHeader(view);
    if (this.language === null) return;
    if (this.#isNews("transcript", view.turns, view.partials, view.gaps, view.speakers)) this.transcript.render(view, texts);
    if (this.#isNews("note", view.note, view.state, mayPublish)) {
      this.note.render(view, texts, !mayPublish);
      const canSign = mayPublish && view.state === "closed";
      this.signature.render(view.note, texts, this.language, { canSign, readOnly: !mayPublish });
    }
  }

  #renderHeader(view) {
    const { texts, mayPublish, closeCode } = this;
    // Until the first word about the session, an open connection tells nothing of its state.
    const connection = this.connection === "open" && this.lastState === null ? "connecting" : this.connection;
    const isCapturing = this.capture.isOpen;
    const isPaused = isCapturing ? this.capture.isPaused : view.state === "paused";
    const status = statusOf({ view, connection, closeCode, mayPublish, isCapturing, isPaused });
    const isRunning = OPEN_STATES.has(view.state) && connection !== "over" && this.stream.wanted !== "ended";
    const controls = {
      pause: mayPublish && isCapturing,
      end: mayPublish && isRunning,
      share: mayPublish && Boolean(this.session.viewerToken),
    };
    this.again.hidden = !this.page.hasKey || isRunning || this.lastState === null;
    this.header.render(
      { status, receivedS: view.received, processedS: view.processed, keptS: this.stream.audio?.keptS ?? 0, isPaused, controls },
      texts,
    );
    document.title = `${texts.status[status.key]} · ${texts.title}`;
  }

  /** True where one of the values is not what it was when this part was last drawn. */
  #isNews(part, ...values) {
    const known = this.rendered[part];
    this.rendered[part] = values;
    return !known || values.some((value, i) => value !== known[i]);
  }
}
