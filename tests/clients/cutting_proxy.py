"""A TCP proxy between a client and a real server that cuts connections where a test wants it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class CuttingProxy:
    """Passes bytes on in both directions; the server behind it may change."""

    def __init__(self) -> None:
        self.target_port: int | None = None
        """None: every connection is cut at once, as if no server was there."""
        self.port = 0
        self._cuts: deque[int] = deque()
        self._writers: set[asyncio.StreamWriter] = set()

    def cut(self, *after_bytes: int) -> None:
        """Cuts what is connected now, and each coming connection after so many bytes from its client; then no more."""
        self._cuts.extend(after_bytes)
        self.cut_all()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.target_port or 9)
        except OSError:
            writer.transport.abort()
            return
        pair = {writer, server_writer}
        self._writers |= pair
        up = asyncio.create_task(_pump(reader, server_writer, self._cuts.popleft() if self._cuts else None))
        down = asyncio.create_task(_pump(server_reader, writer, None))
        await asyncio.wait([up, down], return_when=asyncio.FIRST_COMPLETED)
        cut = up.done() and up.result()
        if not cut:
            await asyncio.wait([down], timeout=5)
        for task in (up, down):
            task.cancel()
        for end in pair:
            end.transport.abort()
        self._writers -= pair

    def cut_all(self) -> None:
        """Cuts every connection now."""
        for writer in self._writers:
            writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, bytes_max: int | None) -> bool:
    """True where it stopped because enough has passed."""
    passed = 0
    try:
        while data := await reader.read(4096):
            writer.write(data)
            await writer.drain()
            passed += len(data)
            if bytes_max is not None and passed >= bytes_max:
                return True
    except OSError:
        pass
    return False


@asynccontextmanager
async def cutting_proxy(target_port: int | None = None) -> AsyncIterator[CuttingProxy]:
    proxy = CuttingProxy()
    proxy.target_port = target_port
    server = await asyncio.start_server(proxy.handle, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        proxy.cut_all()
