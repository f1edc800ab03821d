"""A large book, written quickly: millions of entries with a valid hash chain, in the book's own format.

    await write_big_book(owner_dsn, Plan(entries=10_000_000))      # the database is migrated and empty
    for page in BigBook(Plan(entries=1_000_000)).pages(): ...      # or the rows alone, without any database

    python -m tests.benchmarks.big_book URL --entries 10000000      # as bursar_owner

Customers' wallets are funded and pay each other: transfers of two legs, every eighth with a fee as a third, and book
payments, one in thirty of them rejected. `bursar verify` finds nothing wrong with it, and the same plan gives the same
bytes. Only the rows beside the book that follow from the events are filled in (accounts, entries, records); nothing is
known under an idempotency key.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import asyncpg
import msgspec
import uvloop
from msgspec import Struct

from contracts import events as e
from contracts.commands import InstructedAmount, Side
from contracts.envelope import HASH_OF_NOTHING, Actor, Origin, chain, encode_actor, encode_event
from contracts.events import PostedPosting
from contracts.money import text_of
from ledger.domain.book import evolve
from ledger.domain.state import State
from tests.support import payments

PAGE_EVENTS: Final = 20_000
FUNDED_AT_ONCE: Final = 99  # wallets that one transfer fills
FUNDS_MINOR: Final = 10**12
AMOUNT_MAX_MINOR: Final = 250_000
FEE_MINOR: Final = 35
WORLD: Final = "world:eur"
FEES: Final = "fees:eur"
COLUMNS: Final = {
    "events": ("position", "event", "hash"),
    "accounts": ("account_no", "account_id", "currency", "scale", "account_type", "normal_sign", "floor_minor"),
    "entries": ("account_no", "position", "leg", "currency", "amount_minor", "held_minor", "effective_date"),
    "records": ("kind", "id", "due_at", "state"),
}

# The trigger would add up every COPY on its own, and the keys would be moved by every row: both are made up for at the
# end, at once, and the balances are then compared with the sums that the trigger would have reached.
BEFORE: Final = """
ALTER TABLE entries DISABLE TRIGGER entries_move_balances;
ALTER TABLE entries DROP CONSTRAINT entries_pkey;
DROP INDEX entries_position_brin;
"""
AFTER: Final = """
ALTER TABLE entries ADD CONSTRAINT entries_pkey PRIMARY KEY (account_no, position, leg);
CREATE INDEX entries_position_brin ON entries USING brin (position) WITH (pages_per_range = 16);
ALTER TABLE entries ENABLE TRIGGER entries_move_balances;
"""
SET_BALANCES: Final = """
UPDATE accounts a SET posted_minor = s.posted_minor
  FROM unnest($1::bigint[], $2::bigint[]) AS s (account_no, posted_minor) WHERE a.account_no = s.account_no
"""
WRONG_BALANCES: Final = """
SELECT count(*) FROM accounts a
  LEFT JOIN (SELECT account_no, sum(amount_minor) AS amount_minor FROM entries GROUP BY account_no) s USING (account_no)
 WHERE a.posted_minor <> a.normal_sign * coalesce(s.amount_minor, 0)
