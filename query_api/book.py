"""Reading PostgreSQL: what only the book has (events and hashes), and everything it can answer when Redis cannot.

Every query returns the head of the same snapshot beside its rows, so an answer of the book is exact as of the head.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

import asyncpg
import msgspec

from contracts.commands import Side
from contracts.envelope import HASH_OF_NOTHING, Envelope, decode_data, decode_envelope
from contracts.events import AccountOpened
from contracts.ids import position_of
from contracts.views import (
    AccountLine,
    AccountPage,
    AccountView,
    BalanceView,
    BookStatus,
    EventView,
    StatementEntry,
    StatementView,
    TransferView,
)
from query_api.dating import Dating
from query_api.pages import write_cursor
from query_api.questions import ACCOUNTS, STATEMENT, AccountsAsked, StatementAsked
from query_api.refusals import ReadRefused, Refusal, SourceDown
from query_api.sources import Source
from runtime.sql_files import load_queries

READ_TIMEOUT_S: Final = 2.0
BOOK_EMPTY: Final = "PostgreSQL: the book has no head; its migrations have not run"
ACCOUNTS_EXAMINED_MAX: Final = 2_000  # per page; see read_accounts_page

_QUERIES: Final = load_queries(Path(__file__).parent / "sql" / "queries.sql")
UNANSWERED: Final = (
    OSError,  # refused, reset, timed out
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.OperatorInterventionError,  # shutting down, or the statement timeout
    asyncpg.InsufficientResourcesError,
)
_SHOWN: Final = frozenset(AccountView.__struct_fields__)
_AFTER_ALL_IDS: Final = "\x7f"

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"


class Book:
    """The book, read only. All methods raise SourceDown; those about one thing ReadRefused when it is not there."""

    def __init__(self, pool: Source[Pool], *, dating: Dating) -> None:
        self._pool = pool
        self._dating = dating

    async def read_status(self) -> BookStatus:
        """Read the head."""
        [head] = await self._fetch_dated("read_head")
        return BookStatus(position=head["position"], recorded_at=head["recorded_at"])

    async def read_recorded_times(self, positions: Sequence[int]) -> dict[int, datetime]:
        """Read when the events at `positions` were recorded; those that do not exist are left out."""
        rows = await self._fetch("read_recorded_times", [list(positions)])
        return {row["position"]: datetime.fromisoformat(row["recorded_at"]) for row in rows}

    async def read_events(self, positions: Sequence[int]) -> list[Envelope]:
        """Read the events at `positions`, in order. Raises SourceDown when one is not there (yet)."""
        rows = await self._fetch("read_events_at", [list(positions)])
        if len(rows) != len(positions):
            raise SourceDown("PostgreSQL: it lacks events that the read model has; a replica that is behind?")
        return [decode_envelope(row["event"].encode()) for row in rows]

    async def read_events_between(self, after: int, last: int, *, limit: int) -> list[Envelope]:
        """Read the events after one position up to another, in order, at most `limit`."""
        rows = await self._fetch("read_events_between", [after, last, limit])
        return [decode_envelope(row["event"].encode()) for row in rows]

    async def read_balance(self, account_id: str) -> BalanceView:
        """Read the balance now."""
        [row] = await self._fetch_dated("read_balance", account_id)
        _require(row, account_id)
        return self._balance(row, account_id, row["posted_minor"], row["held_minor"])

    async def read_balance_at_date(self, account_id: str, day: date) -> BalanceView:
        """Sum what had taken effect by the end of `day`."""
        [row] = await self._fetch_dated("read_balance_at_date", account_id, day)
        _require(row, account_id)
        return self._balance(row, account_id, row["posted_minor"], None, day)

    async def read_balance_at_position(self, account_id: str, position: int) -> BalanceView:
        """Read the balance after the event at `position`, exact, with what holds reserved then."""
        [row] = await self._fetch_dated("read_balance_at_position", account_id, position)
        if position > row["head_position"]:
            raise ReadRefused(
                Refusal.POSITION_NOT_REACHED,
                f"the book ends at position {row['head_position']}, before {position}",
                position=row["head_position"],
            )
        _require(row, account_id)
        if row["account_no"] > position:
            raise ReadRefused(
                Refusal.ACCOUNT_NOT_FOUND, f"account {account_id} was opened at position {row['account_no']}, later"
            )
        posted_minor, held_minor = _balance_left(row["last_event"], account_id)
        return BalanceView(
            account_id=account_id,
            currency=row["currency"],
            scale=row["scale"],
            normal_side=_side(row),
            posted_minor=posted_minor,
            held_minor=held_minor,
            available_minor=posted_minor - held_minor,
            as_of=self._dating.as_of(position, _moment(row["recorded_at"]), source="book"),
        )

    async def read_account(self, account_id: str) -> AccountView:
        """Read an account, its terms and its balance now."""
        [row] = await self._fetch_dated("read_account", account_id)
        _require(row, account_id)
        envelope = decode_envelope(row["opened"].encode())
        opened = decode_data(envelope)
        assert isinstance(opened, AccountOpened)
        terms = {name: getattr(opened, name) for name in opened.__struct_fields__ if name in _SHOWN}
        return AccountView(
            **terms,
            status=row["status"],
            opened_at=envelope.recorded_at,
            posted_minor=row["posted_minor"],
            held_minor=row["held_minor"],
            available_minor=row["posted_minor"] - row["held_minor"],
            as_of=self._head_of(row),
        )

    async def read_accounts(self, asked: AccountsAsked) -> AccountPage:
        """Read a page of accounts by id."""
        rows = await self._fetch_dated(
            "read_accounts_page",
            asked.after or asked.prefix,
            asked.after is not None,
            asked.prefix + _AFTER_ALL_IDS if asked.prefix else None,
            asked.currency,
            asked.account_type,
            asked.status,
            ACCOUNTS_EXAMINED_MAX,
        )
        lines = [_account_line(row) for row in rows if row["account_id"] is not None]
        shown = lines[: asked.limit]
        last: str | None = None
        if len(lines) > asked.limit:
            last = shown[-1].account_id
        elif rows[0]["examined"] == ACCOUNTS_EXAMINED_MAX:
            last = rows[0]["last_examined"]
        cursor = None if last is None else write_cursor(last, listing=ACCOUNTS, filters=asked.filters)
        return AccountPage(accounts=tuple(shown), next_cursor=cursor, as_of=self._head_of(rows[0]))

    async def read_statement(self, asked: StatementAsked) -> StatementView:
        """Read an account's entries, newest first."""
        rows = await self._fetch_dated("read_statement_page", asked.account_id, asked.before[0], asked.limit + 1)
        _require(rows[0], asked.account_id)
        lines = [
            line
            for row in rows
            if row["event"] is not None
            for line in _statement_lines(row["event"], asked.account_id)
            if (line.position, line.leg) < asked.before
        ]
        shown = lines[: asked.limit]
        cursor = None
        if len(lines) > asked.limit:
            cursor = write_cursor((shown[-1].position, shown[-1].leg), listing=STATEMENT, filters=(asked.account_id,))
        return StatementView(
            account_id=asked.account_id,
            currency=rows[0]["currency"],
            scale=rows[0]["scale"],
            period_from=None,
            period_to=None,
            opening_minor=None,
            closing_minor=None,
            entries=tuple(shown),
            next_cursor=cursor,
            as_of=self._head_of(rows[0]),
        )

    async def read_event(self, position: int) -> EventView:
        """Read the event at `position` with its hash."""
        row = await self._read_event(position)
        if row["event"] is None:
            raise ReadRefused(
                Refusal.EVENT_NOT_FOUND,
                f"there is no event at position {position}; the book ends at {row['head_position']}",
                position=row["head_position"],
            )
        return EventView(**self._proof_of(row, position))

    async def read_transfer(self, transfer_id: str) -> TransferView:
        """Read the event that booked a transfer, with its hash."""
        position = position_of(transfer_id)
        row = await self._read_event(position)
        if row["event"] is None or _transfer_of(row["event"]) != transfer_id:
            raise ReadRefused(
                Refusal.TRANSFER_NOT_FOUND, f"there is no transfer {transfer_id}", position=row["head_position"]
            )
        return TransferView(transfer_id=transfer_id, **self._proof_of(row, position))

    async def _read_event(self, position: int) -> asyncpg.Record:
        [row] = await self._fetch_dated("read_event", position)
        return row

    def _proof_of(self, row: asyncpg.Record, position: int) -> dict[str, Any]:
        return {
            "position": position,
            "hash": row["hash"].hex(),
            "previous_hash": (row["previous_hash"] or HASH_OF_NOTHING).hex(),
            "event": msgspec.Raw(row["event"].encode()),
            "as_of": self._head_of(row),
        }

    def _balance(
        self, row: asyncpg.Record, account_id: str, posted_minor: int, held_minor: int | None, day: date | None = None
    ) -> BalanceView:
        return BalanceView(
            account_id=account_id,
            currency=row["currency"],
            scale=row["scale"],
            normal_side=_side(row),
            posted_minor=posted_minor,
            held_minor=held_minor,
            available_minor=None if held_minor is None else posted_minor - held_minor,
            at_date=day,
            as_of=self._head_of(row),
        )

    def _head_of(self, row: asyncpg.Record) -> Any:
        return self._dating.as_of(row["head_position"], row["head_recorded_at"], source="book")

    async def _fetch_dated(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """Run a query whose every row has the head beside it, so that there is always one."""
        rows = await self._fetch(query, arguments)
        if not rows:
            raise SourceDown(BOOK_EMPTY)
        return rows

    async def _fetch(self, query: str, arguments: Sequence[object]) -> list[asyncpg.Record]:
        return await fetch_from(self._pool, _QUERIES[query], arguments)


async def fetch_from(pool: Source[Pool], query: str, arguments: Sequence[object]) -> list[asyncpg.Record]:
    """Run a query, bounded in time. Raises SourceDown."""
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            return await pool.get().fetch(query, *arguments)
    except UNANSWERED as error:
        raise SourceDown(f"PostgreSQL: does not answer ({type(error).__name__})") from error


async def read_ledger_name(pool: Pool) -> str | None:
    """Read the name of the ledger that this database holds; None in a new one."""
    name: str | None = await pool.fetchval(_QUERIES["read_head"])
    return name


def _require(row: asyncpg.Record, account_id: str) -> None:
    if row["account_no"] is None:
        raise ReadRefused(Refusal.ACCOUNT_NOT_FOUND, f"there is no account {account_id}", position=row["head_position"])


def _account_line(row: asyncpg.Record) -> AccountLine:
    return AccountLine(
        account_id=row["account_id"],
        currency=row["currency"],
        scale=row["scale"],
        account_type=row["account_type"],
        status=row["status"],
        posted_minor=row["posted_minor"],
        held_minor=row["held_minor"],
        available_minor=row["posted_minor"] - row["held_minor"],
    )


def _side(row: asyncpg.Record) -> Side:
    return "debit" if row["normal_sign"] > 0 else "credit"


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _balance_left(event: str | None, account_id: str) -> tuple[int, int]:
    """Find the (posted, held) balance that an event left on an account; zero when nothing ever touched it."""
    if event is None:
        return 0, 0
    data = decode_data(decode_envelope(event.encode()))
    named = [*getattr(data, "postings", ()), *getattr(data, "balances", ())]
    # An event may name an account more than once; the last figure is the one it left.
    return next((b.posted_minor, b.held_minor) for b in reversed(named) if b.account_id == account_id)


def _transfer_of(event: str) -> str | None:
    """Return the id of the transfer that an event booked, if it booked one."""
    data: object = decode_data(decode_envelope(event.encode()))
    booked: str | None = getattr(data, "reversal_id", None) or getattr(data, "transfer_id", None)
    return booked


def _statement_lines(event: str, account_id: str) -> list[StatementEntry]:
    """Give an event's entries on one account, newest first."""
    envelope = decode_envelope(event.encode())
    data = decode_data(envelope)
    lines = [
        StatementEntry(
            position=envelope.position,
            leg=leg,
            id=getattr(data, "reversal_id", None) or data.transfer_id,  # type: ignore[attr-defined]
            type=envelope.type,
            side=posting.side,
            amount_minor=posting.amount_minor,
            balance_minor=posting.posted_minor,
            effective_date=data.effective_date,  # type: ignore[attr-defined]
            recorded_at=envelope.recorded_at,
            reference=getattr(data, "reference", None) or getattr(data, "end_to_end_id", None),
        )
        for leg, posting in enumerate(data.postings)  # type: ignore[attr-defined]
        if posting.account_id == account_id
    ]
    return lines[::-1]
