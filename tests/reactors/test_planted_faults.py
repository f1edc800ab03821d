"""Each rule of the machinery, broken on purpose: the stories must notice, or they prove nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import pytest

from projectors.apply import Outcome
from projectors.reactors.store import QUERIES, Planned, TaskStore
from projectors.reactors.tasks import reaction_key
from tests.reactors.world import Life, Plan, Table, World, live, worker_of

BOOK = [[Plan("a"), Plan("b", fails=1)], [Plan("a", follow_ups=1), Plan("a")], [Plan("a", fails=2), Plan("b")]]
FENCE = " AND lease_token = $4"


async def die_everywhere(table: Table, store_of: Any = TaskStore, **world: Any) -> None:
    """Tell the story with a death before and after each of the first statements."""
    for after in (False, True):
        for dies_at in range(1, 16):
            told = World(BOOK, **world)
            await live(table, told, [Life(batch=1, dies_at=dies_at, after=after, at_once=3)], store_of=store_of)
            told.judge()


def storing(**changed: str) -> Any:
    """Give a store with other statements."""
    for name, statement in changed.items():
        assert statement != QUERIES[name], f"{name} changed: plant the fault anew"
    queries: Mapping[str, str] = {**QUERIES, **changed}
    return lambda pool: TaskStore(pool, queries=queries)


async def freeze_and_wake(table: Table, store: TaskStore) -> World:
    """One worker is frozen while it performs, its lease runs out, another does the task; then the first one wakes."""
    world = World([[Plan("a", follow_ups=1)], [Plan("a")]])
    reactor = world.reactor()
    await store.begin_at(world.name, 0)
    planned = [Planned(at, 0, world.react(event)[0], None) for at, event in enumerate(world.events, start=1)]
    await store.take_in(world.name, 1, 2, planned)

    async def frozen() -> None:
        world.while_performing = None
        await table.time_passes()
        assert await worker_of(store, reactor).run_once() == 1

    world.while_performing = frozen
    await worker_of(store, reactor).run_once()
    while await worker_of(store, reactor).run_once():
        pass
    return world


async def test_a_frozen_worker_writes_nothing_when_it_wakes(table: Table) -> None:
    world = await freeze_and_wake(table, TaskStore(table.pool))

    world.judge()
    assert [at for _, *at in world.attempts] == [[1, 0], [1, 0], [1, 1], [2, 0]]


async def test_without_the_fencing_token_a_frozen_worker_does_harm(table: Table) -> None:
    unfenced = QUERIES["finish_task"].replace(FENCE, " AND $4::bigint > 0")

    with pytest.raises(AssertionError):
        (await freeze_and_wake(table, storing(finish_task=unfenced)(table.pool))).judge()


class CheckpointFirst(TaskStore):
    """Moves the checkpoint, and then keeps the tasks."""

    async def take_in(self, reactor: str, first: int, last: int, planned: Sequence[Planned]) -> Outcome:
        outcome = await super().take_in(reactor, first, last, [])
        if outcome is Outcome.APPLIED:
            async with self._connection() as connection:
                await self._insert(connection, reactor, planned)
        return outcome


async def test_a_checkpoint_that_moves_before_the_tasks_loses_some(table: Table) -> None:
    with pytest.raises(AssertionError):
        await die_everywhere(table, CheckpointFirst)


async def test_a_key_without_the_step_is_two_effects_under_one_name(table: Table) -> None:
    with pytest.raises(AssertionError, match="means"):
        await die_everywhere(table, key_of=lambda turn: reaction_key(turn.reactor, turn.position, 0))


async def test_without_the_line_tasks_overtake(table: Table) -> None:
    jumping = QUERIES["claim_tasks"].replace("earlier.state IN ('waiting', 'parked')", "earlier.state = 'parked'")

    with pytest.raises(AssertionError, match="out of order"):
        await die_everywhere(table, storing(claim_tasks=jumping))


async def test_a_batch_that_is_not_compared_happens_twice(table: Table) -> None:
    careless = QUERIES["move_checkpoint"].replace(" AND position = $2", " AND $2::bigint >= 0")

    with pytest.raises((AssertionError, asyncpg.UniqueViolationError)):
        await live(table, World(BOOK), [Life(repeats=True, dies_at=30)], store_of=storing(move_checkpoint=careless))


async def test_follow_ups_that_are_kept_apart_from_the_result_are_lost(table: Table) -> None:
    class Apart(TaskStore):
        async def finish(self, task: Any, answer: Any, follow_ups: Any = ()) -> bool:
            if not await super().finish(task, answer):
                return False
            return await super().finish(task, answer, follow_ups) or True

    with pytest.raises(AssertionError):
        await die_everywhere(table, Apart)


async def test_nothing_planted_nothing_found(table: Table) -> None:
    await die_everywhere(table)
