// Streams a recording (WAV, 16 kHz, mono, 16 bit) to Colloque: node client.mjs URL API_KEY FILE
import { readFile } from "node:fs/promises";

const [url, key, path] = process.argv.slice(2);
const audio = (await readFile(path)).subarray(44); // without the header

async function post(where, body) {
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
  const answer = await fetch(url + where, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

function send(socket, position) {
  if (socket.readyState !== WebSocket.OPEN) return;
  if (position >= audio.length) return socket.send('{"type":"end"}');
  socket.send(audio.subarray(position, position + 3200));
  setTimeout(send, 100, socket, position + 3200);
}

function stream(seen) {
  const socket = new WebSocket(session.stream_url + seen, ["colloque.v1", session.publisher_token]);
  socket.onmessage = ({ data }) => {
    const event = JSON.parse(data);
    if (event.type === "session.ready") return send(socket, event.audio.samples * 2); // also after a lost connection
    if (event.type === "transcript.final") console.log(event.words.map((word) => word.text).join(" "));
    if (event.type === "note.upsert") console.log("note:", event.statement.section, event.statement.text);
    seen = `?last_seq=${event.seq}`;
  };
  socket.onclose = ({ code }) => {
    if ([1001, 1006, 1011, 1012, 1013].includes(code)) setTimeout(stream, 1000, seen); // any other code is final
  };
}

const session = await post("/v1/sessions", { language: "fr" });
await post(`/v1/sessions/${session.session_id}/consent`, { given: true, method: "verbal", by: "dr-example" });
stream("");
