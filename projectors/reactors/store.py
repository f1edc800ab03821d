"""The task table: what is to be done, in which order, by whom now, and what became of it.

    waiting --claim--> waiting, leased --finish--> done
       ^                  |  |  |
       |                  |  |  +--park--> parked --skip--> skipped
       |                  |  |               |
       +---hand back------+  +--postpone     +--resume--> waiting
       +--(lease runs out)

Whoever claims a task gets a lease token, and every write about the task names it: a worker that was frozen while its
lease ran out changes nothing any more.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import asyncpg
import msgspec

from projectors.apply import Outcome, TargetUnreachable
from projectors.reactors.tasks import REASON_CHARS_MAX, LeaseLost, Task, Turn
from runtime.sql_files import load_queries

QUERIES: Final = load_queries(Path(__file__).parent / "sql" / "queries.sql")
PRUNE_EVENTS: Final = 1000  # per statement
LOOK_AT_TASKS: Final = 500  # a few milliseconds


class Planned(NamedTuple):
    """A task with its place: the event that caused it, its step, and the event's trace."""

    position: int
    step: int
    task: Task
    trace: str | None


class TaskCounts(NamedTuple):
    """Unfinished tasks of one reactor (NaN: not known) and for how many seconds the oldest has been parked, or due."""

    reactor: str
    waiting: float
    parked: float
    parked_s: float | None
    due_s: float | None


class TaskStore:
    """Schema `reactions` in PostgreSQL. Every method raises TargetUnreachable when it does not answer."""

    def __init__(self, pool: Any, *, queries: Mapping[str, str] = QUERIES, look_at: int = LOOK_AT_TASKS) -> None:
        """Use a pool of connections as bursar_reactor; a claim looks at the ``look_at`` oldest due tasks first."""
        self._pool = pool
        self._queries = queries
        self._look_at = look_at

    async def begin_at(self, reactor: str, position: int) -> None:
        """Give a reactor its first checkpoint; one that it has stays."""
        async with self._connection() as connection:
            await connection.execute(self._queries["create_checkpoint"], reactor, position)

    async def read_checkpoint(self, reactor: str) -> int | None:
        """Return the position up to which the reactor's tasks are in the table, None for a new reactor."""
        async with self._connection() as connection:
            position: int | None = await connection.fetchval(self._queries["read_checkpoint"], reactor)
        return position

    async def take_in(self, reactor: str, first: int, last: int, planned: Sequence[Planned]) -> Outcome:
        """Keep the tasks of the events ``first`` to ``last`` and move the checkpoint, or do neither."""
        async with self._connection() as connection, connection.transaction():
            moved = await connection.fetchval(self._queries["move_checkpoint"], reactor, first - 1, last)
            if moved is not None:
                await self._insert(connection, reactor, planned)
                return Outcome.APPLIED
            position = await connection.fetchval(self._queries["read_checkpoint"], reactor)
            return Outcome.DUPLICATE if position is not None and position >= last else Outcome.GAP

    async def claim(self, reactors: Sequence[str], limit: int, lease_s: float) -> list[Turn]:
        """Lease up to ``limit`` due tasks that are first in their line."""
        async with self._connection() as connection:
            names = list(reactors)
            rows = await connection.fetch(self._queries["claim_tasks"], names, limit, lease_s, self._look_at)
            left = limit - len(rows)
            if left and await connection.fetchval(self._queries["is_clogged"], self._look_at):
                rows += await connection.fetch(self._queries["claim_heads"], names, left, lease_s)
        return [
            Turn(write_intent=self.write_intent, **{**dict(row), "payload": msgspec.json.decode(row["payload"])})
            for row in rows
        ]

    async def finish(self, task: Turn, answer: Any, follow_ups: Sequence[Task] = ()) -> bool:
        """Keep the result and what follows from it; False when the lease was lost."""
        encoded = None if answer is None else msgspec.json.encode(answer).decode()
        if not follow_ups:
            return await self._write("finish_task", task, encoded)
        async with self._connection() as connection, connection.transaction():
            await connection.execute(self._queries["lock_event"], task.reactor, task.position)
            if await connection.fetchval(self._queries["finish_task"], *task.lease, encoded) is None:
                return False
            step = await connection.fetchval(self._queries["read_next_step"], task.reactor, task.position)
            planned = [
                Planned(task.position, step + index, follow_up, task.trace)
                for index, follow_up in enumerate(follow_ups)
            ]
            await self._insert(connection, task.reactor, planned)
        return True

    async def postpone(self, task: Turn, after_s: float, why: str) -> bool:
        """Let the task be due again after ``after_s``; False when the lease was lost."""
        return await self._write("postpone_task", task, after_s, why[:REASON_CHARS_MAX])

    async def park(self, task: Turn, why: str) -> bool:
        """Set the task aside for a person; False when the lease was lost."""
        return await self._write("park_task", task, why[:REASON_CHARS_MAX])

    async def hand_back(self, task: Turn) -> bool:
        """Give the lease up without a result; False when it was lost already."""
        return await self._write("hand_back_task", task)

    async def write_intent(self, task: Turn, intent: str | None) -> None:
        """Note what is about to be sent, or that nothing was. Raises LeaseLost."""
        if not await self._write("write_intent", task, intent):
            raise LeaseLost(task.idempotency_key)

    async def prune(self, kept_s: float) -> None:
        """Remove tasks that have been done for ``kept_s``, one page of them."""
        async with self._connection() as connection:
            await connection.execute(self._queries["prune_done"], kept_s, PRUNE_EVENTS)

    async def count(self) -> list[TaskCounts]:
        """Return how the reactors with unfinished tasks are doing."""
        async with self._connection() as connection:
            return [TaskCounts(*row) for row in await connection.fetch(self._queries["count_tasks"])]

    async def _write(self, query: str, task: Turn, *values: Any) -> bool:
        async with self._connection() as connection:
            return await connection.fetchval(self._queries[query], *task.lease, *values) is not None

    async def _insert(self, connection: Any, reactor: str, planned: Sequence[Planned]) -> None:
        if not planned:
            return
        columns = zip(
            *(
                (
                    one.position,
                    one.step,
                    one.task.key,
                    one.task.kind,
                    msgspec.json.encode(one.task.payload).decode(),
                    one.trace,
                    one.task.due_at,
                )
                for one in planned
            ),
            strict=True,
        )
        await connection.execute(self._queries["insert_tasks"], reactor, *map(list, columns))

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        with reachable():
            async with self._pool.acquire() as connection:
                yield connection


@contextmanager
def reachable() -> Iterator[None]:
    """Say in one way that PostgreSQL does not answer: TargetUnreachable."""
    try:
        yield
    except asyncpg.IntegrityConstraintViolationError:
        raise  # a bug: the same again would fail again
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        raise TargetUnreachable(f"PostgreSQL does not answer: {str(error) or type(error).__name__}") from error
