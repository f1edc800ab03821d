"""Verify that the read models are the book: Redis per account, the lake entry by entry.

Traffic need not stop. The book is looked at in one snapshot, at position P, and both models must have reached P. An
account whose last change in Redis is at or before P must show the figures of the fold at P; one that has moved on must
show those of the event that it says moved it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Set
from pathlib import Path
from typing import Any, Final, NamedTuple

import asyncpg
import duckdb
import redis.asyncio as redis

from contracts.envelope import decode_data, decode_envelope
from contracts.findings import AccountFold, Check, Difference, PaymentFold, compare
from contracts.ids import transfer_id
from contracts.read_models import (
    ACCOUNTS_TABLE,
    ENTRIES_TABLE,
    LAKE_WRITE_ORDER,
    AccountState,
    PaymentState,
    WalletsKeys,
    account_of,
    checkpoint_of,
    payment_of,
)
from projectors.book import QUERIES
from projectors.lake.tables import open_table, position_of

PAYMENTS_NAME: Final = "redis: every payment equals the book's record"
WALLETS_NAME: Final = "redis: every account's balance equals the book"
LAKE_NAME: Final = "lake: every entry equals the book"
DIRECTORY_NAME: Final = "lake: every account equals the book"
PAGE_THINGS: Final = 500
PAGE_ENTRIES: Final = 5_000


async def wallets_position(client: redis.Redis, keys: WalletsKeys) -> int:
    """How far Redis is."""
    fields: Any = await client.hgetall(keys.checkpoint)
    return checkpoint_of(fields).position


def lake_position(folder: Path) -> int:
    """How far the lake is. Blocks."""
    return min(position_of(open_table(folder / name)) for name in LAKE_WRITE_ORDER)


async def verify_wallets(
    client: redis.Redis, keys: WalletsKeys, book: asyncpg.Connection, accounts: Mapping[str, AccountFold], position: int
) -> Check:
    """Compare every account in Redis with the fold of the book at ``position``."""

    async def first_wrong(hashes: Mapping[str, Any]) -> Difference | None:
        states = [account_of(account_id, fields) for account_id, fields in hashes.items()]
        return await _first_wrong(states, book, accounts, position)

    listed = _Listed(WALLETS_NAME, "account", keys.accounts, keys.account)
    return await _verify_listed(client, keys, listed, accounts.keys(), first_wrong, position)


class _Listed(NamedTuple):
    """Things of Redis that stand in a list, and the key of each."""

    name: str
    one: str
    key: str
    key_of: Callable[[str], str]


async def _verify_listed(
    client: redis.Redis,
    keys: WalletsKeys,
    listed: _Listed,
    expected: Set[str],
    first_wrong: Callable[[Mapping[str, Any]], Awaitable[Difference | None]],
    position: int,
) -> Check:
    """Compare a page of hashes after the other; every one of the book must be there, and each there must be right."""
    reached = await wallets_position(client, keys)
    if reached < position:
        return Check(listed.name, 0, Difference("redis: checkpoint", str(reached), f"at least {position}"))
    members: Any = await client.zrange(listed.key, 0, -1)
    known = [member.decode() for member in members]
    missing = expected - set(known)
    if missing:
        where = f"redis: {listed.one} {min(missing)}"
        return Check(listed.name, 0, Difference(where, "nothing", f"one {listed.one} of the book"))
    compared = 0
    for start in range(0, len(known), PAGE_THINGS):
        page = known[start : start + PAGE_THINGS]
        async with client.pipeline(transaction=False) as pipeline:
            for identifier in page:
                pipeline.hgetall(listed.key_of(identifier))
            hashes = dict(zip(page, await pipeline.execute(), strict=True))
        gone = next((identifier for identifier, fields in hashes.items() if not fields), None)
        if gone is not None:
            difference: Difference | None = Difference(f"redis: {listed.one} {gone}", "nothing", "what its list names")
        else:
            difference = await first_wrong(hashes)
        compared += len(page)
        if difference is not None:
            return Check(listed.name, compared, difference)
    return Check(listed.name, compared)


async def _first_wrong(
    states: list[AccountState], book: asyncpg.Connection, accounts: Mapping[str, AccountFold], position: int
) -> Difference | None:
    moved_on = {state.position for state in states if state.position > position}
    events = await _events_at(book, moved_on) if moved_on else {}
    for state in states:
        found = (state.position, state.posted_minor, state.held_minor)
        where = f"redis: account {state.account_id}: (position, posted, held)"
        if state.position > position:
            expected = _figures_in(events.get(state.position), state)
        else:
            account = accounts.get(state.account_id)
            expected = None if account is None else (state.position, account.posted_minor, account.held_minor)
        difference = compare(where, found=found, expected=expected)
        if difference is not None:
            return difference
    return None


async def _events_at(book: asyncpg.Connection, positions: set[int]) -> dict[int, Any]:
    """The events at these positions, as they are now: later than the snapshot, but never to change again."""
    rows = await book.fetch(QUERIES["read_events_at"], list(positions))
    return {row["position"]: decode_data(decode_envelope(row["body"].encode())) for row in rows}


def _figures_in(event: Any, state: AccountState) -> tuple[int, int, int] | None:
    """What an event says of an account, or of an account that it only froze, closed or opened: what Redis says."""
    if event is None:
        return None
    for balance in (*getattr(event, "balances", ()), *reversed(getattr(event, "postings", ()))):
        if balance.account_id == state.account_id:
            return state.position, balance.posted_minor, balance.held_minor
    named = getattr(event, "account_id", None) == state.account_id
    return (state.position, state.posted_minor, state.held_minor) if named else None


async def verify_payments(
    client: redis.Redis, keys: WalletsKeys, book: asyncpg.Connection, payments: Mapping[str, PaymentFold], position: int
) -> Check:
    """Compare every payment in Redis with the records of the book at ``position``."""

    async def first_wrong(hashes: Mapping[str, Any]) -> Difference | None:
        return await _first_wrong_payment(hashes, book, payments, position)

    listed = _Listed(PAYMENTS_NAME, "payment", keys.payments, keys.payment)
    return await _verify_listed(client, keys, listed, payments.keys(), first_wrong, position)


async def _first_wrong_payment(
    hashes: Mapping[str, Any], book: asyncpg.Connection, payments: Mapping[str, PaymentFold], position: int
) -> Difference | None:
    states = [payment_of(payment_id, fields) for payment_id, fields in hashes.items()]
    moved_on = {state.events[-1].position for state in states if state.events[-1].position > position}
    events = await _events_at(book, moved_on) if moved_on else {}
    for state in states:
        at = state.events[-1].position
        where = f"redis: payment {state.payment_id}: (position, status, amount, refunded, returned)"
        found = (at, state.status, state.amount_minor, state.refunded_minor, state.returned_minor)
        expected = _payment_in(events.get(at), state) if at > position else _payment_of(payments.get(state.payment_id))
        difference = compare(where, found=found, expected=expected)
        if difference is not None:
            return difference
    return None


def _payment_of(fold: PaymentFold | None) -> tuple[int, str, int, int, int] | None:
    if fold is None:
        return None
    return fold.changed_at, fold.status, fold.amount_minor, fold.refunded_minor, fold.returned_minor


def _payment_in(event: Any, state: PaymentState) -> tuple[int, str, int, int, int] | None:
    """What the event that moved a payment on says of it; of what it does not say: what Redis says."""
    if getattr(event, "payment_id", None) != state.payment_id:
        return None
    refunded, returned = (getattr(event, name, getattr(state, name)) for name in ("refunded_minor", "returned_minor"))
    facts = getattr(event, "facts", event)
    amount_minor = state.amount_minor if facts.amount_minor is None else facts.amount_minor
    return state.events[-1].position, event.status, amount_minor, refunded, returned


async def verify_lake(
    folder: Path, book: asyncpg.Connection, accounts: Mapping[str, AccountFold], position: int
) -> list[Check]:
    """Compare every entry and every account of the lake, up to ``position``, with the book."""
    reached = await asyncio.to_thread(lake_position, folder)
    if reached < position:
        return [Check(LAKE_NAME, 0, Difference("lake: checkpoint", str(reached), f"at least {position}"))]
    return [
        await _verify_entries(folder, book, accounts, position),
        await asyncio.to_thread(_verify_accounts, folder, accounts, position),
    ]


async def _verify_entries(
    folder: Path, book: asyncpg.Connection, accounts: Mapping[str, AccountFold], position: int
) -> Check:
    """Walk both sides in order; the lake's resulting balances must also add up."""
    pages = _entry_pages(folder, position)
    lake = iter(await asyncio.to_thread(next, pages, []))
    posted = dict.fromkeys(accounts, 0)
    compared = 0
    async for expected in _booked(book, position):
        row = next(lake, None)
        if row is None:
            lake = iter(await asyncio.to_thread(next, pages, []))
            row = next(lake, None)
        position_of_entry, _, account_id, _, amount_minor, effective_date, event_type = expected
        posted[account_id] += accounts[account_id].normal_sign * amount_minor
        where = f"lake: entry at position {expected[0]}, leg {expected[1]}"
        full = (*expected[:5], posted[account_id], effective_date, event_type, transfer_id(position_of_entry))
        difference = compare(where, found=row, expected=full)
        if difference is not None:
            return Check(LAKE_NAME, compared, difference)
        compared += 1
    extra = next(lake, None) or next(iter(await asyncio.to_thread(next, pages, [])), None)
    return Check(LAKE_NAME, compared, compare("lake: after the last entry", found=extra, expected=None))


