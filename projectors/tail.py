"""The newest events of the stream, received and decoded once for all read models of a process.

Every model goes through the stream at its own speed, and most of the time all of them want the same few events. So they
listen together: whoever waits first pulls for everybody, what arrives is kept for a while, and each model takes from it
what comes behind its own position. A model that falls behind what is kept reads the book, as it does after any trouble.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from contextlib import suppress
from operator import itemgetter
from typing import Final

from nats.aio.client import Client

from contracts.subjects import stream_name
from projectors.events import Event, Unreadable, decode_event
from runtime.jetstream import PullLoop

EVENTS_KEPT_MAX: Final = 8_192  # up to twice as many for a moment
PULL_MESSAGES_MAX: Final = 1_000

Heard = tuple[int, Event | Unreadable]
"""A position of the stream and what stands there."""

_position_of = itemgetter(0)


class Tail:
    """One stream, listened to by any number of feeds."""

    def __init__(self, ledger: str, *, kept_max: int = EVENTS_KEPT_MAX) -> None:
        self._ledger = ledger
        self._stream = stream_name(ledger)
        self._kept_max = kept_max
        self._pull: PullLoop | None = None
        self._listeners = 0
        self._kept: list[Heard] = []
        self._begins_at = 0  # the first position that can be had here
        self._is_pulling = False
        self._news = asyncio.Event()

    def listen(self, client: Client, position: int) -> Listener:
        """Listen behind ``position``; the first listener opens the stream there, the last one closes it."""
        if self._pull is None:
            self._begins_at = position + 1
            self._pull = PullLoop(client, self._stream, start_sequence=self._begins_at)
        self._listeners += 1
        return Listener(self, position)

    @property
    def attached(self) -> bool:
        """Whether the stream has been heard from lately."""
        return self._pull is not None and self._pull.attached

    def has(self, position: int) -> bool:
        """Whether the event at ``position`` is here or still to come; an older one has to be read in the book."""
        return position >= self._begins_at

    def behind(self, position: int, limit: int) -> list[Heard]:
        """Return what is kept behind ``position``."""
        at = bisect_right(self._kept, position, key=_position_of)
        return self._kept[at : at + limit]

    async def hear(self, deadline: float) -> None:
        """Wait for news until ``deadline``, a time of the loop: pull, or let the one who pulls already tell."""
        if self._is_pulling:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(deadline):
                    await self._news.wait()
            return
        assert self._pull is not None
        self._is_pulling = True
        try:
            left_s = max(0.0, deadline - asyncio.get_running_loop().time())
            self._keep(await self._pull.next_batch(PULL_MESSAGES_MAX, left_s))
        finally:
            self._is_pulling = False
            self._news.set()
            self._news = asyncio.Event()

    async def leave(self) -> None:
        """Take one listener off."""
        self._listeners -= 1
        if self._listeners == 0 and self._pull is not None:
            pull, self._pull = self._pull, None
            self._kept = []
            await pull.close()

    def _keep(self, messages: list[tuple[int, bytes]]) -> None:
        self._kept += [(position, self._decoded(position, body)) for position, body in messages]
        if len(self._kept) > 2 * self._kept_max:
            del self._kept[: -self._kept_max]
            self._begins_at = self._kept[0][0]

    def _decoded(self, position: int, body: bytes) -> Event | Unreadable:
        try:
            return decode_event(position, body, ledger=self._ledger)
        except Unreadable as unreadable:
            return unreadable


class Listener:
    """One feed's place in the tail. Made by `Tail.listen`; for one reader."""

    def __init__(self, tail: Tail, position: int) -> None:
        self._tail = tail
        self._position = position

    @property
    def attached(self) -> bool:
        """Whether the stream has been heard from lately."""
        return self._tail.attached

    async def next_batch(self, limit: int, timeout_s: float) -> list[Heard]:
        """Return up to ``limit`` of what comes next, as soon as there is something.

        [] after ``timeout_s``, and at once when what comes next is not here any more. Positions rise; a hole means that
        the stream itself has one.
        """
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout_s
        while self._tail.has(self._position + 1):  # ends at the deadline at the latest
            if found := self._tail.behind(self._position, limit):
                self._position = found[-1][0]
                return found
            if clock() >= deadline:
                break
            await self._tail.hear(deadline)
        return []

    async def close(self) -> None:
        """Stop listening. The listener cannot be used afterwards."""
        await self._tail.leave()
