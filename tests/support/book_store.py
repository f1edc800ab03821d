"""Putting written books where the processes find them: into PostgreSQL and onto the stream."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
from nats.aio.client import Client

from contracts import events as e
from contracts.subjects import events_subject, stream_name
from runtime.jetstream import StreamSpec, ensure_stream, publish_batch
from tests.support.plain_book import Line

SCHEMA = Path(__file__).parents[2] / "ledger" / "store" / "sql" / "schema.sql"
PUBLISH_EVENTS_MAX = 500


async def apply_schema(connection: asyncpg.Connection[Any]) -> None:
    """Make the book's tables in an empty database; the roles exist already."""
    await connection.execute(SCHEMA.read_text(encoding="utf-8"))


async def insert_lines(connection: asyncpg.Connection[Any], lines: Sequence[Line], *, ledger: str = "main") -> None:
    """Store consecutive events with head, accounts and entries, in one transaction."""
    opened = [(line.position, line.data) for line in lines if isinstance(line.data, e.AccountOpened)]
    accounts = [
        (no, a.account_id, a.currency, a.scale, a.account_type, 1 if a.normal_side == "debit" else -1,
         None if a.overdraft == "unlimited" else -a.credit_limit_minor, a.max_balance_minor)
        for no, a in opened
    ]  # fmt: skip
    names = ("account_no", "account_id", "currency", "scale", "account_type", "normal_sign", "floor_minor")
    entries = [
        (row.account_no, row.position, row.leg, row.currency, row.amount_minor, row.held_minor, row.effective_date)
        for line in lines
        for row in line.entries
    ]
    columns = ("account_no", "position", "leg", "currency", "amount_minor", "held_minor", "effective_date")
    async with connection.transaction():
        events = [(line.position, line.body.decode(), line.hash) for line in lines]
        await connection.copy_records_to_table("events", records=events, columns=("position", "event", "hash"))
        await connection.copy_records_to_table("accounts", records=accounts, columns=(*names, "ceiling_minor"))
        await connection.copy_records_to_table("entries", records=entries, columns=columns)
        await connection.execute(
            """INSERT INTO head (ledger, position, hash, batch, recorded_at) VALUES ($1, $2, $3, 1, $4)
               ON CONFLICT (ledger) DO UPDATE
               SET position = excluded.position, hash = excluded.hash, recorded_at = excluded.recorded_at""",
            ledger, lines[-1].position, lines[-1].hash, lines[-1].recorded_at,
        )  # fmt: skip
        for line in lines:
            if isinstance(line.data, e.AccountClosed):
                await connection.execute(
                    "UPDATE accounts SET status = 'closed' WHERE account_id = $1", line.data.account_id
                )


async def publish_lines(nc: Client, lines: Sequence[Line], *, ledger: str = "main") -> None:
    """Publish consecutive events as the relay does; creates the stream if it is missing."""
    subject = events_subject(ledger)
    await ensure_stream(nc, StreamSpec(name=stream_name(ledger), subjects=(subject,)))
    for start in range(0, len(lines), PUBLISH_EVENTS_MAX):
        part = lines[start : start + PUBLISH_EVENTS_MAX]
        await publish_batch(nc, subject, [line.body for line in part], expected_last=part[0].position - 1)


async def store_raw_event(connection: asyncpg.Connection[Any], position: int, body: bytes) -> None:
    """Store any JSON as the event of a position and move the head there: what a fault or a newer program may leave."""
    await connection.execute(
        "INSERT INTO events (position, event, hash) VALUES ($1, $2, $3)", position, body.decode(), bytes(32)
    )
    await connection.execute("UPDATE head SET position = $1", position)
