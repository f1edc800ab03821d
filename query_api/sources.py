"""The servers behind the answers, each opened in the background: a missing one must not stop the others from answering.

Once open, the clients reconnect by themselves; a `Source` is only about the first time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

import asyncpg
import nats.errors
import structlog
from redis.exceptions import RedisError

from query_api.refusals import SourceDown

OPEN_PAUSE_S: Final = 1.0

# What a connection raises when the server is away, refuses or is not what it should be.
UNREACHED: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, nats.errors.Error, RedisError)

_log = structlog.get_logger(__name__)

T = TypeVar("T")


class Source(Generic[T]):
    """One connection or pool, there from the moment that its server first answered."""

    def __init__(
        self, name: str, open_it: Callable[[], Awaitable[T]], *, close_it: Callable[[T], Awaitable[object]]
    ) -> None:
        self.name = name
        self._open_it = open_it
        self._close_it = close_it
        self._opened: T | None = None
        self._why_not = "not reached since the start"

    def get(self) -> T:
        """Return the connection. Raises SourceDown until there is one."""
        if self._opened is None:
            raise SourceDown(f"{self.name}: {self._why_not}")
        return self._opened

    async def open(self) -> None:
        """Return when the connection is open. Raises what does not pass, e.g. that the database is another ledger's."""
        while self._opened is None:  # ends with the first success, or by cancellation when the process stops
            try:
                self._opened = await self._open_it()
            except UNREACHED as error:
                self._why_not = f"cannot connect ({type(error).__name__})"
                _log.warning("source_not_open", source=self.name, error=type(error).__name__, detail=str(error))
                await asyncio.sleep(OPEN_PAUSE_S)

    async def close(self) -> None:
        """Close what is open. One that fails in that must not keep the others from being closed."""
        opened, self._opened = self._opened, None
        if opened is None:
            return
        try:
            await self._close_it(opened)
        except UNREACHED as error:
            _log.warning("source_not_closed", source=self.name, error=type(error).__name__, detail=str(error))
