"""One recording through one session: sends it, prints what comes back, and finishes in order."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from colloque.clients.client import ColloqueClient, ConsentMethod
from colloque.clients.console import Console
from colloque.clients.errors import StreamClosed
from colloque.clients.event_log import EventLog
from colloque.clients.live import LiveSession
from colloque.clients.pacing import in_real_time, read_ahead
from colloque.clients.recording import Recording
from colloque.streaming.audio import SAMPLE_RATE
from colloque.streaming.config import TrackSpec
from colloque.streaming.engines import Language
from colloque.streaming.messages import AudioFormat

END_WAIT_S = 20.0
"""Where a person stops it, so long is waited for the last words and the note."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for."""

    language: Language
    consent: ConsentMethod
    consent_by: str
    realtime: bool
    """Each frame when it would have been spoken, else as fast as the server takes them."""
    events: Path | None = None
    """Where received events are written."""


async def consult(client: ColloqueClient, recording: Recording, plan: Plan, out: TextIO, stop: asyncio.Event) -> str:
    """Holds the consultation and prints it; the link to the page that shows it.

    `stop` ends it before the recording does. Raises `ClientError`.
    """
    log = EventLog(plan.events, asyncio.get_running_loop().time)
    try:
        tracks = [TrackSpec("left"), TrackSpec("right")] if recording.channels == 2 else []
        created = await client.create_session(plan.language, tracks=tracks)
        await client.consent(created, given=True, method=plan.consent, by=plan.consent_by)
        link = client.page_link(created)
        async with client.publish(created, AudioFormat(channels=recording.channels)) as session:
            console = _console(out, session)
            console.line(f"Read along in a browser: {link}")
            console.line("")
            await _follow(session, recording, plan, console, log, stop)
            console.catch_up()
            console.print_note()
            console.print_summary()
        return link
    finally:
        log.close()


def _console(out: TextIO, session: LiveSession) -> Console:
    terminal = out.isatty()
    colours = terminal and not os.environ.get("NO_COLOR")
    width = shutil.get_terminal_size().columns
    return Console(out, session.view, terminal=terminal, colours=colours, width=width)


async def _follow(
    session: LiveSession, recording: Recording, plan: Plan, console: Console, log: EventLog, stop: asyncio.Event
) -> None:
    """Sends and reads until the session is over, or until it is stopped and has had its time to finish."""
    feeding = asyncio.create_task(_feed(session, recording, plan, console, log))
    reading = asyncio.create_task(_read(session, console, log))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([feeding, reading, stopping], return_when=asyncio.FIRST_COMPLETED)
        if feeding.done() and feeding.exception() is None:
            await asyncio.wait([reading, stopping], return_when=asyncio.FIRST_COMPLETED)
        if not reading.done():
            feeding.cancel()
            await asyncio.wait([feeding])
            with suppress(StreamClosed):
                await session.end(at_once=True)
            await asyncio.wait([reading], timeout=END_WAIT_S)
        _report(feeding, reading, console)
    finally:
        tasks = [feeding, reading, stopping]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def _report(feeding: asyncio.Task[None], reading: asyncio.Task[None], console: Console) -> None:
    """Says what did not go as planned. Raises what went wrong."""
    if not reading.done():
        console.line("  ! stopped; the server has not finished the session yet")
    else:
        reading.result()
    if feeding.done() and not feeding.cancelled():
        try:
            feeding.result()
        except StreamClosed:
            console.line("  ! the session was ended before the recording was over")
    elif reading.done():
        console.line("  ! stopped before the recording was over")


async def _read(session: LiveSession, console: Console, log: EventLog) -> None:
    async for envelope in session:
        log.write(envelope)
        console.show(envelope)


async def _feed(session: LiveSession, recording: Recording, plan: Plan, console: Console, log: EventLog) -> None:
    """Sends the recording and ends the session."""
    loop = asyncio.get_running_loop()

    async def wait_until(moment: float) -> None:
        await asyncio.sleep(max(0.0, moment - loop.time()))

    sent_frames = taken_frames = 0
    async with aclosing(read_ahead(recording.frames())) as decoded:
        bytes_per_s = SAMPLE_RATE * 2 * recording.channels
        frames = in_real_time(decoded, bytes_per_s, loop.time, wait_until) if plan.realtime else decoded
        async for frame in frames:
            log.first_frame()
            sent_frames += 1
            taken_frames += await session.send_audio(frame)
    if recording.warning:
        console.line(f"  ! {recording.warning}")
    if taken_frames < sent_frames:
        console.line(f"  ! {sent_frames - taken_frames} of {sent_frames} frames were let go: the session was paused")
    await session.end()