"""

_encode: Final = msgspec.json.Encoder().encode


class Plan(Struct, frozen=True, kw_only=True):
    """How large, how many wallets, over how many days, which share of what happens are payments, and which chance."""

    entries: int
    accounts: int = 50_000
    days: int = 365
    payments: float = 0.15
    ledger: str = "main"
    begin: datetime = datetime(2025, 1, 1, tzinfo=UTC)
    seed: int = 1


class Page(Struct):
    """Consecutive events as rows of the tables."""

    events: list[tuple[int, str, bytes]]
    accounts: list[tuple[Any, ...]]
    entries: list[tuple[int, int, int, str, int, int, date]]
    records: list[tuple[str, str, datetime | None, str]]


class BigBook:
    """A book while it is written, page by page."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._chance = random.Random(plan.seed)
        self._actor = encode_actor(Actor(subject="svc:bench", tenant="acme", device="phone"))
        self._step = timedelta(days=plan.days) / _events_of(plan)
        self._state = State()
        self._ids: list[str] = []
        self._page = Page([], [], [], [])
        self.numbers: list[int] = []  # of the accounts
        self.posted_minor: list[int] = []  # of the accounts, in their normal side
        self.position = 0
        self.hash = HASH_OF_NOTHING
        self.recorded_at = plan.begin
        self.entries = 0
        self._today = plan.begin.date()

    def pages(self) -> Iterator[Page]:
        """Write the book; give it in pages of PAGE_EVENTS or a few more."""
        for _ in self._steps():
            if len(self._page.events) >= PAGE_EVENTS:
                yield self._turn()
        if self._page.events:
            yield self._turn()

    def _turn(self) -> Page:
        page = self._page
        for (kind, identifier), record in self._state.records.items():
            assert record is not None
            page.records.append((kind, identifier, record.due_at, _encode(record).decode()))
        self._state.records.clear()
        self._page = Page([], [], [], [])
        return page

    def _steps(self) -> Iterator[None]:
        """Do one thing after another."""
        self._open(WORLD, "equity")
        self._open(FEES, "income")
        for number in range(self._plan.accounts):
            self._open(f"customers:c{number:07d}:eur", "liability")
            yield
        wallets = range(2, len(self._ids))
        for start in range(2, len(self._ids), FUNDED_AT_ONCE):
            several = range(start, min(start + FUNDED_AT_ONCE, len(self._ids)))
            self._transfer([(0, "debit", FUNDS_MINOR * len(several)), *((w, "credit", FUNDS_MINOR) for w in several)])
            yield
        chance, payments_share = self._chance.random, self._plan.payments
        while self.entries < self._plan.entries:  # every turn adds at least one entry but for a rare rejection
            payer, payee = (wallets[int(chance() * len(wallets))] for _ in range(2))
            if payer == payee:
                continue
            amount_minor = 1 + FEE_MINOR + int(chance() * AMOUNT_MAX_MINOR)
            if chance() < payments_share:
                self._pay(payer, payee, amount_minor, is_refused=chance() < 1 / 30)
            elif self.position % 8 == 0:
                parts = (amount_minor - FEE_MINOR, FEE_MINOR)
                self._transfer([(payer, "debit", amount_minor), (payee, "credit", parts[0]), (1, "credit", parts[1])])
            else:
                self._transfer([(payer, "debit", amount_minor), (payee, "credit", amount_minor)])
            yield

    def _open(self, account_id: str, account_type: Any) -> None:
        may_go_below = account_type != "liability"
        opened = e.AccountOpened(
            account_id=account_id,
            currency="EUR",
            scale=2,
            account_type=account_type,
            normal_side="credit",
            overdraft="unlimited" if may_go_below else "forbidden",
            credit_limit_minor=0,
            max_balance_minor=None,
            metadata=None,
        )
        self._append(opened)
        evolve(self._state, opened, self.position)
        self._ids.append(account_id)
        self.numbers.append(self.position)
        self.posted_minor.append(0)
        floor = None if may_go_below else 0
        self._page.accounts.append((self.position, account_id, "EUR", 2, account_type, -1, floor))

    def _transfer(self, moves: list[tuple[int, Side, int]]) -> None:
        position = self.position + 1
        postings = self._move(moves)
        self._append(
            e.TransferPosted(
                transfer_id=f"xfer_{position}",
                postings=postings,
                effective_date=self._today,
                reference=f"invoice {position}",
                metadata=None,
            )
        )

    def _pay(self, payer: int, payee: int, amount_minor: int, *, is_refused: bool) -> None:
        first = self.position + 1
        amount = InstructedAmount(currency="EUR", value=text_of(amount_minor, scale=2))
        facts = payments.facts(f"E2E-{first}", self._ids[payer], self._ids[payee], amount, amount_minor)
        told: list[e.EventData] = [payments.initiated(f"pay_{first}", facts, amount)]
        if is_refused:
            told.append(payments.rejected(f"pay_{first}", facts, detail="no funds"))
        else:
            postings = self._move([(payer, "debit", amount_minor), (payee, "credit", amount_minor)], after=1)
            booked = f"xfer_{first + 1}"
            told.append(payments.settled(f"pay_{first}", facts, postings, transfer_id=booked, day=self._today))
        for event in told:
            self._append(event)
            evolve(self._state, event, self.position)

    def _move(self, moves: list[tuple[int, Side, int]], *, after: int = 0) -> tuple[PostedPosting, ...]:
        """Move balances by the next event but ``after``. Every account's normal side is the credit."""
        position, today, rows = self.position + 1 + after, self._today, self._page.entries
        postings = []
        for leg, (account, side, amount_minor) in enumerate(moves):
            signed_minor = amount_minor if side == "debit" else -amount_minor
            self.posted_minor[account] = posted_minor = self.posted_minor[account] - signed_minor
            postings.append(PostedPosting(self._ids[account], side, amount_minor, "EUR", posted_minor, 0))
            rows.append((self.numbers[account], position, leg, "EUR", signed_minor, 0, today))
        self.entries += len(moves)
        return tuple(postings)

    def _append(self, data: e.EventData) -> None:
        self.recorded_at = moment = self.recorded_at + self._step
        self._today = moment.date()
        self.position += 1
        origin = Origin(
            ledger=self._plan.ledger,
            actor_json=self._actor,
            key=f"key-{self.position}",
            trace=None,
            occurred_at=moment,
        )
        body = encode_event(data, position=self.position, recorded_at=moment, origin=origin)
        self.hash = chain(self.hash, body)
        self._page.events.append((self.position, body.decode(), self.hash))


