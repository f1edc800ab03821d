"""The public stream: it has one version, because other systems remember its sequence numbers."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from contracts.projections import FIRST_VERSION, PUBLIC_EVENTS, Comparison
from projectors.feed import Pace
from projectors.public_events.target import PublicStreamTarget
from projectors.stores.holding import Kept, NotLevel
from projectors.stores.store import Side


class StreamStore:
    """The public stream of one ledger."""

    model = PUBLIC_EVENTS
    layout = FIRST_VERSION

    def __init__(self, target: PublicStreamTarget, *, pace: Pace) -> None:
        self.pace = pace
        self._target = target

    def target(self, version: int) -> Kept:
        """Return the stream as a target."""
        return self._target

    def upkeep(self, version: int) -> Coroutine[Any, Any, None] | None:
        """Return None: the server keeps it."""
        return None

    async def read_pointer(self) -> int:
        """Return the only version."""
        return FIRST_VERSION

    async def point_at(self, version: int) -> None:
        """Return: there is nothing else to point at."""

    async def require_whole(self, version: int) -> None:
        """Return: messages have an order."""

    async def compare(self, serving: Side, candidate: Side) -> Comparison:
        """Refuse: there is one version."""
        raise NotLevel("the public stream has one version")

    async def clear(self, version: int) -> int:
        """Refuse by doing nothing: `bursar rebuild public_events` deletes the stream, and says what that means."""
        return 0

    async def close(self) -> None:
        """Return: the connection is the process's."""
