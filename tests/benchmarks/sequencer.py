"""The sequencer against the least that could be done: COPY of the same rows plus the balance update, no decisions."""

import asyncio
import random
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
from prometheus_client import CollectorRegistry

from command_api.problems import render_refusal
from contracts.commands import Command, OpenAccount, Posting, PostTransfer
from contracts.envelope import Actor, encode_actor
from ledger.metrics import SequencerMetrics
from ledger.sequencer.queue import Accepted, Outcome, Submission, SubmissionQueue, wish_of
from ledger.sequencer.sequencer import Sequencer
from runtime.clock import SystemClock

ACCOUNTS: Final = 100_000
BATCH: Final = 1_000
ROUNDS: Final = 5
BATCHES_PER_ROUND: Final = 10
IN_FLIGHT: Final = 3
POSTINGS_PER_FUNDING: Final = 99
FUNDS_MINOR: Final = 100_000_000

BARE_TABLES: Final = """
CREATE TABLE bare_events (LIKE events, PRIMARY KEY (position));
CREATE TABLE bare_entries (LIKE entries, PRIMARY KEY (account_no, position, leg));
CREATE TABLE bare_accounts (
    account_no bigint PRIMARY KEY, posted_minor bigint NOT NULL DEFAULT 0, held_minor bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 60);
INSERT INTO bare_accounts SELECT account_no FROM accounts;
"""
BARE_UPDATE: Final = """
UPDATE bare_accounts a SET posted_minor = a.posted_minor + u.change_minor
  FROM unnest($1::bigint[], $2::bigint[]) AS u (account_no, change_minor) WHERE a.account_no = u.account_no
"""


class BenchLedger:
    """A sequencer on an empty book, and the commands to fill it."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._queue = SubmissionQueue(commands_max=10 * BATCH)
        self._actor = encode_actor(Actor(subject="bench", tenant="bench"))

        async def connect() -> asyncpg.Connection:
            return await asyncpg.connect(self._dsn)

        async def committed(position: int) -> None:
            """Nobody listens here."""

        self.sequencer = Sequencer(
            ledger="main",
            connect=connect,
            clock=SystemClock(),
            render=render_refusal,
            committed=committed,
            metrics=SequencerMetrics(CollectorRegistry()),
            queue=self._queue,
        )
        self._task = asyncio.create_task(self.sequencer.run())

    def submit(self, commands: Sequence[Command], tag: str) -> asyncio.Future[list[Outcome]]:
        """Submit commands under keys made of ``tag`` and their index."""
        submission = Submission(
            wishes=tuple(
                wish_of(command, key=f"{tag}-{index}", tenant="bench") for index, command in enumerate(commands)
            ),
            tenant="bench",
            actor_json=self._actor,
            trace=None,
            occurred_at=datetime.now(UTC),
            atomic=False,
            deadline=time.monotonic() + 120,
            done=asyncio.get_running_loop().create_future(),
        )
        self.sequencer.submit(submission)
        return submission.done

    async def close(self) -> None:
        """Drain and stop."""
        self._queue.close()
        await self._task


def customer(number: int) -> str:
    """The id of a bench customer's account."""
    return f"customers:c{number:06d}:eur"


async def open_accounts(ledger: BenchLedger) -> None:
    """Open and fund ACCOUNTS no-overdraft wallets."""
    await ledger.submit(
        [OpenAccount(account_id="bank", currency="EUR", account_type="asset", overdraft="unlimited")], "bank"
    )
    for start in range(0, ACCOUNTS, BATCH):
        wallets = [
            OpenAccount(account_id=customer(number), currency="EUR", account_type="liability")
            for number in range(start, start + BATCH)
        ]
        await ledger.submit(wallets, f"open-{start}")
    fundings = [
        funding(range(start, min(start + POSTINGS_PER_FUNDING, ACCOUNTS)))
        for start in range(0, ACCOUNTS, POSTINGS_PER_FUNDING)
    ]
    for start in range(0, len(fundings), 50):
        outcomes = await ledger.submit(fundings[start : start + 50], f"fund-{start}")
        assert all(isinstance(outcome, Accepted) for outcome in outcomes)


