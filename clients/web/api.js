// The HTTP half of the contract. Every call rejects with a Problem that carries the server's stable code.

export class Problem extends Error {
  constructor(status, code, detail) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

async function call(method, path, token, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new Problem(0, "unreachable", "");
  }
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Problem(answer.status, content.code ?? "internal", content.detail ?? "");
  return content;
}

const path = (id, rest = "") => `/v1/sessions/${encodeURIComponent(id)}${rest}`;

export const createSession = (key, language) => call("POST", "/v1/sessions", key, { language });
export const readSession = (id, token) => call("GET", path(id), token);
export const recordConsent = (id, token, consent) => call("POST", path(id, "/consent"), token, consent);
export const editStatement = (id, token, statement, change) =>
  call("PATCH", path(id, `/note/statements/${encodeURIComponent(statement)}`), token, change);
export const signNote = (id, token, by, baseRev) =>
  call("POST", path(id, "/note/sign"), token, { by, base_rev: baseRev });

/** Address of a session's stream, on the server that the page came from. */
export const streamUrl = (id, { protocol, host }) => `${protocol === "https:" ? "wss" : "ws"}://${host}${path(id, "/stream")}`;
