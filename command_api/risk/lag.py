"""How far the book is, so that features made from an old state of it are not taken for today's.

The position is read every POLL_S and kept. A second between two payments is no gap in the protection: what must be
exact between payments that come at once is a limit, and limits are kept inside the commit.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final

import asyncpg
import structlog

from ledger.store.load import read_head
from runtime.shutdown import Shutdown

POLL_S: Final = 1.0

_log = structlog.get_logger(__name__)


class HeadWatch:
    """The newest position of the book as of a moment ago; None before it was read."""

    def __init__(self, book: asyncpg.Pool[Any], *, ledger: str) -> None:
        self._book = book
        self._ledger = ledger
        self.position: int | None = None

    async def run(self, shutdown: Shutdown) -> None:
        """Read until the process stops. While PostgreSQL is away the last position is kept: nothing is committed."""
        while not shutdown.requested:
            try:
                await self.look()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                _log.warning("risk_head_unknown", detail=str(error) or type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(shutdown.wait(), POLL_S)

    async def look(self) -> None:
        """Read the position once. Raises what asyncpg raises."""
        async with self._book.acquire() as connection:
            self.position = (await read_head(connection, ledger=self._ledger)).position