def funding(numbers: range) -> PostTransfer:
    """One transfer that puts FUNDS_MINOR on many wallets."""
    bank = Posting(account_id="bank", side="debit", amount_minor=FUNDS_MINOR * len(numbers), currency="EUR")
    wallets = tuple(
        Posting(account_id=customer(number), side="credit", amount_minor=FUNDS_MINOR, currency="EUR")
        for number in numbers
    )
    return PostTransfer(postings=(bank, *wallets))


def transfers(count: int, chance: random.Random) -> list[PostTransfer]:
    """Two-leg transfers between random wallets."""
    made = []
    for number in range(count):
        payer, payee = chance.sample(range(ACCOUNTS), 2)
        postings = (
            Posting(account_id=customer(payer), side="debit", amount_minor=100 + number, currency="EUR"),
            Posting(account_id=customer(payee), side="credit", amount_minor=100 + number, currency="EUR"),
        )
        made.append(PostTransfer(postings=postings, reference=f"invoice {number}"))
    return made


async def bare_batch(connection: asyncpg.Connection, events: Any, entries: Any, changes: dict[int, int]) -> None:
    """The baseline: the same rows and the balance update in one durable transaction."""
    async with connection.transaction():
        await connection.copy_records_to_table("bare_events", records=events)
        await connection.copy_records_to_table("bare_entries", records=entries)
        await connection.execute(BARE_UPDATE, list(changes), list(changes.values()))


async def bench_sequencer(owner_dsn: str, writer_dsn: str) -> dict[str, Any]:
    """Interleave rounds of both and compare their medians (transfers per second)."""
    ledger = BenchLedger(writer_dsn)
    owner = await asyncpg.connect(owner_dsn)
    await open_accounts(ledger)
    await owner.execute(BARE_TABLES)
    await owner.execute("VACUUM (ANALYZE)")
    chance = random.Random(20_261_123)
    ours: list[float] = []
    bare: list[float] = []
    for turn in range(ROUNDS):
        commands = [transfers(BATCH, chance) for _ in range(BATCHES_PER_ROUND)]
        ours.append(await _our_round(ledger, commands, turn))
        bare.append(await _bare_round(owner, turn))
    await ledger.close()
    await owner.close()
    return {
        "transfers_per_s": round(statistics.median(ours)),
        "baseline_transfers_per_s": round(statistics.median(bare)),
        "ratio": round(statistics.median(ours) / statistics.median(bare), 3),
        "rounds": [{"ours": round(our), "baseline": round(base)} for our, base in zip(ours, bare, strict=True)],
        "batch": BATCH,
        "accounts": ACCOUNTS,
    }


async def _our_round(ledger: BenchLedger, commands: list[list[PostTransfer]], turn: int) -> float:
    started = time.perf_counter()
    flying: list[asyncio.Future[list[Outcome]]] = []
    accepted = 0
    for number, batch in enumerate(commands):
        flying.append(ledger.submit(batch, f"bench-{turn}-{number}"))
        if len(flying) >= IN_FLIGHT:
            accepted += sum(isinstance(outcome, Accepted) for outcome in await flying.pop(0))
        await asyncio.sleep(0)
    for future in flying:
        accepted += sum(isinstance(outcome, Accepted) for outcome in await future)
    seconds = time.perf_counter() - started
    assert accepted == len(commands) * BATCH, f"{accepted} accepted"
    return accepted / seconds


async def _bare_round(owner: asyncpg.Connection, turn: int) -> float:
    """Replay the rows that our last round wrote, prepared before the clock starts."""
    last = await owner.fetchval("SELECT max(position) FROM events")
    prepared = []
    for number in range(BATCHES_PER_ROUND):
        first = last - (BATCHES_PER_ROUND - number) * BATCH + 1
        span = (first, first + BATCH - 1)
        events = await owner.fetch("SELECT * FROM events WHERE position BETWEEN $1 AND $2 ORDER BY position", *span)
        entries = await owner.fetch("SELECT * FROM entries WHERE position BETWEEN $1 AND $2 ORDER BY position", *span)
        changes: dict[int, int] = {}
        for entry in entries:
            changes[entry["account_no"]] = changes.get(entry["account_no"], 0) - entry["amount_minor"]
        prepared.append(([tuple(row) for row in events], [tuple(row) for row in entries], changes))
    started = time.perf_counter()
    for events_rows, entry_rows, changes in prepared:
        await bare_batch(owner, events_rows, entry_rows, changes)
    return BATCHES_PER_ROUND * BATCH / (time.perf_counter() - started)