async def _booked(book: asyncpg.Connection, position: int) -> AsyncIterator[tuple[Any, ...]]:
    async for row in book.cursor(QUERIES["scan_posted_entries"], position, prefetch=PAGE_ENTRIES):
        yield tuple(row)


def _entry_pages(folder: Path, position: int) -> Iterator[list[tuple[Any, ...]]]:
    """The lake's entries in order. Blocks; a generator, so that only one page is in memory."""
    files = _files(folder / ENTRIES_TABLE)
    if not files:
        return
    with duckdb.connect() as connection:
        connection.execute(QUERIES["scan_lake_entries"], {"files": files, "position": position})
        while page := connection.fetchmany(PAGE_ENTRIES):
            yield page


def _verify_accounts(folder: Path, accounts: Mapping[str, AccountFold], position: int) -> Check:
    files = _files(folder / ACCOUNTS_TABLE)
    rows: list[tuple[Any, ...]] = []
    if files:
        with duckdb.connect() as connection:
            rows = connection.execute(QUERIES["scan_lake_accounts"], {"files": files, "position": position}).fetchall()
    found = {account_id: (no, currency) for account_id, no, currency in rows}
    for account_id, account in accounts.items():
        where = f"lake: account {account_id}: (number, currency)"
        difference = compare(where, found=found.pop(account_id, None), expected=(account.no, account.currency))
        if difference is not None:
            return Check(DIRECTORY_NAME, len(rows), difference)
    return Check(
        DIRECTORY_NAME, len(rows), compare("lake: accounts that are not in the book", found=found, expected={})
    )


def _files(path: Path) -> list[str]:
    table = open_table(path)
    return [] if table is None else table.file_uris()
