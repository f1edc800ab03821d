"""A reactor whose tasks a test puts in by hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from projectors.apply import Outcome
from projectors.reactors.store import Planned, TaskStore
from projectors.reactors.tasks import Reactor, Result, Retry, Task, Turn, always
from tests.reactors.world import Table, World, event_at, worker_of

Perform = Callable[[Turn], Awaitable[Result]]


class Post:
    """A reactor with a queue of tasks to put in by hand, and what was performed."""

    def __init__(self, table: Table, perform: Perform, retry: Retry | None = None) -> None:
        self.name = World([]).name
        self.turns: list[Turn] = []
        self.table = table
        self.store = TaskStore(table.pool)
        self._perform = perform
        self.reactor = Reactor(
            name=self.name,
            prepare=always(lambda event: []),
            perform=self.perform,
            retries={"do": retry} if retry else {},
        )
        self.worker = worker_of(self.store, self.reactor)

    async def perform(self, turn: Turn) -> Result:
        self.turns.append(turn)
        return await self._perform(turn)

    async def put(self, *keys: str) -> None:
        await self.store.begin_at(self.name, 0)
        planned = [
            Planned(at, 0, Task(kind="do", key=key), event_at(at).envelope.trace)
            for at, key in enumerate(keys, start=1)
        ]
        assert await self.store.take_in(self.name, 1, len(keys), planned) is Outcome.APPLIED

    async def once(self) -> int:
        return await self.worker.run_once()

    async def row(self, position: int = 1) -> Any:
        return await self.table.owner.fetchrow(
            "SELECT *, due_at > now() AS later FROM reactions.tasks WHERE reactor = $1 AND position = $2",
            self.name, position,
        )  # fmt: skip
