"""What somebody with every key to the place may edit. Each of these edits one thing, and puts it back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from redis.asyncio import Redis

from contracts.envelope import HASH_OF_NOTHING, chain
from contracts.read_models import ENTRIES_TABLE, WalletsKeys
from tests.e2e.whole import LEDGER, Whole


class Booked(NamedTuple):
    """The last transfer of the book, at rest: nothing else writes while these tests run."""

    whole: Whole
    position: int
    debit: str
    credit: str
    payment: str  # settled before


@asynccontextmanager
async def row_edited(booked: Booked, edit: str, undo: str) -> AsyncIterator[None]:
    """Edit the database by one statement, put it back by another; $1 is the position."""
    async with booked.whole.superuser() as connection:
        assert await connection.execute(edit, booked.position) != "UPDATE 0"
        try:
            yield
        finally:
            await connection.execute(undo, booked.position)


@asynccontextmanager
async def event_edited(booked: Booked, edit: Callable[[str], str], *, forge_chain: bool) -> AsyncIterator[None]:
    """Edit the last event, and if asked the hashes as well, as somebody would who knows how they are made."""
    async with booked.whole.superuser() as connection:
        before = await connection.fetchrow("SELECT event, hash FROM events WHERE position = $1", booked.position)
        assert before is not None
        previous = await connection.fetchval("SELECT hash FROM events WHERE position = $1", booked.position - 1)
        edited = edit(before["event"])
        assert edited != before["event"]
        chained = chain(previous or HASH_OF_NOTHING, edited.encode()) if forge_chain else before["hash"]
        try:
            await _store_event(connection, booked.position, edited, chained)
            yield
        finally:
            await _store_event(connection, booked.position, before["event"], before["hash"])


async def _store_event(connection: asyncpg.Connection[Any], position: int, event: str, chained: bytes) -> None:
    async with connection.transaction():
        await connection.execute(
            "UPDATE events SET event = $2::json, hash = $3 WHERE position = $1", position, event, chained
        )
        await connection.execute("UPDATE head SET hash = $2 WHERE position = $1", position, chained)


@asynccontextmanager
async def last_event_cut_off(booked: Booked) -> AsyncIterator[None]:
    """Take the last transfer out of the book, entries, balances and head with it: the book alone looks sound."""
    async with booked.whole.superuser() as connection:
        at = booked.position
        kept = {
            table: await connection.fetch(f"SELECT * FROM {table} WHERE {column} = $1", at)
            for table, column in (("events", "position"), ("entries", "position"))
        }
        head = await connection.fetchrow("SELECT * FROM head")
        previous = await connection.fetchval("SELECT hash FROM events WHERE position = $1", at - 1)
        assert head is not None
        assert head["position"] == at
        move_back = "UPDATE accounts SET posted_minor = posted_minor + $2 * normal_sign * $3 WHERE account_id = $1"
        async with connection.transaction():
            for table in kept:
                await connection.execute(f"DELETE FROM {table} WHERE position = $1", at)
            await connection.execute("UPDATE head SET position = $1, hash = $2", at - 1, previous)
            await connection.execute(move_back, booked.debit, -1, 10)
            await connection.execute(move_back, booked.credit, 1, 10)
        try:
            yield
        finally:
            async with connection.transaction():
                for table, rows in kept.items():
                    await connection.copy_records_to_table(table, records=[tuple(row) for row in rows])
                await connection.execute("UPDATE head SET position = $1, hash = $2", at, head["hash"])
                await connection.execute(move_back, booked.debit, 1, 10)
                await connection.execute(move_back, booked.credit, -1, 10)


@asynccontextmanager
async def redis_balance_edited(booked: Booked) -> AsyncIterator[None]:
    """Give somebody a cent in the read model."""
    key = WalletsKeys(LEDGER).account(booked.credit)
    async with Redis.from_url(booked.whole.stack.servers.redis_url) as redis:
        before = await redis.hget(key, "posted_minor")
        assert before is not None
        await redis.hset(key, "posted_minor", str(int(before) + 1))
        try:
            yield
        finally:
            await redis.hset(key, "posted_minor", str(int(before)))


@asynccontextmanager
async def redis_account_gone(booked: Booked) -> AsyncIterator[None]:
    """Take an account out of the read model's list."""
    keys = WalletsKeys(LEDGER)
    async with Redis.from_url(booked.whole.stack.servers.redis_url) as redis:
        await redis.zrem(keys.accounts, booked.credit)
        try:
            yield
        finally:
            await redis.zadd(keys.accounts, {booked.credit: 0})


