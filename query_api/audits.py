"""What the auditor has proved and found, as it keeps it in the book's database; and the request for a repair."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from contracts.audits import (
    HEAL_WITHIN_S,
    SIDES,
    AuditCursor,
    AuditsView,
    FoundDifference,
    HealRequested,
    audits_view,
    heal_key,
)
from query_api.book import READ_TIMEOUT_S, Pool
from query_api.refusals import SourceDown
from query_api.sources import Source
from runtime.sql_files import load_queries

DIFFERENCES_MAX: Final = 500  # shown; all of them are counted

_QUERIES: Final = load_queries(Path(__file__).parent / "sql" / "audits.sql")


class Audits:
    """The audit of one ledger. All methods raise SourceDown."""

    def __init__(self, pool: Source[Pool], redis: Source[Redis], *, ledger: str) -> None:
        self._pool = pool
        self._redis = redis
        self._ledger = ledger

    async def read(self) -> AuditsView:
        """Read how far each side is proved, and what differs, newest first."""
        row = await self._row()
        cursors = {cursor.side: cursor for cursor in msgspec.json.decode(row["cursors"], type=list[AuditCursor])}
        differences = msgspec.json.decode(row["differences"], type=tuple[FoundDifference, ...])
        return audits_view(
            tuple(cursors.get(side) or AuditCursor(side=side) for side in SIDES), differences, row["total"]
        )

    async def heal(self, who: str) -> HealRequested:
        """Ask the auditor to repair what differs; it looks for requests every second."""
        row = await self._row()
        try:
            await self._redis.get().set(heal_key(self._ledger), who, ex=HEAL_WITHIN_S)
        except RedisError as error:
            raise SourceDown(f"Redis: does not answer ({type(error).__name__})") from error
        return HealRequested(state="requested", differences=row["total"])

    async def _row(self) -> Any:
        try:
            async with asyncio.timeout(READ_TIMEOUT_S):
                return await self._pool.get().fetchrow(_QUERIES["read_audits"], DIFFERENCES_MAX)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise SourceDown(f"PostgreSQL: does not answer ({type(error).__name__})") from error
