"""A sequencer at work on a real book, and what a test says to it.

async with sequencing(book_database) as sequencer:
    accepted = await sequencer.ask(move("alice", "bob", 5))          # Accepted, Declined, or raises Unavailable
    outcomes = await sequencer.ask_all([...], atomic=True)
    future = sequencer.send([(command, "key-1"), ...])               # without waiting
async with sequencing(book_database) as one, sequencing(book_database) as other:   # two processes, in effect
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg
import msgspec
from prometheus_client import CollectorRegistry

from contracts.commands import Command
from contracts.envelope import HASH_OF_NOTHING, Actor, chain, encode_actor
from contracts.rejections import Refused, Rejection
from ledger.metrics import SequencerMetrics
from ledger.sequencer.deciding import RenderRefusal
from ledger.sequencer.queue import Accepted, Declined, Outcome, Submission, SubmissionQueue, assessed_wish_of
from ledger.sequencer.sequencer import Sequencer
from runtime.clock import Clock, SystemClock
from runtime.postgres import connect
from tests.support.payments import assessed

DsnOf = Callable[[str], str]
Connect = Callable[[], Awaitable[Any]]
ANSWER_WITHIN_S = 30.0
DRAIN_WITHIN_S = 30.0
TENANT = "acme"

_keys = itertools.count(1)


class Asking:
    """One sequencer with what a caller does around it."""

    def __init__(self, sequencer: Sequencer, queue: SubmissionQueue, metrics: SequencerMetrics) -> None:
        self.sequencer = sequencer
        self.queue = queue
        self.metrics = metrics
        self.committed: list[int] = []

    def send(
        self,
        commands: Iterable[Command | tuple[Command, str]],
        *,
        atomic: bool = False,
        within_s: float = ANSWER_WITHIN_S,
        tenant: str = TENANT,
    ) -> asyncio.Future[list[Outcome]]:
        """Hand in one submission; a command without a key gets a new one."""
        keyed = [pair if isinstance(pair, tuple) else (pair, new_key()) for pair in commands]
        done: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        self.sequencer.submit(
            Submission(
                wishes=tuple(
                    assessed_wish_of(command, assessed=assessed(command), stored=command, key=key, tenant=tenant)
                    for command, key in keyed
                ),
                tenant=tenant,
                actor_json=encode_actor(Actor(subject="tests", tenant=tenant)),
                trace=None,
                occurred_at=datetime.now(UTC),
                atomic=atomic,
                deadline=time.monotonic() + within_s,
                done=done,
            )
        )
        return done

    async def ask(self, command: Command, *, key: str | None = None, tenant: str = TENANT) -> Outcome:
        """Send one command and wait for its outcome."""
        async with asyncio.timeout(ANSWER_WITHIN_S):
            (outcome,) = await self.send([(command, key or new_key())], tenant=tenant)
        return outcome

    async def ask_all(
        self, commands: Iterable[Command | tuple[Command, str]], *, atomic: bool = False
    ) -> list[Outcome]:
        """Send one submission of many commands and wait."""
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await self.send(commands, atomic=atomic)

    async def do(self, *commands: Command) -> list[Accepted]:
        """Send commands that must be accepted."""
        return [accepted(outcome) for outcome in await self.ask_all(commands)]


def new_key() -> str:
    """A key nobody used yet."""
    return f"key-{next(_keys)}"


def accepted(outcome: Outcome) -> Accepted:
    """The outcome, which must be an acceptance."""
    assert isinstance(outcome, Accepted), outcome
    return outcome


def rejection(outcome: Outcome) -> Rejection:
    """Why the outcome is a refusal, read from the answer the client gets."""
    assert isinstance(outcome, Declined), outcome
    return msgspec.json.decode(outcome.answer, type=Refused).rejection


def data_of(outcome: Outcome) -> dict[str, Any]:
    """The body of the event that was the answer."""
    data: dict[str, Any] = msgspec.json.decode(accepted(outcome).answer)["data"]
    return data


@asynccontextmanager
async def sequencing(
    dsn_of: DsnOf,
    *,
    clock: Clock | None = None,
    queue: SubmissionQueue | None = None,
    connecting: Connect | None = None,
    render: RenderRefusal = msgspec.json.encode,
) -> AsyncIterator[Asking]:
    """Run a sequencer as bursar_writer; at the end it is closed, drained, and must have ended by itself."""
    queue = queue or SubmissionQueue()
    metrics = SequencerMetrics(CollectorRegistry())
    committed: list[int] = []

    async def on_commit(position: int) -> None:
        committed.append(position)

    sequencer = Sequencer(
        ledger="main",
        connect=connecting or (lambda: connect(dsn_of("bursar_writer"), application_name="tests")),
        clock=clock or SystemClock(),
        render=render,
        committed=on_commit,
        metrics=metrics,
        queue=queue,
    )
    asking = Asking(sequencer, queue, metrics)
    asking.committed = committed
    running = asyncio.create_task(sequencer.run())
    try:
        yield asking
    finally:
        queue.close()
        try:
            async with asyncio.timeout(DRAIN_WITHIN_S):
                await running
        finally:
            running.cancel()


@asynccontextmanager
async def looking(dsn_of: DsnOf, role: str = "bursar_reader") -> AsyncIterator[asyncpg.Connection[Any]]:
    """A connection of one role."""
    connection = await asyncpg.connect(dsn_of(role))
    try:
        yield connection
    finally:
        await connection.close()


async def events_of(dsn_of: DsnOf) -> list[bytes]:
    """Every event's exact bytes; the positions have no holes, the chain holds, and the head agrees."""
    async with looking(dsn_of) as connection:
        rows = await connection.fetch("SELECT position, event, hash FROM events ORDER BY position")
        head = await connection.fetchrow("SELECT position, hash FROM head")
    previous = HASH_OF_NOTHING
    for expected, row in enumerate(rows, start=1):
        assert row["position"] == expected
        previous = chain(previous, row["event"].encode())
        assert row["hash"] == previous, f"the chain breaks at {expected}"
    assert head is not None
    assert (head["position"], bytes(head["hash"])) == (len(rows), previous)
    return [row["event"].encode() for row in rows]


async def balances_of(dsn_of: DsnOf, *account_ids: str) -> list[tuple[int, int]]:
    """Posted and held of each account as the database has them."""
    async with looking(dsn_of) as connection:
        rows = await connection.fetch("SELECT account_id, posted_minor, held_minor FROM accounts")
    known = {row["account_id"]: (row["posted_minor"], row["held_minor"]) for row in rows}
    return [known[name] for name in account_ids]


async def keys_booked(dsn_of: DsnOf) -> list[str]:
    """The idempotency key of every event, in order."""
    return [msgspec.json.decode(event)["key"] for event in await events_of(dsn_of)]


def outcomes_of(results: Sequence[Sequence[Outcome]]) -> list[Outcome]:
    """Outcomes of many submissions in one list."""
    return [outcome for result in results for outcome in result]
