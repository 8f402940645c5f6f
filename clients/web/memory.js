// What the page knows of itself: from the address behind `#`, and, over a reload, from the tab's own storage.

const NAME = "colloque";

/** `{key}` or `{session: {id, token}}` of an address's fragment; `{}` where it holds neither. */
export function readFragment(fragment) {
  const fields = new URLSearchParams(fragment.replace(/^#/, ""));
  const [key, id, token] = ["key", "session", "token"].map((name) => fields.get(name));
  if (id && token) return { session: { id, token } };
  return key ? { key } : {};
}

/** Address of a page that opens a session. The token stands behind `#`, which no browser sends to any server. */
export const linkTo = (page, id, token) => `${page}#${new URLSearchParams({ session: id, token })}`;

/**
 * Remembers for as long as the tab lives: `key`, `practitioner`, `microphone` and the open `session`. Another tab, and
 * this one once it was closed, know nothing of it.
 */
export class Memory {
  constructor(storage = globalThis.sessionStorage) {
    this.storage = storage;
  }

  read() {
    try {
      return JSON.parse(this.storage.getItem(NAME)) ?? {};
    } catch {
      return {};
    }
  }

  /** Keeps these fields beside the others; undefined forgets one. */
  keep(fields) {
    try {
      this.storage.setItem(NAME, JSON.stringify({ ...this.read(), ...fields }));
    } catch {
      // A browser that stores nothing: the page works, but a reload has to start from the link again.
    }
  }
}