@asynccontextmanager
async def redis_payment_edited(booked: Booked, field: str, value: str) -> AsyncIterator[None]:
    """Have the read model say something else of a payment."""
    key = WalletsKeys(LEDGER).payment(booked.payment)
    async with Redis.from_url(booked.whole.stack.servers.redis_url) as redis:
        before = await redis.hget(key, field)
        await redis.hset(key, field, value)
        try:
            yield
        finally:
            await (redis.hdel(key, field) if before is None else redis.hset(key, field, before))


@asynccontextmanager
async def redis_payment_gone(booked: Booked) -> AsyncIterator[None]:
    """Take a payment out of the read model's list."""
    keys = WalletsKeys(LEDGER)
    async with Redis.from_url(booked.whole.stack.servers.redis_url) as redis:
        score = await redis.zscore(keys.payments, booked.payment)
        assert score is not None
        await redis.zrem(keys.payments, booked.payment)
        try:
            yield
        finally:
            await redis.zadd(keys.payments, {booked.payment: score})


@asynccontextmanager
async def record_edited(booked: Booked, edit: str, kind: str, identifier: str) -> AsyncIterator[None]:
    """Edit or delete a record by one statement about $1 (kind) and $2 (id), and put it back."""
    async with booked.whole.superuser() as connection:
        before = await connection.fetchrow("SELECT * FROM records WHERE kind = $1 AND id = $2", kind, identifier)
        assert before is not None
        assert await connection.execute(edit, kind, identifier) not in ("UPDATE 0", "DELETE 0")
        try:
            yield
        finally:
            await connection.execute("DELETE FROM records WHERE kind = $1 AND id = $2", kind, identifier)
            await connection.copy_records_to_table("records", records=[tuple(before)])


@asynccontextmanager
async def lake_rows_edited(
    booked: Booked, edit: Callable[[dict[str, Any]], dict[str, Any] | None]
) -> AsyncIterator[None]:
    """Write the Parquet file with the last transfer again, with rows edited or left out; the Delta log stays."""
    path = parquet_file_with(booked.whole, booked.position)
    before = path.read_bytes()
    table = pq.read_table(path)
    rows = [edit(row) if row["position"] == booked.position else row for row in table.to_pylist()]
    pq.write_table(pa.Table.from_pylist([row for row in rows if row is not None], schema=table.schema), path)
    try:
        yield
    finally:
        path.write_bytes(before)


def parquet_file_with(whole: Whole, position: int) -> Path:
    """The file of the lake's entries that holds a position."""
    for uri in DeltaTable(whole.lake / ENTRIES_TABLE).file_uris():
        path = Path(uri)
        if position in pq.read_table(path, columns=["position"])["position"].to_pylist():
            return path
    raise AssertionError(f"no file holds position {position}")


# What is edited -> how, and where the first difference must be.
Tampering = Callable[[Booked], AbstractAsyncContextManager[None]]

