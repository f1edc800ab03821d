"""Writing slices past the script, while nobody else has begun a window or moved the model.

A transaction cannot look before it writes, so each is tied to the checkpoint (WATCH): nothing of a slice is done once
the checkpoint has changed since this window was begun, by a batch, by a fence, or by another window.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import hiredis
import redis
from redis.exceptions import ResponseError

from projectors.redis_slices import Slice, as_redis_reads
from runtime.redis_client import SOCKET_CONNECT_TIMEOUT_S, SOCKET_TIMEOUT_S

RECEIVE_BYTES: Final = 65_536
_INCOMPLETE: Final = object()


class Stand(NamedTuple):
    """What the checkpoint says while a window is the one that may be written: its fields, as Redis gives them."""

    position: bytes | None  # None: the model is empty
    attempt: bytes


class SliceWriter:
    """Writes over a connection of its own, in a thread: there are more answers than an event loop should read."""

    def __init__(self, url: str, checkpoint: str) -> None:
        """``checkpoint``: the key that the slices are tied to."""
        self._client = redis.Redis.from_url(
            url, socket_timeout=SOCKET_TIMEOUT_S, socket_connect_timeout=SOCKET_CONNECT_TIMEOUT_S
        )
        watch = as_redis_reads(("WATCH", checkpoint))
        self._look = watch + as_redis_reads(("HMGET", checkpoint, "position", "attempt", "fence"))

    async def write(self, slices: Sequence[Slice], stand: Stand) -> bool:
        """Write the slices in order; False as soon as the checkpoint is not as it was. Raises RedisError.

        Cancelled, it ends behind the slice that is on its way.
        """
        stopping = threading.Event()
        writing = asyncio.ensure_future(asyncio.to_thread(self._write, slices, stand, stopping))
        try:
            return await asyncio.shield(writing)
        except asyncio.CancelledError:
            stopping.set()
            await asyncio.wait([writing])
            raise

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _write(self, slices: Sequence[Slice], stand: Stand, stopping: threading.Event) -> bool:
        pool = self._client.connection_pool
        connection: Any = pool.get_connection()
        is_through = False
        try:
            wire = _Wire(connection)
            for index, slice_ in enumerate(slices):
                if index == 0:
                    wire.send(self._look)
                if not _stands(wire, stand) or stopping.is_set():
                    return False
                wire.send(slice_.packed + self._look if index + 1 < len(slices) else slice_.packed)
                if not _is_executed(wire, slice_):
                    return False
            is_through = True
            return True
        except OSError as error:
            raise redis.ConnectionError(str(error) or type(error).__name__) from error
        finally:
            if not is_through:
                connection.disconnect()  # it watches, or has answers that nobody read
            pool.release(connection)


class _Wire:
    """A connection's socket, read without the client: a slice has thousands of answers, and most say `QUEUED`."""

    def __init__(self, connection: Any) -> None:
        self._socket: socket.socket = connection._sock
        self._reader = hiredis.Reader(notEnoughData=_INCOMPLETE)

    def send(self, packed: bytes) -> None:
        """Send commands. Raises OSError."""
        self._socket.sendall(packed)

    def read(self) -> Any:
        """Return the next answer. Raises OSError, hiredis.HiredisError."""
        answer = self._reader.gets()
        while answer is _INCOMPLETE:  # ends with the answer, or at the socket's time-out
            received = self._socket.recv(RECEIVE_BYTES)
            if not received:
                raise ConnectionResetError("the connection was closed")
            self._reader.feed(received)
            answer = self._reader.gets()
        return answer


def _stands(wire: _Wire, stand: Stand) -> bool:
    """Read the answers to WATCH and HMGET, and tell whether the checkpoint is as it was when the window was begun."""
    wire.read()
    found: list[bytes | None] = wire.read()
    return found == [stand.position, stand.attempt, None]


def _is_executed(wire: _Wire, slice_: Slice) -> bool:
    """Read the answers to a slice; False when the checkpoint has changed. Raises ResponseError."""
    for _ in range(1 + slice_.commands):  # MULTI, and each command: queued
        wire.read()
    answers: list[Any] | hiredis.ReplyError | None = wire.read()
    if answers is None:
        return False
    failed = [answers] if isinstance(answers, Exception) else [one for one in answers if isinstance(one, Exception)]
    if failed:
        raise ResponseError(str(failed[0]))
    return True
