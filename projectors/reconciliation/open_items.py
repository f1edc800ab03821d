"""What has no match yet: lines of complete statements, and entries of their days, as the matching compares them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import asyncpg
import msgspec
from msgspec import Struct

from projectors.reconciliation.matching.items import EntryKey, OpenEntry, OpenLine
from runtime.sql_files import load_queries

QUERIES: Final = load_queries(Path(__file__).parent / "sql" / "queries.sql")

LINES_MAX: Final = 50_000  # of one account in one run
ENTRIES_MAX: Final = 100_000
DAYS_BEFORE: Final = 60  # an entry may wait this long for its line; by then it is a break that a person works on
DAYS_AFTER: Final = 5  # a line may come before its entry


class TooMuchOpen(Exception):
    """So much has no match that something else must be wrong: a statement of another account, or a missing import."""


class OpenItems(Struct, frozen=True, kw_only=True):
    """Lines and entries without a match; those that a break holds already; and the last day that a statement covers.

    ``position``: where the book was.
    """

    account_id: str
    position: int
    statement_id: str
    through: date
    lines: tuple[OpenLine, ...]
    entries: tuple[OpenEntry, ...]
    lines_in_breaks: frozenset[str]
    entries_in_breaks: frozenset[EntryKey]


class _StoredLine(Struct, frozen=True, kw_only=True):
    """A line as its record has it; see ledger/domain/reconciled.py."""

    currency: str
    amount_minor: int
    booked_on: date
    value_on: date | None = None
    references: tuple[str, ...] = ()
    counterparty: str | None = None
    break_id: str | None = None


_decode: Final = msgspec.json.Decoder(_StoredLine).decode


async def read_accounts(book: asyncpg.Pool[asyncpg.Record]) -> list[str]:
    """Name the accounts that have statements."""
    return [row["account_id"] for row in await book.fetch(QUERIES["read_reconciled_accounts"])]


async def read_open_items(book: asyncpg.Pool[asyncpg.Record], account_id: str) -> OpenItems | None:
    """Read what an account has open; None without a complete statement. Raises TooMuchOpen."""
    async with book.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        statements = await connection.fetch(QUERIES["read_open_statements"], account_id)
        if not statements:
            return None
        position = await connection.fetchval(QUERIES["read_head_position"])
        lines: list[asyncpg.Record] = []
        for statement in statements:
            left = LINES_MAX - len(lines) + 1
            lines += await connection.fetch(QUERIES["read_unmatched_lines"], statement["statement_id"], left)
            if len(lines) > LINES_MAX:
                raise TooMuchOpen(f"{account_id} has more than {LINES_MAX} lines without a match")
        through: date = statements[-1]["closing_on"]
        first_day = statements[0]["opening_on"] - timedelta(days=DAYS_BEFORE)
        last_day = through + timedelta(days=DAYS_AFTER)
        entries = await connection.fetch(
            QUERIES["read_unmatched_entries"], account_id, first_day, last_day, ENTRIES_MAX + 1
        )
    if len(entries) > ENTRIES_MAX:
        raise TooMuchOpen(f"{account_id} has more than {ENTRIES_MAX} entries without a match since {first_day}")
    stored = [(row["line_id"], _decode(row["state"])) for row in lines]
    return OpenItems(
        account_id=account_id,
        position=position,
        statement_id=statements[-1]["statement_id"],
        through=through,
        lines=tuple(_line(line_id, line) for line_id, line in stored),
        entries=tuple(_entry(row) for row in entries),
        lines_in_breaks=frozenset(line_id for line_id, line in stored if line.break_id is not None),
        entries_in_breaks=_in_breaks(entries),
    )


def _in_breaks(rows: Iterable[asyncpg.Record]) -> frozenset[EntryKey]:
    return frozenset(EntryKey(row["position"], row["leg"]) for row in rows if row["break_id"] is not None)


def _line(line_id: str, stored: _StoredLine) -> OpenLine:
    return OpenLine(
        line_id=line_id,
        booked_on=stored.booked_on,
        value_on=stored.value_on,
        amount_minor=stored.amount_minor,
        currency=stored.currency,
        references=stored.references,
        counterparty=stored.counterparty,
    )


def _entry(row: asyncpg.Record) -> OpenEntry:
    others = (row["original_end_to_end_id"], row["rail_reference"], row["payment_id"])
    return OpenEntry(
        position=row["position"],
        leg=row["leg"],
        effective_on=row["effective_date"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        reference=row["reference"],
        end_to_end_id=row["end_to_end_id"],
        other_references=tuple(other for other in others if other is not None),
        transfer_id=row["transfer_id"],
        counterparty=row["payee_id"],
    )