TAMPERINGS: dict[str, tuple[Tampering, Callable[[Booked], str]]] = {
    "an event": (
        lambda b: event_edited(
            b, lambda text: text.replace('"amount_minor":10', '"amount_minor":11'), forge_chain=False
        ),
        lambda b: f"event {b.position}: hash",
    ),
    "white space in an event": (
        lambda b: event_edited(b, lambda text: text.replace(":", ": ", 1), forge_chain=False),
        lambda b: f"event {b.position}: hash",
    ),
    "an event with its hash": (
        lambda b: event_edited(
            b, lambda text: text.replace('"amount_minor":10', '"amount_minor":11'), forge_chain=True
        ),
        lambda b: f"event {b.position}: resulting balance of {b.debit}",
    ),
    "an event's reference with its hash": (
        lambda b: event_edited(b, lambda text: text.replace('"reference":null', '"reference":"x"'), forge_chain=True),
        lambda b: f"stream sequence {b.position}",
    ),
    "an entry": (
        lambda b: row_edited(
            b,
            "UPDATE entries SET amount_minor = amount_minor + 1 WHERE position = $1 AND leg = 0",
            "UPDATE entries SET amount_minor = amount_minor - 1 WHERE position = $1 AND leg = 0",
        ),
        lambda b: f"entry at position {b.position}, leg 0",
    ),
    "a balance": (
        lambda b: row_edited(
            b,
            "UPDATE accounts SET posted_minor = posted_minor + 1"
            " WHERE account_no = (SELECT account_no FROM entries WHERE position = $1 AND leg = 1)",
            "UPDATE accounts SET posted_minor = posted_minor - 1"
            " WHERE account_no = (SELECT account_no FROM entries WHERE position = $1 AND leg = 1)",
        ),
        lambda b: f"account {b.credit}: (number, posted, held)",
    ),
    "a payment's record": (
        lambda b: record_edited(
            b,
            """UPDATE records SET state = replace(state::text, '"refunded_minor":0', '"refunded_minor":1')::json"""
            " WHERE kind = $1 AND id = $2",
            "payment",
            b.payment,
        ),
        lambda b: f"record payment {b.payment}: refunded_minor",
    ),
    "a payment's record gone": (
        lambda b: record_edited(b, "DELETE FROM records WHERE kind = $1 AND id = $2", "payment", b.payment),
        lambda b: f"record payment {b.payment}",
    ),
    "when a record is due": (
        lambda b: record_edited(
            b, "UPDATE records SET due_at = now() WHERE kind = $1 AND id = $2", "payment", b.payment
        ),
        lambda b: f"record payment {b.payment}: due_at of its row",
    ),
    "a limit lifted": (
        lambda b: record_edited(
            b,
            """UPDATE records SET state = replace(state::text, '500000', '900000')::json"""
            " WHERE kind = $1 AND id = $2",
            "limit",
            f"account:{b.debit}",
        ),
        lambda b: f"record limit account:{b.debit}: limits",
    ),
    "a Redis payment's status": (
        lambda b: redis_payment_edited(b, "status", "RJCT"),
        lambda b: f"redis: payment {b.payment}",
    ),
    "a Redis payment's refunds": (
        lambda b: redis_payment_edited(b, "refunded_minor", "5"),
        lambda b: f"redis: payment {b.payment}",
    ),
    "a Redis payment gone": (redis_payment_gone, lambda b: f"redis: payment {b.payment}"),
    "a Redis balance": (redis_balance_edited, lambda b: f"redis: account {b.credit}: (position, posted, held)"),
    "a Redis account gone": (redis_account_gone, lambda b: f"redis: account {b.credit}"),
    "a lake row": (
        lambda b: lake_rows_edited(b, lambda row: {**row, "amount_minor": row["amount_minor"] + 1}),
        lambda b: f"lake: entry at position {b.position}, leg 0",
    ),
    "a lake row gone": (
        lambda b: lake_rows_edited(b, lambda row: None if row["leg"] == 1 else row),
        lambda b: f"lake: entry at position {b.position}, leg 1",
    ),
    "the last event cut off": (last_event_cut_off, lambda b: "redis: account"),
}
