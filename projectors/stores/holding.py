"""Making two versions stand at the same position for a moment, so that they can be compared.

Each version is written through a gate. To hold two, both gates are told up to which position events may pass: up to the
greater of what the two reach for. A batch that goes beyond it is cut there; its rest waits until the gates open again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, Protocol

from projectors.apply import AppliesWindows, FoldsAhead, Outcome, Target
from projectors.events import Batch
from projectors.history.messages import Folded

LEVEL_WITHIN_S: Final = 5.0  # for both to be at the position where they are held


class Kept(Target, Protocol):
    """A target that is given back when its projection ends."""

    async def close(self) -> None:
        """Close its connections."""
        ...


class NotLevel(Exception):
    """The two did not come to stand at the same position in time: one of them is stopped, paused or far behind."""


class Gate:
    """A target whose events pass only up to a limit, while there is one."""

    def __init__(self, target: Kept) -> None:
        self._target = target
        self._limit: int | None = None
        self._moved = asyncio.Condition()
        self.position = 0
        self.reaching = 0
        if isinstance(target, FoldsAhead):
            self.fold = target.fold
        if isinstance(target, AppliesWindows):
            self.window_fold = target.window_fold
            self.window_events = target.window_events
            self.apply_window = partial(self._apply_window, target)

    async def checkpoint(self) -> int:
        """Return the position of the target."""
        position = await self._target.checkpoint()
        await self._stand_at(position)
        return position

    async def apply(self, batch: Batch) -> Outcome:
        """Apply the batch, in two parts when the limit is inside it."""
        while True:  # ends with the last part: each has at least one event
            limit = await self._room_for(batch)
            passing = batch.events[: limit - batch.first + 1]
            is_whole = limit == batch.last
            outcome = await self._target.apply(batch if is_whole else Batch(passing, batch.caught_up))
            if outcome is not Outcome.APPLIED:
                return outcome
            await self._stand_at(limit)
            if is_whole:
                return outcome
            batch = Batch(batch.events[len(passing) :], batch.caught_up)

    async def close(self) -> None:
        """Close the target's connections."""
        await self._target.close()

    def close_at(self, position: int) -> None:
        """Let events pass up to a position that is not behind `reaching`."""
        self._limit = position

    async def open(self) -> None:
        """Let all events pass."""
        self._limit = None
        async with self._moved:
            self._moved.notify_all()

    async def stands_at(self, position: int) -> None:
        """Return when the target is there."""
        async with self._moved:
            await self._moved.wait_for(lambda: self.position == position)

    async def _apply_window(self, target: AppliesWindows, window: Folded) -> Outcome:
        """Apply a window when all of it may pass: it cannot be cut, and versions are held for moments only."""
        async with self._moved:
            await self._moved.wait_for(lambda: self._limit is None or self._limit >= window.last)
            self.reaching = window.last
        outcome = await target.apply_window(window)
        if outcome is Outcome.APPLIED:
            await self._stand_at(window.last)
        return outcome

    async def _room_for(self, batch: Batch) -> int:
        """Return up to where the batch may be applied, as soon as that is its first event at least."""
        async with self._moved:
            await self._moved.wait_for(lambda: self._limit is None or self._limit >= batch.first)
            self.reaching = batch.last if self._limit is None else min(self._limit, batch.last)
            return self.reaching

    async def _stand_at(self, position: int) -> None:
        async with self._moved:
            self.position = self.reaching = position
            self._moved.notify_all()


@asynccontextmanager
async def held(one: Gate, other: Gate) -> AsyncIterator[int]:
    """Hold two versions at one position for the length of the block, and say which. Raises NotLevel."""
    try:
        position = max(one.reaching, other.reaching)
        for gate in (one, other):  # nobody else runs before both are set
            gate.close_at(position)
        try:
            async with asyncio.timeout(LEVEL_WITHIN_S):
                await one.stands_at(position)
                await other.stands_at(position)
        except TimeoutError:
            raise NotLevel(
                f"the versions are at {one.position} and {other.position}, and did not meet at {position} within "
                f"{LEVEL_WITHIN_S:g} s"
            ) from None
        yield position
    finally:
        await one.open()
        await other.open()
