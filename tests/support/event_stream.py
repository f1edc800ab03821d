"""A client of server-sent events over a plain socket, so that a test decides when it reads and when it does not."""

from __future__ import annotations

import asyncio
import json
import socket
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

HEAD_BYTES_MAX = 64 * 1024
LINE_BYTES_MAX = 4 * 1024 * 1024


class Told(NamedTuple):
    """One event."""

    name: str
    id: int | None
    data: Any


class EventStream:
    """One open stream; `status` and `headers` are of the answer that began it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.status = 0
        self.headers: dict[str, str] = {}
        self._text = b""
        self._told: deque[Told] = deque()

    async def read_head(self) -> None:
        """Read status and headers."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.split("\r\n")
        self.status = int(first.split(" ")[1])
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}

    async def events(self) -> AsyncIterator[Told]:
        """Yield events until the stream ends; comments are left out. What is not taken stays for the next call."""
        while True:  # ends with the last chunk, or when the connection is cut
            while self._told:
                yield self._told.popleft()
            chunk = await self._chunk()
            if not chunk:
                return
            *blocks, self._text = (self._text + chunk).split(b"\n\n")
            self._told += [told for told in map(_told, blocks) if told is not None]

    async def until(self, name: str, *, within_s: float = 60.0) -> Told:
        """Return the next event of a name."""
        async with asyncio.timeout(within_s):
            async for told in self.events():
                if told.name == name:
                    return told
        raise AssertionError(f"the stream ended without {name}")

    async def _chunk(self) -> bytes:
        """Read one chunk of the chunked answer; nothing at its end."""
        try:
            size = int((await self.reader.readline()).strip() or b"0", 16)
            content = await self.reader.readexactly(size)
            await self.reader.readexactly(2)
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        return content


def _told(block: bytes) -> Told | None:
    fields = dict(line.split(b": ", 1) for line in block.split(b"\n") if line and not line.startswith(b":"))
    if b"event" not in fields:
        return None
    given = fields.get(b"id")
    return Told(fields[b"event"].decode(), None if given is None else int(given), json.loads(fields[b"data"]))


@asynccontextmanager
async def event_stream(
    url: str, headers: dict[str, str], *, receive_buffer: int | None = None
) -> AsyncIterator[EventStream]:
    """Open a stream. ``receive_buffer``: bytes that the kernel takes for a client that does not read."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if receive_buffer is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connection, (parts.hostname, parts.port))
    limit = LINE_BYTES_MAX if receive_buffer is None else receive_buffer
    reader, writer = await asyncio.open_connection(sock=connection, limit=limit)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        lines = [
            f"GET {path} HTTP/1.1",
            f"host: {parts.netloc}",
            *(f"{name}: {text}" for name, text in headers.items()),
        ]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        stream = EventStream(reader, writer)
        await stream.read_head()
        yield stream
    finally:
        writer.close()
