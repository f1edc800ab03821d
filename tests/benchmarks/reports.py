"""Reports over a large lake, and the same questions asked in PostgreSQL on the book's own entries, in the same run.

    python -m tests.benchmarks.reports --entries 10000000

The book's events are written, decoded and folded into the lake by the projectors' own code, and sealed; their entries
go into the book's tables by COPY. Each question is asked ROUNDS times; the answers of both must be the same rows.
Processor time is given beside the clock's, because a machine that others use makes every clock slow.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import asyncpg
import msgspec
import uvloop
from prometheus_client import CollectorRegistry

from cli.devstack import running_servers
from cli.migrate import run as migrate
from contracts import events as e
from contracts.envelope import Actor, Origin, encode_actor, encode_event
from contracts.events.event import PostedPosting
from contracts.ids import transfer_id
from contracts.report_views import ReportView
from projectors.apply import Outcome
from projectors.events import Batch, Event, decode_event
from projectors.lake.directory import AccountDirectory
from projectors.lake.sealing import seal
from projectors.lake.target import LakeTarget
from query_api.dating import Dating
from query_api.history import History
from query_api.lake import SNAPSHOT_AGE_S, Lake, LakeCursor, LakeLimits
from query_api.metrics import QueryMetrics
from query_api.questions import PeriodAsked
from query_api.report_files import load_reports
from query_api.reports import prepare, run_report
from query_api.writers import FORMATS
from runtime.clock import SystemClock
from runtime.logs import configure_logging
from tests.query_api.bank import START

ROUNDS: Final = 15
ACCOUNTS: Final = 10_000
LEGS: Final = 20
DAYS: Final = 365
BATCH_EVENTS: Final = 5_000
SUMS_LOOKS_MAX: Final = 100
BEGIN: Final = START.date() - timedelta(days=DAYS)
MONTH: Final = (date(2025, 11, 1), date(2025, 11, 30))
ACTOR: Final = encode_actor(Actor(subject="bench", tenant="t1"))

PLAIN_TRIAL_BALANCE: Final = """
SELECT a.account_type, a.account_id, sum(e.amount_minor) FILTER (WHERE e.amount_minor > 0),
       -sum(e.amount_minor) FILTER (WHERE e.amount_minor < 0)
  FROM entries e JOIN accounts a USING (account_no)
 GROUP BY a.account_type, a.account_id
"""
PLAIN_MONTH: Final = """
SELECT effective_date, count(DISTINCT position), count(*), sum(amount_minor) FILTER (WHERE amount_minor > 0)
  FROM entries
 WHERE effective_date BETWEEN $1 AND $2
 GROUP BY effective_date
"""
PLAIN_PAGE: Final = """
SELECT position, leg, amount_minor, balance_minor
  FROM (SELECT effective_date, position, leg, amount_minor,
               -sum(amount_minor) OVER (ORDER BY effective_date, position, leg) AS balance_minor
          FROM entries JOIN accounts USING (account_no)
         WHERE account_id = $1) running
 WHERE effective_date BETWEEN $2 AND $3
 ORDER BY effective_date, position, leg
 LIMIT 50
"""

Rows = list[tuple[Any, ...]]
Reading = Callable[[], Rows]  # of an answer; a client's work, which is not timed


def account_name(number: int) -> str:
    """A customer's account."""
    return f"customers:c{number:05}:eur"


