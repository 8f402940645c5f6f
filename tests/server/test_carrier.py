"""Commands are carried out in order, and what is sent is stored before."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from colloque.server.carrier import Carrier, changes_of
from colloque.server.ports import Change
from colloque.streaming import messages as m
from colloque.streaming.audio import AudioChunk
from colloque.streaming.commands import (
    Broadcast,
    Command,
    EraseCapture,
    ForgetAudio,
    PushAudio,
    SendTo,
    StoreAudio,
    StoreCheckpoint,
)


def audio(start: int, count: int, seq: int = 0) -> StoreAudio:
    return StoreAudio(start, np.full((1, count), start, np.float32), seq)


def said(seq: int, durable: bool = True) -> Broadcast:
    return Broadcast(m.Envelope(seq, 0.0, m.Gap(0.0, 1.0, "engine")), durable)


def ack(samples: int) -> SendTo:
    return SendTo(1, m.Envelope(0, 0.0, m.AudioAck(samples)))


def push(start: int) -> PushAudio:
    return PushAudio(0, AudioChunk(start, np.zeros(320, np.float32)))


class World:
    """Keeps what was committed and performed in the order in which it happened; `gate` holds commits back."""

    def __init__(self) -> None:
        self.log: list[object] = []
        self.stored: list[Change] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.fault: Exception | None = None
        self.failures: list[Exception] = []
        self.carrier = Carrier(self._commit, self._perform, self.failures.append)

    async def _commit(self, changes: list[Change]) -> None:
        await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        self.stored += changes
        self.log.append([type(change).__name__ for change in changes])

    async def _perform(self, command: Command) -> None:
        self.log.append(command)


def test_audio_that_follows_on_is_joined() -> None:
    (joined,) = changes_of([audio(0, 320, 4), ack(320), audio(320, 320, 5), said(6, durable=False)])
    assert isinstance(joined, StoreAudio)
    assert (joined.start_sample, joined.pcm.shape, joined.seq) == (0, (1, 640), 5)
    assert joined.pcm[0, 319] == 0
    assert joined.pcm[0, 320] == 320


def test_other_changes_keep_their_place_between_the_audio() -> None:
    changes = [
        audio(0, 2),
        StoreCheckpoint(0, 1, b""),
        audio(2, 2),
        said(1),
        EraseCapture(),
        audio(4, 2),
        ForgetAudio(2),
    ]
    assert changes_of(changes) == changes


def test_what_is_not_durable_is_not_stored() -> None:
    assert changes_of([said(1, durable=False), ack(1)]) == []


async def test_what_is_sent_is_already_stored() -> None:
    world = World()
    commands = [audio(0, 320), ack(320), said(1)]
    world.carrier.add(commands)
    await world.carrier.drained()
    assert world.log == [["StoreAudio", "Broadcast"], *commands]


async def test_audio_reaches_the_engine_without_waiting_for_the_disk() -> None:
    world = World()
    for start in (0, 320, 640):
        world.carrier.add([audio(start, 320), push(start)])
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert [item.chunk.start_sample for item in world.log if isinstance(item, PushAudio)] == [0, 320, 640]
    assert not any(isinstance(item, list) for item in world.log)
    world.carrier.add([audio(960, 320), push(960), ack(1280)])
    await world.carrier.drained()
    assert [item for item in world.log if isinstance(item, list)] == [["StoreAudio"]]
    assert world.stored[0].pcm.shape == (1, 1280)  # type: ignore[union-attr]  # it is audio, see above


async def test_whoever_waits_waits_for_the_disk() -> None:
    world = World()
    world.carrier.add([audio(0, 320), push(0)])
    await world.carrier.drained()
    assert ["StoreAudio"] in world.log


async def test_commands_gather_while_a_commit_is_under_way() -> None:
    world = World()
    world.gate.clear()
    world.carrier.add([audio(0, 320), ack(320)])
    await asyncio.sleep(0)
    for start in (320, 640, 960):
        world.carrier.add([audio(start, 320), ack(start + 320)])
    assert world.carrier.waiting == 8
    world.gate.set()
    await world.carrier.drained()
    assert [item for item in world.log if isinstance(item, list)] == [["StoreAudio"], ["StoreAudio"]]
    assert [item for item in world.log if isinstance(item, SendTo)] == [ack(n) for n in (320, 640, 960, 1280)]
    assert world.carrier.waiting == 0


async def test_nothing_is_sent_of_what_could_not_be_stored() -> None:
    world = World()
    world.fault = OSError("no space left on device")
    world.carrier.add([audio(0, 320), ack(320)])
    with pytest.raises(OSError, match="no space"):
        await world.carrier.drained()
    assert world.log == []
    assert world.failures == [world.fault]
    with pytest.raises(OSError, match="no space"):
        await world.carrier.drained()
    world.carrier.add([ack(320)])
    assert world.carrier.waiting == 0


async def test_a_commit_under_way_is_waited_for_at_the_end() -> None:
    world = World()
    world.gate.clear()
    world.carrier.add([audio(0, 320), ack(320)])
    await asyncio.sleep(0)
    world.carrier.end(RuntimeError("put away"))
    settled = asyncio.create_task(world.carrier.settled())
    await asyncio.sleep(0)
    assert not settled.done()
    world.gate.set()
    await settled
    assert world.log == [["StoreAudio"]]
    assert world.failures == []