def _events_of(plan: Plan) -> int:
    """About how many events the plan takes: a payment is two, a transfer has two legs and an eighth."""
    entries_at_once = (1 - plan.payments) * 2.125 + plan.payments * 2 * 29 / 30
    return plan.accounts + 2 + round(plan.entries / entries_at_once * (1 + plan.payments))


async def write_big_book(owner_dsn: str, plan: Plan) -> BigBook:
    """Write the book into a migrated database without one, in one transaction; vacuum; return where it ends."""
    book = BigBook(plan)
    connection = await asyncpg.connect(owner_dsn)
    try:
        async with connection.transaction():
            await connection.execute(BEFORE)
            for page in book.pages():
                for table, columns in COLUMNS.items():
                    rows = getattr(page, table)
                    await connection.copy_records_to_table(table, records=rows, columns=columns)
            await connection.execute(SET_BALANCES, book.numbers, book.posted_minor)
            await connection.execute(
                """INSERT INTO head (ledger, position, hash, batch, recorded_at) VALUES ($1, $2, $3, 1, $4)
                   ON CONFLICT (ledger) DO UPDATE SET position = excluded.position, hash = excluded.hash,
                                                      recorded_at = excluded.recorded_at""",
                plan.ledger, book.position, book.hash, book.recorded_at,
            )  # fmt: skip
            await connection.execute(AFTER)
            wrong = await connection.fetchval(WRONG_BALANCES)
            assert wrong == 0, f"{wrong} balances are not the sum of their entries"
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()
    return book


async def _write(owner_dsn: str, plan: Plan) -> None:
    began = time.perf_counter()
    book = await write_big_book(owner_dsn, plan)
    seconds = time.perf_counter() - began
    print(f"{book.position} events, {book.entries} entries in {seconds:.0f} s", file=sys.stderr)


def main() -> None:
    """Parse the command line and write."""
    parser = argparse.ArgumentParser(description="Write a large book into a migrated, empty database.")
    parser.add_argument("database_url", help="of bursar_owner")
    parser.add_argument("--entries", type=int, default=10_000_000)
    parser.add_argument("--accounts", type=int, default=50_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--ledger", default="main")
    given = parser.parse_args()
    plan = Plan(entries=given.entries, accounts=given.accounts, days=given.days, ledger=given.ledger)
    uvloop.run(_write(given.database_url, plan))


if __name__ == "__main__":
    main()
