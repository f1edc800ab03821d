"""What an operator may do to the task table: look, let a parked task go on, or skip it and say why."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from projectors.reactors.store import QUERIES, reachable

PARKED_SHOWN_MAX: Final = 1000


class ReactorLine(msgspec.Struct, frozen=True):
    """One reactor: how far it has read the book, and its unfinished tasks."""

    reactor: str
    position: int
    waiting: int
    parked: int


class ParkedTask(msgspec.Struct, frozen=True):
    """A task that waits for a person; ``intended``: it may have been sent; ``behind``: tasks that wait for it."""

    reactor: str
    position: int
    step: int
    kind: str
    key: str
    attempts: int
    last_error: str | None
    intended: bool
    parked_at: datetime
    behind: int


class NotParked(ValueError):
    """No such task is parked: it never was, or somebody else was faster."""


class OperatorDesk:
    """The table through an operator's eyes. Every method raises TargetUnreachable when PostgreSQL does not answer."""

    def __init__(self, connection: Any, *, operator: str) -> None:
        """Use a connection as bursar_reactor; ``operator`` is who is recorded."""
        self._connection = connection
        self._operator = operator

    async def reactors(self) -> list[ReactorLine]:
        """List every reactor that ever ran here."""
        with reachable():
            return [ReactorLine(*row) for row in await self._connection.fetch(QUERIES["list_reactors"])]

    async def parked(self, reactor: str | None = None) -> list[ParkedTask]:
        """List parked tasks, in the order in which they would be performed."""
        with reachable():
            rows = await self._connection.fetch(QUERIES["list_parked"], reactor, PARKED_SHOWN_MAX)
        return [ParkedTask(*row) for row in rows]

    async def resume(self, reactor: str, position: int, step: int, *, reason: str | None = None) -> None:
        """Let a parked task be tried again, in its old place in the line. Raises NotParked."""
        await self._intervene("resume", (reactor, position, step), reason)

    async def skip(self, reactor: str, position: int, step: int, *, reason: str) -> None:
        """Give a parked task up, for good; what waits behind it goes on. Raises NotParked."""
        if not reason.strip():
            raise ValueError("say why the task is skipped: the reason is kept for ever")
        await self._intervene("skip", (reactor, position, step), reason)

    async def _intervene(self, action: str, task: tuple[str, int, int], reason: str | None) -> None:
        """Change the task and record who did it, in one transaction."""
        with reachable():
            async with self._connection.transaction():
                if await self._connection.fetchval(QUERIES[f"{action}_parked"], *task) is None:
                    raise NotParked(f"{task[0]} has no parked task {task[1]}.{task[2]}; see `bursar reactors parked`")
                await self._connection.execute(QUERIES["append_intervention"], self._operator, action, *task, reason)
