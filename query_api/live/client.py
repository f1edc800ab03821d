"""One client of the live stream: what waits for it, and the answer that sends it.

What waits is bounded. A client that reads too slowly is told so and let go; while it does not even read that, its
connection is cut. Nobody else waits for it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from runtime.http.asgi import Receive, Scope, Send
from runtime.server import abort_connection, bound_send_buffer
from runtime.shutdown import end_all

FRAMES_MAX: Final = 64
BYTES_MAX: Final = 256 * 1024
KERNEL_BYTES_MAX: Final = 64 * 1024
FAREWELL_S: Final = 3.0  # what a client gets to read why it is let go; less than the server's grace when it stops

SLOW_READER: Final = "slow_reader"
SHUTDOWN: Final = "shutdown"
RENEWAL: Final = "renewal"

_HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # a proxy that collects an answer before passing it on would keep the news
    (b"x-content-type-options", b"nosniff"),
]


class LiveClient:
    """What one client asked for and what waits for it."""

    def __init__(self, topics: frozenset[str], *, subject: str, farewell: Callable[[str], bytes]) -> None:
        """``farewell`` writes the last event, with the reason."""
        self.topics = topics
        self.subject = subject
        self.reason: str | None = None
        self.ending = asyncio.Event()
        self._farewell = farewell
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._ready = asyncio.Event()

    def offer(self, frame: bytes) -> None:
        """Put a frame into the queue, or end a client whose queue is full."""
        if self.reason is not None or not frame:
            return
        if len(self._waiting) >= FRAMES_MAX or self._bytes + len(frame) > BYTES_MAX:
            self._waiting.clear()
            self.end(SLOW_READER)
            return
        self._waiting.append(frame)
        self._bytes += len(frame)
        self._ready.set()

    def end(self, reason: str) -> None:
        """Say good-bye after what waits; only the first reason counts."""
        if self.reason is None:
            self.reason = reason
            self._waiting.append(self._farewell(reason))
            self._ready.set()
            self.ending.set()

    async def take(self) -> bytes | None:
        """Return what waits, in one piece; None after the good-bye."""
        while not self._waiting:
            if self.reason is not None:
                return None
            self._ready.clear()
            await self._ready.wait()
        frames = b"".join(self._waiting)
        self._waiting.clear()
        self._bytes = 0
        return frames


class LiveAnswer:
    """The answer to one request: the client's queue as it fills, until it ends."""

    def __init__(
        self,
        client: LiveClient,
        *,
        first: Callable[[LiveClient], Awaitable[bytes]],
        leave: Callable[[LiveClient], None],
        life_s: float,
    ) -> None:
        """``first``: what the stream begins with; ``leave`` is called once, at the end."""
        self._client = client
        self._first = first
        self._leave = leave
        self._life_s = life_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the client leaves or is let go."""
        bound_send_buffer(scope, KERNEL_BYTES_MAX)
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_left(receive))
        ending = asyncio.create_task(self._client.ending.wait())
        try:
            waited = {sending, leaving, ending}
            await asyncio.wait(waited, timeout=self._life_s, return_when=asyncio.FIRST_COMPLETED)
            self._client.end(RENEWAL)  # unless there is another reason already
            if not leaving.done():
                await asyncio.wait({sending, leaving}, timeout=FAREWELL_S, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done() and not leaving.done():
                abort_connection(scope)
        finally:
            self._leave(self._client)
            await end_all([sending, leaving, ending])
            await _ended(sending)

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await send({"type": "http.response.body", "body": await self._first(self._client), "more_body": True})
        while (frames := await self._client.take()) is not None:
            await send({"type": "http.response.body", "body": frames, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    """Return when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _ended(sending: asyncio.Task[None]) -> None:
    """Wait for a task that was cancelled or is done; what went wrong in it goes on."""
    with suppress(asyncio.CancelledError):
        await sending
