"""The book, read only: pages of history, its head, and the facts about accounts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import asyncpg

from runtime.sql_files import load_queries

QUERIES: Final = load_queries(Path(__file__).parent / "sql" / "queries.sql")


class BookUnreachable(Exception):
    """PostgreSQL does not answer now, or holds no book yet. Nothing is lost; ask again."""


class WrongBook(Exception):
    """The database holds another ledger than this process serves; the text has the remedy."""


class Head(NamedTuple):
    """The newest position of the book and when it was recorded."""

    position: int
    recorded_at: datetime


class Book:
    """The book of one ledger. Every method raises BookUnreachable when PostgreSQL does not answer."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], *, ledger: str) -> None:
        self._pool = pool
        self.ledger = ledger

    async def read_page(self, after: int, limit: int) -> list[tuple[int, bytes]]:
        """Return up to ``limit`` events behind ``after`` as (position, exact bytes)."""
        with reachable():
            rows = await self._pool.fetch(QUERIES["read_events_page"], after, limit)
        return [*map(tuple, rows)]

    async def read_head(self) -> Head:
        """Return the end of the book. Raises WrongBook when the database is another ledger's."""
        with reachable():
            row = await self._pool.fetchrow(QUERIES["read_head"])
        if row is None:
            raise BookUnreachable(f"the database holds no ledger yet; run `bursar migrate` for {self.ledger!r}")
        if row["ledger"] != self.ledger:
            raise WrongBook(
                f"the database holds ledger {row['ledger']!r}, this process serves {self.ledger!r}: "
                "correct the database URL or the ledger's name"
            )
        return Head(row["position"], row["recorded_at"])

    async def read_recorded_at(self, position: int) -> datetime | None:
        """Return when the event at ``position`` was recorded, None when there is no such event."""
        with reachable():
            recorded_at: datetime | None = await self._pool.fetchval(QUERIES["read_recorded_at"], position)
        return recorded_at

    async def read_records(self, kind: str, limit: int) -> list[tuple[str, bytes]]:
        """Return up to ``limit`` records of a kind as (id, JSON), in the order of their ids."""
        with reachable():
            rows = await self._pool.fetch(QUERIES["read_records"], kind, limit)
        return [(row["id"], row["state"].encode()) for row in rows]

    async def read_record(self, kind: str, identifier: str) -> bytes | None:
        """Return one record as JSON, None when there is none."""
        with reachable():
            state: str | None = await self._pool.fetchval(QUERIES["read_record"], kind, identifier)
        return None if state is None else state.encode()

    async def read_opening_events(self, account_ids: Iterable[str]) -> list[tuple[int, bytes]]:
        """Return the events that opened these accounts as (position, exact bytes), in no order."""
        with reachable():
            rows: list[Any] = await self._pool.fetch(QUERIES["read_opening_events"], list(account_ids))
        return [*map(tuple, rows)]


@contextmanager
def reachable() -> Iterator[None]:
    """Say in one way that PostgreSQL does not answer: BookUnreachable."""
    try:
        yield
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        raise BookUnreachable(f"PostgreSQL does not answer: {str(error) or type(error).__name__}") from error
