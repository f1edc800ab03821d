"""A reactor, the outside world that its tasks change, and a process that can be killed between any two statements.

    world = World(plan)                    # what each event causes, and how each attempt ends
    await live(table, world, ends=[...])   # deliver and perform, dying and starting again, until nothing is left
    world.judge()                          # every task at least once, every effect once, in order per key

The world takes idempotency keys, as the command API does: a key seen before changes nothing, and a key seen before with
another content is a fault of whoever sent it.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from msgspec import Raw
from prometheus_client import CollectorRegistry

from contracts.envelope import Actor, Envelope
from contracts.events import AccountFrozen
from projectors.events import Batch, Event
from projectors.reactors.inbox import Inbox
from projectors.reactors.metrics import ReactorMetrics
from projectors.reactors.store import QUERIES, TaskStore
from projectors.reactors.tasks import Again, Done, Next, Reactor, Result, Retry, Task, Turn, always, reaction_key
from projectors.reactors.worker import Bounds, Worker
from runtime.clock import SystemClock
from tests.support.book import BEGIN

ROUNDS_MAX = 100
FAST = Retry(base_s=0.0, cap_s=0.0, jitter=0.0, attempts_max=50)

_names = itertools.count(1)


class Killed(BaseException):
    """The process is gone; nothing in it runs any more."""


@dataclass
class Table:
    """The task table."""

    pool: Any
    owner: asyncpg.Connection[Any]
    dsn_of: Callable[[str], str]

    async def time_passes(self) -> None:
        """An hour goes by: every lease has run out and every pause is over."""
        await self.owner.execute(
            "UPDATE reactions.tasks SET due_at = due_at - interval '1 hour', "
            "leased_until = leased_until - interval '1 hour' WHERE state = 'waiting'"
        )

    async def states(self, reactor: str) -> dict[tuple[int, int], str]:
        rows = await self.owner.fetch(
            "SELECT position, step, state FROM reactions.tasks WHERE reactor = $1 ORDER BY position, step", reactor
        )
        return {(row["position"], row["step"]): row["state"] for row in rows}


@dataclass(frozen=True)
class Plan:
    """What one task does: ``fails`` attempts that change nothing, then it is done, with follow-ups under its key."""

    key: str
    fails: int = 0
    follow_ups: int = 0


@dataclass
class World:
    """What the tasks changed, and every attempt in the order in which it was made."""

    plans: Sequence[Sequence[Plan]]  # per event
    name: str = field(default_factory=lambda: f"reactor_{next(_names)}")
    key_of: Callable[[Turn], str] = lambda turn: turn.idempotency_key
    effects: dict[str, tuple[int, int]] = field(default_factory=dict)
    attempts: list[tuple[str, int, int]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    tries: dict[tuple[int, int], int] = field(default_factory=dict)
    while_performing: Callable[[], Awaitable[None]] | None = None

    @property
    def events(self) -> list[Event]:
        return [event_at(position) for position in range(1, len(self.plans) + 1)]

    def reactor(self) -> Reactor:
        return Reactor(
            name=self.name, prepare=always(self.react), perform=self.perform, retries={"do": FAST}, begins="at_zero"
        )

    def react(self, event: Event) -> list[Task]:
        return [
            Task(kind="do", key=plan.key, payload={"fails": plan.fails, "follow_ups": plan.follow_ups})
            for plan in self.plans[event.position - 1]
        ]

    async def perform(self, turn: Turn) -> Result:
        here = (turn.position, turn.step)
        self.attempts.append((turn.key, *here))
        if self.while_performing is not None:
            await self.while_performing()
        self.tries[here] = self.tries.get(here, 0) + 1
        if self.tries[here] <= turn.payload["fails"]:
            return Again(why="not yet")
        known = self.effects.setdefault(self.key_of(turn), here)
        if known != here:
            self.faults.append(f"{self.key_of(turn)} means {known} and {here}")
        if turn.payload["follow_ups"]:
            follow_up = Task(kind="do", key=turn.key, payload={"fails": 0, "follow_ups": 0})
            return Next([follow_up] * turn.payload["follow_ups"])
        return Done({"did": list(here)})

    def expected(self) -> set[str]:
        """The keys of all effects."""
        return {
            reaction_key(self.name, position, step)
            for position, plans in enumerate(self.plans, start=1)
            for step in range(len(plans) + sum(plan.follow_ups for plan in plans))
        }

    def judge(self) -> None:
        """Raise AssertionError for what must never be."""
        assert not self.faults, self.faults
        assert set(self.effects) == self.expected(), set(self.effects) ^ self.expected()
        for key in {key for key, *_ in self.attempts}:
            line = [tuple(at) for of, *at in self.attempts if of == key]
            assert line == sorted(line), f"{key} was performed out of order: {line}"


class MortalPool:
    """A pool whose process dies at its statement number ``dies_at``: right before it, or right after."""

    def __init__(self, pool: Any, dies_at: int | None, *, after: bool = False) -> None:
        self._pool = pool
        self._left = dies_at
        self._after = after

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Any]:
        async with self._pool.acquire() as connection:
            yield _Mortal(connection, self)

    async def survive(self, doing: Callable[[], Awaitable[Any]]) -> Any:
        if self._left is None:
            return await doing()
        self._left -= 1
        if self._left < 0 or (self._left == 0 and not self._after):
            self._left = 0
            raise Killed
        answer = await doing()
        if self._left == 0:
            raise Killed
        return answer


class _Mortal:
    def __init__(self, connection: Any, life: MortalPool) -> None:
        self._connection = connection
        self._life = life

    async def execute(self, *args: Any) -> Any:
        return await self._life.survive(lambda: self._connection.execute(*args))

    async def fetch(self, *args: Any) -> Any:
        return await self._life.survive(lambda: self._connection.fetch(*args))

    async def fetchval(self, *args: Any) -> Any:
        return await self._life.survive(lambda: self._connection.fetchval(*args))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        transaction = self._connection.transaction()
        await transaction.start()
        try:
            yield
        except BaseException:
            await transaction.rollback()
            raise
        try:
            await self._life.survive(lambda: _nothing())
        except Killed:
            if self._life._after:
                await transaction.commit()
            else:
                await transaction.rollback()
            raise
        await transaction.commit()


async def _nothing() -> None:
    return None


StoreOf = Callable[[Any], TaskStore]


@dataclass(frozen=True)
class Life:
    """How one run of the process goes: how large its batches are and at which statement it dies."""

    batch: int = 3
    dies_at: int | None = None
    after: bool = False
    at_once: int = 3
    repeats: bool = False  # every batch is delivered twice


async def live(table: Table, world: World, lives: Sequence[Life], *, store_of: StoreOf = TaskStore) -> None:
    """Run the process again and again until all is done; the last life is a long one."""
    for life in [*lives, Life()]:
        try:
            await _run(table, world, life, store_of)
        except Killed:
            await table.time_passes()


async def _run(table: Table, world: World, life: Life, store_of: StoreOf) -> None:
    store = store_of(MortalPool(table.pool, life.dies_at, after=life.after))
    reactor = world.reactor()
    inbox = Inbox(reactor, store, book=None, wake=lambda: None)  # type: ignore[arg-type]  # it begins at zero
    worker = worker_of(store, reactor, at_once=life.at_once)
    position = await inbox.checkpoint()
    for _ in range(ROUNDS_MAX):
        following = world.events[position : position + life.batch]
        if following:
            batch = Batch(following, caught_up=True)
            for _ in range(2 if life.repeats else 1):
                await inbox.apply(batch)
            position = await inbox.checkpoint()
        performed = await worker.run_once()
        if not following and not performed:
            return
    raise AssertionError(f"not done after {ROUNDS_MAX} rounds")


def worker_of(store: TaskStore, *reactors: Reactor, at_once: int = 3) -> Worker:
    return Worker(
        store,
        reactors,
        metrics=ReactorMetrics(CollectorRegistry()),
        clock=SystemClock(),
        chance=lambda: 0.5,
        bounds=Bounds(tasks_at_once=at_once),
    )


def event_at(position: int) -> Event:
    """Some event at a position."""
    envelope = Envelope(
        position=position,
        type="account_frozen",
        version=1,
        ledger="main",
        recorded_at=BEGIN,
        occurred_at=BEGIN,
        principal=Actor(subject="tests", tenant="tests"),
        key=f"key-{position}",
        trace=f"00-{position:032x}-{position:016x}-01",
        data=Raw(b"{}"),
    )
    return Event(position, envelope, AccountFrozen(account_id="a", reason=None))


__all__ = ["FAST", "QUERIES", "Killed", "Life", "MortalPool", "Plan", "Table", "World", "event_at", "live", "worker_of"]
