"""A TCP proxy in front of PostgreSQL, or any other server, that breaks connections at the worst moment.

async with proxying("127.0.0.1", 5432) as proxy:
    proxy.port
    proxy.cut_at_commit(delivered=True)    # the next COMMIT reaches the server; its answer does not come back
    proxy.cut_at_commit(delivered=False)   # the next COMMIT never reaches the server
    proxy.cut(at=b"POST ", delivered=True) # the same for a message that contains other bytes
    proxy.fall_silent(at=b"COMMIT;")       # the next message with these bytes vanishes, and all that follows it
proxy.fall_silent()                    # connections of now stay open, and nothing passes any more
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

CHUNK_BYTES = 65_536
COMMIT = b"COMMIT;"


class _Pipe:
    """One connection through the proxy."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.client = client
        self.server = server
        self.is_silent = False
        self.swallows_answers = False

    def close(self) -> None:
        for side in (self.client, self.server):
            side.close()


class Proxy:
    """Passes bytes on, until told otherwise."""

    def __init__(self, host: str, port: int) -> None:
        self.port = 0
        self.cuts = 0
        self._target = (host, port)
        self._pipes: set[_Pipe] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._cut_delivered: bool | None = None
        self._cut_at = COMMIT
        self._silent_at: bytes | None = None

    def cut_at_commit(self, *, delivered: bool) -> None:
        """Break the connection that commits next, after (or before) the server has heard of it."""
        self.cut(at=COMMIT, delivered=delivered)

    def cut(self, *, at: bytes, delivered: bool) -> None:
        """Break the connection that sends ``at`` next, after (or before) the server has heard of it."""
        self._cut_at, self._cut_delivered = at, delivered

    def fall_silent(self, *, at: bytes | None = None) -> None:
        """Pass nothing on any more on the connections of now, or on the one that sends ``at``; later ones work."""
        self._silent_at = at
        for pipe in self._pipes if at is None else ():
            pipe.is_silent = True

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        from_server, to_server = await asyncio.open_connection(*self._target)
        pipe = _Pipe(writer, to_server)
        self._pipes.add(pipe)
        for copying in (self._to_server(reader, pipe), self._to_client(from_server, pipe)):
            task = asyncio.create_task(copying)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _to_server(self, reader: asyncio.StreamReader, pipe: _Pipe) -> None:
        while chunk := await _read(reader):
            if self._silent_at is not None and self._silent_at in chunk:
                self._silent_at, pipe.is_silent = None, True
            if pipe.is_silent:
                continue
            if self._cut_at in chunk and self._cut_delivered is not None:
                delivered, self._cut_delivered = self._cut_delivered, None
                self.cuts += 1
                if not delivered:
                    break
                pipe.swallows_answers = True
            pipe.server.write(chunk)
        pipe.close()  # the client gave the connection up, also a silent one: the server need not wait for its timeout

    async def _to_client(self, reader: asyncio.StreamReader, pipe: _Pipe) -> None:
        while chunk := await _read(reader):
            if pipe.swallows_answers:
                break
            if not pipe.is_silent:
                pipe.client.write(chunk)
        if not pipe.is_silent:
            pipe.close()

    async def close(self) -> None:
        """Cut everything."""
        for pipe in self._pipes:
            pipe.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(CHUNK_BYTES)
    except ConnectionError:
        return b""


@asynccontextmanager
async def proxying(host: str, port: int) -> AsyncIterator[Proxy]:
    """Run a proxy to this server on a free port."""
    proxy = Proxy(host, port)
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
