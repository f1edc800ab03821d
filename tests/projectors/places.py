"""A ledger's whole surroundings for one test, and looking until something holds."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from nats.aio.client import Client

from cli.devstack import Servers
from contracts.read_models import WalletsKeys
from contracts.subjects import events_subject, stream_name
from projectors.book import Book
from runtime.jetstream import JetStreamRefused, StreamSpec, connect_nats, ensure_stream, last_sequence, publish_one
from runtime.postgres import create_pool
from runtime.redis_client import connect_redis
from tests.support.book import Line, apply_schema, insert_lines, publish_lines

WITHIN_S = 20.0
LOOK_PERIOD_S = 0.02

_numbers = itertools.count(1)


async def until(holds: Callable[[], Awaitable[bool]], what: str, *, within_s: float = WITHIN_S) -> None:
    """Look until something holds; fail, saying what did not, after a bounded time."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while not await holds():
        assert loop.time() < deadline, f"not within {within_s:.0f} s: {what}"
        await asyncio.sleep(LOOK_PERIOD_S)


@dataclass
class Place:
    """Everything one ledger needs: its database, stream, Redis keys and lake folder, all empty at first."""

    ledger: str
    reader_dsn: str
    dsn_of: Callable[[str], str]
    connection: asyncpg.Connection[Any]
    book: Book
    nc: Client
    redis: Any  # the stubs cannot say that answers are bytes here
    keys: WalletsKeys
    lake_dir: Path
    servers: Servers

    async def record(self, lines: list[Line]) -> None:
        """Commit events to the book."""
        await insert_lines(self.connection, lines, ledger=self.ledger)

    async def publish(self, lines: list[Line]) -> None:
        """Publish events as the relay does."""
        await publish_lines(self.nc, lines, ledger=self.ledger)

    async def publish_from(self, line: Line) -> None:
        """Publish one event; the stream is made to begin there when it is missing."""
        subject = events_subject(self.ledger)
        await ensure_stream(self.nc, StreamSpec(name=self.stream, subjects=(subject,), first_sequence=line.position))
        await publish_one(self.nc, subject, line.body, expected_last=line.position - 1)

    async def nats_back(self) -> None:
        """Wait until the killed NATS server is back and our connection with it."""
        await until(self._stream_answers, "the stream answers again")

    async def _stream_answers(self) -> bool:
        try:
            await last_sequence(self.nc, self.stream)
        except JetStreamRefused:
            return False
        return True

    @property
    def stream(self) -> str:
        """Name of the ledger's stream."""
        return stream_name(self.ledger)


@asynccontextmanager
async def make_place(servers: Servers, tmp_path: Path) -> AsyncIterator[Place]:
    """Make a ledger of its own on the shared servers, and take it away afterwards."""
    number = next(_numbers)
    ledger = f"test_{number}"
    async with servers.database(f"projectors_{number}") as dsn_of:
        connection = await asyncpg.connect(dsn_of("bursar_owner"))
        await apply_schema(connection)
        await connection.execute("INSERT INTO head (ledger) VALUES ($1)", ledger)
        pool = await create_pool(dsn_of("bursar_reader"), application_name="tests", size_max=3)
        nc = await connect_nats(servers.nats_url, name="tests", on_closed=lambda: None)
        client = await connect_redis(servers.redis_url)
        try:
            yield Place(
                ledger=ledger,
                reader_dsn=dsn_of("bursar_reader"),
                dsn_of=dsn_of,
                connection=connection,
                book=Book(pool, ledger=ledger),
                nc=nc,
                redis=client,
                keys=WalletsKeys(ledger),
                lake_dir=tmp_path / "lake",
                servers=servers,
            )
        finally:
            await client.aclose()
            await nc.close()
            await pool.close()
            await connection.close()
