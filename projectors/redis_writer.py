"""Writing slices past the script, while nobody else has begun a window or moved the model.

A transaction cannot look before it writes, so each is tied to the checkpoint (WATCH): nothing of a slice is done once
the checkpoint has changed since this window was begun, by a batch, by a fence, or by another window.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import redis
from redis.exceptions import ResponseError

from projectors.redis_slices import Slice, as_redis_reads
from runtime.redis_client import SOCKET_CONNECT_TIMEOUT_S, SOCKET_TIMEOUT_S


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
            for index, slice_ in enumerate(slices):
                if index == 0:
                    connection.send_packed_command([self._look])
                if not _stands(connection, stand) or stopping.is_set():
                    return False
                look = [self._look] if index + 1 < len(slices) else []
                connection.send_packed_command([slice_.packed, *look])
                if not _is_executed(connection, slice_):
                    return False
            is_through = True
            return True
        finally:
            if not is_through:
                connection.disconnect()  # it watches, or has answers that nobody read
            pool.release(connection)


def _stands(connection: Any, stand: Stand) -> bool:
    """Read the answers to WATCH and HMGET, and tell whether the checkpoint is as it was when the window was begun."""
    connection.read_response()
    found: list[bytes | None] = connection.read_response()
    return found == [stand.position, stand.attempt, None]


def _is_executed(connection: Any, slice_: Slice) -> bool:
    """Read the answers to a slice; False when the checkpoint has changed. Raises ResponseError."""
    for _ in range(1 + slice_.commands):  # MULTI, and each command: queued
        connection.read_response()
    answers: list[Any] | None = connection.read_response()
    if answers is None:
        return False
    for answer in answers:
        if isinstance(answer, ResponseError):
            raise answer
    return True
