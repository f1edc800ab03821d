"""The book's side of every comparison. Each method reads one snapshot; all raise BookUnreachable."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from contracts.events import AccountOpened
from contracts.read_models import STATEMENT_LINES_MAX
from projectors.auditor.book_side import (
    EMPTY,
    AccountRow,
    BookPage,
    EntryRow,
    Figures,
    StoredEvent,
    figures_of,
    touched_by,
)
from projectors.book import WrongBook, reachable
from projectors.events import Event, Unreadable, decode_event
from runtime.sql_files import load_queries

QUERIES: Final = load_queries(Path(__file__).parent / "sql" / "queries.sql")
POSITION_MAX: Final = 2**62
LATER_EVENTS_MAX: Final = 5_000  # between Redis' checkpoint and the snapshot; more is a lag, and waited for


class TooFarBehind(Exception):
    """A copy is so far behind the book that it cannot be compared now. The lag has an alert of its own."""


class AccountFacts(NamedTuple):
    """What the book knows of an account at a position. ``status`` is None when it may have changed since."""

    row: AccountRow
    opening: Event
    newest: Event
    status: str | None


class BookReader:
    """The book of one ledger, as the auditor reads it."""

    def __init__(self, pool: Any, *, ledger: str) -> None:
        """Use a pool of connections as bursar_reactor or bursar_reader."""
        self._pool = pool
        self.ledger = ledger

    async def head(self) -> int:
        """Return the book's end; 0 for none. Raises WrongBook."""
        with reachable():
            row = await self._pool.fetchrow(QUERIES["read_audited_head"])
        if row is None:
            return 0
        if row["ledger"] != self.ledger:
            raise WrongBook(f"the database holds ledger {row['ledger']!r}, this auditor serves {self.ledger!r}")
        return int(row["position"])

    async def cut(self, low: int, high: int, *, events_max: int, bytes_max: int, newest: bool) -> tuple[int, int]:
        """Return the part (low, high] of a range that one slice may take: its newest or its oldest positions."""
        query = "read_sizes_below" if newest else "read_sizes_above"
        with reachable():
            rows = await self._pool.fetch(QUERIES[query], low, high, events_max)
        taken = 0
        size = 0
        for row in rows:
            size += row["bytes"]
            if taken and size > bytes_max:
                break
            taken += 1
        # Positions without an event count as well: the page will say that they are missing.
        taken = taken if taken < len(rows) else events_max
        return (max(low, high - taken), high) if newest else (low, min(high, low + taken))

    async def events(self, first: int, last: int) -> list[tuple[int, bytes]]:
        """Return the exact bytes of a range."""
        with reachable():
            rows = await self._pool.fetch(QUERIES["read_audited_events"], first, last)
        return [(row["position"], row["body"].encode()) for row in rows]

    async def events_at(self, positions: Collection[int]) -> list[Event]:
        """Return the readable ones of the events at these positions, in order."""
        if not positions:
            return []
        with reachable():
            rows = await self._pool.fetch(QUERIES["read_audited_events_at"], list(positions))
        return self._decoded(rows)

    async def events_naming(self, text: str, first: int, last: int) -> list[Event]:
        """Return every event of a range whose bytes have this text. Reads the whole range."""
        with reachable():
            rows = await self._pool.fetch(QUERIES["find_events_naming"], first, last, text)
        return self._decoded(rows)

    async def page(self, first: int, last: int) -> BookPage:
        """Read a page with what stands beside it."""
        async with self._snapshot() as connection:
            rows = await connection.fetch(QUERIES["read_audited_events"], max(first - 1, 1), last)
            stored = [StoredEvent(row["position"], row["body"].encode(), row["hash"]) for row in rows]
            previous = next((event.hash for event in stored if event.position == first - 1), None)
            page = [event for event in stored if event.position >= first]
            events = self._decoded(row for row in rows if row["position"] >= first)
            entries = await connection.fetch(QUERIES["read_audited_entries"], first, last)
            named = touched_by(events).keys() | {row["account_id"] for row in entries}
            accounts = await self._accounts(connection, named, last=POSITION_MAX)
            before = await self._figures_before(connection, accounts.values(), first)
        return BookPage(first, last, previous, page, [EntryRow(*row) for row in entries], before, accounts)

    async def account_facts(self, account_ids: Collection[str], *, position: int) -> dict[str, AccountFacts]:
        """Return what is known of these accounts at ``position``; those opened later are left out.

        Raises TooFarBehind when the book has moved on by more than LATER_EVENTS_MAX.
        """
        async with self._snapshot() as connection:
            row = await connection.fetchrow(QUERIES["read_audited_head"])
            head = 0 if row is None else row["position"]
            if head - position > LATER_EVENTS_MAX:
                raise TooFarBehind(f"at position {position}, {head - position} events behind the book")
            rows = await self._accounts(connection, account_ids, last=position)
            wanted = {row.account_no for row in rows.values()} | {row.last_position for row in rows.values()}
            events = {
                event.position: event
                for event in self._decoded(await connection.fetch(QUERIES["read_audited_events_at"], list(wanted)))
            }
            later_rows = await connection.fetch(QUERIES["read_audited_events"], position + 1, head)
        later = {getattr(event.data, "account_id", None) for event in self._decoded(later_rows)}
        return {
            account_id: AccountFacts(
                row, events[row.account_no], events[row.last_position], None if account_id in later else row.status
            )
            for account_id, row in rows.items()
            if row.account_no in events and row.last_position in events
        }

    async def statement_events(self, account_ids: Collection[str], *, position: int) -> list[Event]:
        """Return the events of the newest entries of these accounts up to ``position``."""
        if not account_ids:
            return []
        with reachable():
            rows = await self._pool.fetch(
                QUERIES["read_statement_positions"], list(account_ids), position, STATEMENT_LINES_MAX
            )
        return await self.events_at({row["position"] for row in rows})

    async def opened_at(self, account_ids: Collection[str]) -> dict[str, int]:
        """Return where these accounts were opened."""
        with reachable():
            async with self._pool.acquire() as connection:
                rows = await self._accounts(connection, account_ids, last=POSITION_MAX)
        return {account_id: row.account_no for account_id, row in rows.items()}

    async def openings(self, account_ids: Collection[str]) -> dict[str, AccountOpened]:
        """Return the events that opened these accounts."""
        events = await self.events_at(set((await self.opened_at(account_ids)).values()))
        return {event.data.account_id: event.data for event in events if isinstance(event.data, AccountOpened)}

    @asynccontextmanager
    async def _snapshot(self) -> AsyncIterator[Any]:
        with reachable():
            async with (
                self._pool.acquire() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                yield connection

    async def _accounts(self, connection: Any, account_ids: Collection[str], *, last: int) -> dict[str, AccountRow]:
        rows = await connection.fetch(QUERIES["read_audited_accounts"], list(account_ids), last)
        return {row["account_id"]: AccountRow(*row) for row in rows}

    async def _figures_before(self, connection: Any, accounts: Iterable[AccountRow], first: int) -> dict[str, Figures]:
        """Return the figures that each account's last event before ``first`` left."""
        older = [account.account_id for account in accounts if account.account_no < first]
        rows = await self._accounts(connection, older, last=first - 1)
        found = await connection.fetch(
            QUERIES["read_audited_events_at"], list({row.last_position for row in rows.values()})
        )
        events = {event.position: event for event in self._decoded(found)}
        return {
            account_id: figures_of(events[row.last_position]).get(account_id, EMPTY)
            for account_id, row in rows.items()
            if row.last_position in events
        }

    def _decoded(self, rows: Iterable[Any]) -> list[Event]:
        """Decode what can be read: the page of the book says what cannot, and the rest is compared all the same."""
        events = []
        for row in rows:
            with suppress(Unreadable):
                events.append(decode_event(row["position"], row["body"].encode(), ledger=self.ledger))
        return events
