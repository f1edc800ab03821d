"""Verify that the stream is the book: the same bytes at the same numbers, over everything the stream still holds."""

from typing import Final

import asyncpg
from nats.aio.client import Client

from contracts.findings import Check, Difference, compare
from contracts.subjects import stream_name
from ledger.store.load import QUERIES
from runtime.jetstream import fetch_range, first_sequence, last_sequence

NAME: Final = "stream: the book's bytes at the book's positions"


async def verify_stream(connection: asyncpg.Connection, nats: Client, *, ledger: str, position: int) -> Check:
    """Compare the stream with the book up to ``position``. Being behind is a difference: wait for the relay first."""
    stream = stream_name(ledger)
    first = await first_sequence(nats, stream)
    last = await last_sequence(nats, stream)
    if last < position:
        return Check(NAME, 0, Difference(f"stream {stream}: last sequence", str(last), f"at least {position}"))
    compared = 0
    async for batch in fetch_range(nats, stream, first, position):
        rows = await connection.fetch(QUERIES["read_events_page"], batch[0][0] - 1, len(batch))
        for row, (sequence, body) in zip(rows, batch, strict=False):
            if sequence != row["position"] or body != row["event"].encode():
                where = f"stream sequence {row['position']}"
                return Check(
                    NAME, compared, Difference(where, f"{sequence}: {body.decode(errors='replace')}", row["event"])
                )
            compared += 1
    return Check(NAME, compared, compare("stream: messages", found=compared, expected=position - first + 1))
