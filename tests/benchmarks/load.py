"""A small HTTP/1.1 load generator: keep-alive connections, prepared bytes, one request in flight on each.

It only looks at the status and the length of an answer, so that it takes as little as possible of the cores that it
shares with the server it measures.
"""

import asyncio
import time
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct, field

ANSWER_WAIT_S: Final = 60.0


class Result(Struct):
    """What a run measured: latencies in seconds, in order of completion, and answers by status."""

    seconds: float = 0.0
    latencies_s: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.latencies_s) / self.seconds

    def quantile_ms(self, share: float) -> float:
        """The latency that ``share`` of the answers did not exceed, in milliseconds."""
        ordered = sorted(self.latencies_s)
        return 1_000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class _Connection(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: Any = None  # uvloop's transports do not derive from asyncio's

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._received[:end]).lower()
        at = head.index(b"content-length:") + len(b"content-length:")
        length = int(head[at:].split(b"\r\n", 1)[0])
        if len(self._received) < end + 4 + length:
            return
        body = bytes(self._received[end + 4 : end + 4 + length])
        self._received.clear()
        assert self._answer is not None
        if not self._answer.done():
            self._answer.set_result((int(head[9:12]), body))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send one request and wait for its answer."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()


def request_bytes(
    method: str, url: str, *, token: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> bytes:
    """Prepare a whole request."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"{method} {path} HTTP/1.1", f"host: {parts.netloc}", f"authorization: Bearer {token}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def run_load(
    url: str,
    requests: Iterator[bytes],
    *,
    connections: int,
    seconds: float | None = None,
    rate: float | None = None,
    keep_bodies: bool = False,
) -> Result:
    """Send ``requests`` over ``connections`` until they or ``seconds`` end.

    Closed loop without ``rate``; with it, open loop: request n is due at n / rate, and its latency counts from then.
    """
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    opened = [(await loop.create_connection(_Connection, host, port))[1] for _ in range(connections)]
    result = Result()
    started = time.perf_counter()
    ends = None if seconds is None else started + seconds
    numbered = enumerate(requests)

    async def work(connection: _Connection) -> None:
        for number, request in numbered:
            due = time.perf_counter()
            if ends is not None and due >= ends:
                return
            if rate is not None:
                due = started + number / rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            status, body = await asyncio.wait_for(connection.ask(request), ANSWER_WAIT_S)
            result.latencies_s.append(time.perf_counter() - due)
            result.statuses[status] = result.statuses.get(status, 0) + 1
            if keep_bodies:
                result.bodies.append(body)

    try:
        await asyncio.gather(*(work(connection) for connection in opened))
    finally:
        for connection in opened:
            connection.close()
    result.seconds = time.perf_counter() - started
    return result
