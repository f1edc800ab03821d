"""The task table: batches in, done tasks out, what is counted, and who may write."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from prometheus_client import CollectorRegistry

from projectors.apply import Outcome
from projectors.events import Batch
from projectors.reactors.inbox import Inbox
from projectors.reactors.metrics import ReactorMetrics
from projectors.reactors.store import Planned, TaskStore
from projectors.reactors.tasks import Done, Park, Result, Task, Turn
from projectors.reactors.watch import TableWatch
from tests.reactors.post import Post
from tests.reactors.world import Plan, Table, World


async def test_the_inbox_says_what_became_of_a_batch(table: Table) -> None:
    world = World([[Plan("a")]] * 4)
    woken: list[int] = []
    inbox = Inbox(world.reactor(), TaskStore(table.pool), book=None, wake=lambda: woken.append(1))  # type: ignore[arg-type]
    assert await inbox.checkpoint() == 0
    events = world.events
    for batch, outcome in (
        (events[1:2], Outcome.GAP),
        (events[:2], Outcome.APPLIED),
        (events[:2], Outcome.DUPLICATE),
        (events[1:3], Outcome.GAP),
        (events[2:], Outcome.APPLIED),
    ):
        assert await inbox.apply(Batch(list(batch), caught_up=True)) is outcome
    assert await inbox.checkpoint() == 4
    assert len(await table.states(world.name)) == 4
    assert len(woken) == 2


async def test_two_inboxes_of_one_reactor_take_each_batch_once(table: Table) -> None:
    world = World([[Plan("a")]] * 20)
    store = TaskStore(table.pool)
    inboxes = [Inbox(world.reactor(), store, book=None, wake=lambda: None) for _ in range(2)]  # type: ignore[arg-type]
    assert [await one.checkpoint() for one in inboxes] == [0, 0]
    for at in range(20):
        batch = Batch(world.events[at : at + 1], caught_up=True)
        outcomes = await asyncio.gather(*(one.apply(batch) for one in inboxes))
        assert set(outcomes) == {Outcome.APPLIED, Outcome.DUPLICATE}
    assert len(await table.states(world.name)) == 20


async def test_done_tasks_go_after_a_while_and_only_with_their_whole_event(table: Table) -> None:
    async def perform(turn: Turn) -> Result:
        return Park("planted") if turn.position == 2 else Done()

    post = Post(table, perform)
    await post.put("a", "b", "c")
    await post.once()
    planned = [Planned(4, step, Task(kind="do", key=f"k{step}"), None) for step in (0, 1)]
    await post.store.take_in(post.name, 4, 4, planned)
    (turn, _) = sorted(await post.store.claim([post.name], 2, 60.0), key=lambda one: one.step)
    await post.store.finish(turn, None)
    await post.store.prune(3600.0)
    assert len(await table.states(post.name)) == 5
    await post.store.prune(0.0)
    assert set(await table.states(post.name)) == {(2, 0), (4, 0), (4, 1)}


async def test_the_gauges_say_what_is_parked_and_for_how_long(table: Table) -> None:
    async def perform(turn: Turn) -> Result:
        return Park("planted")

    post = Post(table, perform)
    await post.put("a", "a")
    await post.once()
    await table.owner.execute(
        "UPDATE reactions.tasks SET changed_at = now() - interval '90 seconds' WHERE reactor = $1", post.name
    )
    registry = CollectorRegistry()
    await TableWatch(post.store, [post.name], metrics=ReactorMetrics(registry), kept_s=3600.0).look()

    def gauge(name: str) -> float:
        return registry.get_sample_value(name, {"reactor": post.name}) or 0.0

    assert (gauge("reactors_parked"), gauge("reactors_waiting")) == (1, 1)
    assert 90 <= gauge("reactors_parked_oldest_seconds") < 120


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts SET status = 'closed'",
        "INSERT INTO events (position, event, hash) VALUES (1, '{}', sha256('x'))",
        "DELETE FROM holds",
        "UPDATE reactions.interventions SET reason = 'x'",
        "DELETE FROM reactions.interventions",
        "DELETE FROM reactions.checkpoints",
        "CREATE TABLE reactions.mine (x int)",
    ],
)
async def test_the_reactor_writes_nothing_but_its_own_schema(table: Table, statement: str) -> None:
    async with table.pool.acquire() as connection:
        await connection.fetch("SELECT * FROM events")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
