// The two dialogs: before the listening ends, and the link for a second screen.

/** Asks how the listening is to end. */
export class EndQuestion {
  /** `onEnd()` and `onWithdraw(erase)`. */
  constructor(dialog, { onEnd, onWithdraw }) {
    this.dialog = dialog;
    const erase = dialog.querySelector("input[type=checkbox]");
    const answer = (name, act) =>
      dialog.querySelector(name).addEventListener("click", () => {
        dialog.close();
        act();
      });
    answer(".end-now", onEnd);
    answer(".withdraw", () => onWithdraw(erase.checked));
    answer(".cancel", () => {});
  }

  ask() {
    this.dialog.showModal();
  }
}

/** Shows the link by which a second screen follows. */
export class ShareLink {
  constructor(dialog, texts) {
    this.dialog = dialog;
    this.link = dialog.querySelector("input");
    this.said = dialog.querySelector(".said");
    dialog.querySelector(".copy-link").addEventListener("click", () => this.#copy(texts()));
    dialog.querySelector(".cancel").addEventListener("click", () => dialog.close());
  }

  show(address) {
    this.link.value = address;
    this.said.textContent = "";
    this.dialog.showModal();
    this.link.select();
  }

  async #copy(texts) {
    this.link.select();
    try {
      await navigator.clipboard.writeText(this.link.value);
      this.said.textContent = texts.shareCopied;
    } catch {
      this.said.textContent = texts.copyFailed;
    }
  }
}
