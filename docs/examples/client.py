"""Streams a recording (WAV, 16 kHz, mono, 16 bit) to Colloque: python client.py URL API_KEY FILE"""

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path

import httpx
from websockets import ConnectionClosed, connect

url, key, path = sys.argv[1:]
audio = Path(path).read_bytes()[44:]  # without the header
with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}) as http:
    session = http.post("/v1/sessions", json={"language": "fr"}).raise_for_status().json()
    http.post(f"/v1/sessions/{session['session_id']}/consent", json={"given": True, "method": "verbal", "by": "dr-1"})


async def send(socket, position):
    with suppress(ConnectionClosed):
        for start in range(position, len(audio), 3200):
            await socket.send(audio[start : start + 3200])
            await asyncio.sleep(0.1)
        await socket.send('{"type": "end"}')


async def stream(login, seen="", code=1006):
    senders = []
    while code in (1001, 1006, 1011, 1012, 1013):  # lost, so connect again; any other code is final
        async for socket in connect(session["stream_url"] + seen, subprotocols=login):
            with suppress(ConnectionClosed):
                while event := json.loads(await socket.recv()):
                    if event["type"] == "session.ready":  # from the sample that it names, also after a loss
                        senders.append(asyncio.create_task(send(socket, event["audio"]["samples"] * 2)))
                        continue
                    if event["type"] in ("transcript.final", "note.upsert", "error"):
                        print(event.get("words") or event.get("statement") or event)
                    seen = f"?last_seq={event['seq']}"
            code = socket.close_code
            break


asyncio.run(stream(["colloque.v1", session["publisher_token"]]))