class Business:
    """Transfers of LEGS postings among ACCOUNTS accounts over DAYS days, some backdated; the same for the same size."""

    def __init__(self, entries: int) -> None:
        self.transfers = entries // LEGS
        self.positions = ACCOUNTS + self.transfers
        self._chance = Random(27)
        self._posted = [0] * ACCOUNTS

    def batches(self) -> Iterator[tuple[list[Event], list[tuple[int, int, int, str, int, int, date]]]]:
        """Give the events and the rows of the book's table of entries, batch by batch."""
        for first in range(1, self.positions + 1, BATCH_EVENTS):
            rows: list[tuple[int, int, int, str, int, int, date]] = []
            last = min(first + BATCH_EVENTS, self.positions + 1)
            events = [self._event(position, rows) for position in range(first, last)]
            yield events, rows

    def _event(self, position: int, rows: list[tuple[int, int, int, str, int, int, date]]) -> Event:
        data = self._opening(position) if position <= ACCOUNTS else self._transfer(position, rows)
        recorded_at = START - timedelta(days=DAYS) * (1 - position / self.positions)
        origin = Origin(ledger="main", actor_json=ACTOR, key=f"k{position}", trace=None, occurred_at=recorded_at)
        body = encode_event(data, position=position, recorded_at=recorded_at, origin=origin)
        return decode_event(position, body, ledger="main")

    def _opening(self, position: int) -> e.AccountOpened:
        return e.AccountOpened(
            account_id=account_name(position - 1),
            currency="EUR",
            scale=2,
            account_type="liability",
            normal_side="credit",
            overdraft="unlimited",
            credit_limit_minor=0,
            max_balance_minor=None,
            metadata=None,
        )

    def _transfer(self, position: int, rows: list[tuple[int, int, int, str, int, int, date]]) -> e.TransferPosted:
        day = BEGIN + timedelta(days=int(DAYS * position / self.positions))
        if self._chance.random() < 0.02:
            day -= timedelta(days=self._chance.randrange(1, 6))
        chosen = self._chance.sample(range(ACCOUNTS), LEGS)
        postings: list[PostedPosting] = []
        for leg in range(0, LEGS, 2):
            amount_minor = self._chance.randrange(1, 1_000_00)
            for number, side, signed in (
                (chosen[leg], "debit", amount_minor),
                (chosen[leg + 1], "credit", -amount_minor),
            ):
                self._posted[number] -= signed
                rows.append((number + 1, position, len(postings), "EUR", signed, 0, day))
                postings.append(
                    PostedPosting(account_name(number), side, amount_minor, "EUR", self._posted[number], 0)  # type: ignore[arg-type]
                )
        return e.TransferPosted(
            transfer_id=transfer_id(position),
            postings=tuple(postings),
            effective_date=day,
            reference=None,
            metadata=None,
        )


async def fill(folder: Path, book: asyncpg.Connection[Any], business: Business) -> None:
    """Write everything into the lake, sealed, and into the book's accounts and entries."""
    target = LakeTarget(folder, AccountDirectory(None), clock=SystemClock())  # type: ignore[arg-type]  # knows all
    await book.execute("ALTER TABLE entries DISABLE TRIGGER entries_move_balances")
    await book.copy_records_to_table(
        "accounts",
        columns=["account_no", "account_id", "currency", "scale", "account_type", "normal_sign"],
        records=[(number + 1, account_name(number), "EUR", 2, "liability", -1) for number in range(ACCOUNTS)],
    )
    columns = ["account_no", "position", "leg", "currency", "amount_minor", "held_minor", "effective_date"]
    written = 0
    for number, (events, rows) in enumerate(business.batches()):
        assert await target.apply(Batch(events, caught_up=False)) is Outcome.APPLIED
        await book.copy_records_to_table("entries", columns=columns, records=rows)
        written += len(rows)
        if number % 5 == 0:
            while await asyncio.to_thread(seal, folder / "entries", "entries", clock=SystemClock()):
                pass
            say(f"reports: {written:,} entries written")
    await book.execute("VACUUM ANALYZE entries")
    await book.execute("ANALYZE accounts")


class Questions:
    """The three questions, to the lake as the query API asks them, and to PostgreSQL."""

    def __init__(self, folder: Path, book: asyncpg.Connection[Any]) -> None:
        clock = SystemClock()
        limits = LakeLimits(memory_mb=1024)
        self.lake = Lake(folder, clock=clock, limits=limits, metrics=QueryMetrics(CollectorRegistry()))
        self._dating = Dating("main", clock)
        self._history = History(self.lake, dating=self._dating)
        self._reports = load_reports()
        self._book = book
        self._page_of = account_name(4711)

    async def _report(self, name: str, **given: object) -> bytes:
        prepared = prepare(self._reports[name], given)  # type: ignore[arg-type]
        return (await run_report(self.lake, prepared, written_as=FORMATS["json"], dating=self._dating)).body

    async def trial_balance(self) -> Reading:
        """Every account with its debits and credits, and the totals, as JSON."""
        body = await self._report("trial-balance")
        return lambda: [(row[3], row[4], row[5], row[6]) for row in rows_in(body) if row[0] == "account"]

    async def plain_trial_balance(self) -> Reading:
        """The same in PostgreSQL."""
        rows = await self._book.fetch(PLAIN_TRIAL_BALANCE)
        return lambda: [tuple(row) for row in rows]

    async def month(self) -> Reading:
        """The volumes of each day of a month."""
        body = await self._report("daily-volumes", **{"from": MONTH[0], "to": MONTH[1]})
        return lambda: [(row[0], row[4], row[5], row[6]) for row in rows_in(body)]

    async def plain_month(self) -> Reading:
        """The same in PostgreSQL."""
        rows = await self._book.fetch(PLAIN_MONTH, *MONTH)
        return lambda: [(str(row[0]), *row[1:]) for row in rows]

    async def page(self) -> Reading:
        """The first page of one account's month, with running balances."""
        asked = PeriodAsked(account_id=self._page_of, first_day=MONTH[0], last_day=MONTH[1], limit=50)
        view = await self._history.period(asked)
        return lambda: [
            (one.position, one.leg, one.amount_minor if one.side == "debit" else -one.amount_minor, one.balance_minor)
            for one in view.entries
        ]

    async def plain_page(self) -> Reading:
        """The same in PostgreSQL."""
        rows = await self._book.fetch(PLAIN_PAGE, self._page_of, *MONTH)
        return lambda: [tuple(row) for row in rows]


def rows_in(body: bytes) -> tuple[Any, ...]:
    """Read a report."""
    return msgspec.json.decode(body, type=ReportView).rows


async def measured(ask: Callable[[], Awaitable[Reading]], rounds: int = ROUNDS) -> tuple[Rows, dict[str, float]]:
    """Ask again and again; give the answer, and the medians of the clock's and this process's milliseconds."""
    answer: Reading = list
    clock_ms, cpu_ms = [], []
    for _ in range(rounds):
        began, cpu = time.perf_counter(), cpu_s()
        answer = await ask()
        clock_ms.append(1000 * (time.perf_counter() - began))
        cpu_ms.append(1000 * (cpu_s() - cpu))
    medians = {"ms": statistics.median(clock_ms), "least_ms": min(clock_ms), "cpu_ms": statistics.median(cpu_ms)}
    return answer(), {name: round(value, 1) for name, value in medians.items()}


def cpu_s() -> float:
    """What this process has used of all cores."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def bench_reports(folder: Path, dsn: str, entries: int) -> dict[str, Any]:
    """Fill both, ask both, compare."""
    book = await asyncpg.connect(dsn)
    try:
        began = time.perf_counter()
        await fill(folder, book, Business(entries))
        figures: dict[str, Any] = {"entries": entries, "fill_s": round(time.perf_counter() - began)}
        questions = Questions(folder, book)
        began = time.perf_counter()
        figures["summed"] = await wait_for_sums(questions.lake)
        figures["sums_s"] = round(time.perf_counter() - began, 2)
        for name, ask, plain in (
            ("trial_balance", questions.trial_balance, questions.plain_trial_balance),
            ("month_report", questions.month, questions.plain_month),
            ("statement_page", questions.page, questions.plain_page),
        ):
            await ask()
            answer, lake = await measured(ask)
            in_book, postgresql = await measured(plain, rounds=5)
            assert answer, name
            assert sorted(answer) == sorted(in_book), name
            ratio = round(postgresql["least_ms"] / lake["least_ms"], 1)
            figures[name] = {**lake, "postgresql_ms": postgresql["ms"], "ratio": ratio, "rows": len(answer)}
            say(f"reports: {name}: {figures[name]}")
        questions.lake.close()
    finally:
        await book.close()
    return figures


async def wait_for_sums(lake: Lake) -> int:
    """Ask until the query side has summed all files that it will; give how many entries it has summed."""
    summed = -1
    for _ in range(SUMS_LOOKS_MAX):
        before, summed = summed, await lake.run(_count_summed)
        if before == summed:
            break
        await asyncio.sleep(2 * SNAPSHOT_AGE_S)
    return summed


def _count_summed(cursor: LakeCursor) -> int:
    return sum(int(str(count)) for count in cursor.query("FROM month_sums", {}).column("entries").to_pylist())


def say(text: str) -> None:
    """Show progress without disturbing the result on standard output."""
    print(text, file=sys.stderr, flush=True)


async def run(entries: int) -> dict[str, Any]:
    """Run everything on servers of its own."""
    with tempfile.TemporaryDirectory(prefix="bursar-bench-reports-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        async with running_servers(folder / "servers") as servers:
            await migrate(servers.postgres_dsn("bursar_owner"))
            return await bench_reports(folder / "lake" / "main", servers.postgres_dsn("bursar_owner"), entries)


def main() -> None:
    """Parse the command line, run, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.reports", description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    arguments = parser.parse_args()
    configure_logging("bench", "error")
    print(json.dumps(uvloop.run(run(arguments.entries)), indent=2))


if __name__ == "__main__":
    main()
