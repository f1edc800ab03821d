"""The connections of one process, opened in the background as soon as each server answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from nats.aio.client import Client
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from query_api.book import READ_TIMEOUT_S, Pool, read_ledger_name
from query_api.freshness import Freshness
from query_api.live.hub import Hub
from query_api.settings import Settings
from query_api.sources import Source
from runtime.jetstream import connect_nats
from runtime.metrics import nats_error_counter
from runtime.postgres import create_pool
from runtime.redis_client import connect_redis
from runtime.shutdown import Shutdown, end_all

START_WAIT_S: Final = 5.0  # for the servers to answer; after it the API serves with those that did
OPERATIONS_CONNECTIONS_MAX: Final = 2
APPLICATION_NAME: Final = "bursar-query-api"


class WrongLedger(RuntimeError):
    """The database holds another ledger than the one that this process is set to serve."""


class Sources:
    """The connections of one process, opened in the background as soon as each server answers."""

    def __init__(self, settings: Settings, *, shutdown: Shutdown, registry: CollectorRegistry) -> None:
        self._settings = settings
        self._shutdown = shutdown
        self._nats_errors = nats_error_counter(registry)
        self.book: Source[Pool] = Source("PostgreSQL", self._open_book, close_it=lambda pool: pool.close())
        self.operations: Source[Pool] | None = None
        if settings.operations_database_url is not None:
            self.operations = Source("PostgreSQL", self._open_operations, close_it=lambda pool: pool.close())
        self.asker: Source[Pool] = Source(
            "QUERY_API_ADHOC_DATABASE_URL", self._open_asker, close_it=lambda pool: pool.close()
        )
        self.redis: Source[Redis] = Source(
            "Redis", lambda: connect_redis(settings.redis_url), close_it=lambda redis: redis.aclose()
        )
        self.nats: Source[Client] = Source("NATS", self._open_nats, close_it=lambda client: client.close())

    @asynccontextmanager
    async def opened(self, *listeners: Freshness | Hub) -> AsyncIterator[None]:
        """Open everything; wait for START_WAIT_S at most, then go on with what is there."""
        opening = [
            asyncio.create_task(self._open(coroutine))
            for coroutine in (self.book.open(), *self._more(), self.redis.open(), self._listen(listeners))
        ]
        try:
            done, _ = await asyncio.wait(opening, timeout=START_WAIT_S, return_when=asyncio.ALL_COMPLETED)
            for task in done:
                task.result()
            yield
        finally:
            await end_all(opening)
            for source in (self.nats, self.redis, self.book, self.asker, self.operations):
                if source is not None:
                    await source.close()

    def _more(self) -> list[Coroutine[Any, Any, None]]:
        """Open what is only there when its setting is."""
        opening = [] if self.operations is None else [self.operations.open()]
        return opening if self._settings.adhoc_database_url is None else [*opening, self.asker.open()]

    async def _open_operations(self) -> Pool:
        assert self._settings.operations_database_url is not None
        return await create_pool(
            self._settings.operations_database_url,
            application_name=APPLICATION_NAME,
            size_max=OPERATIONS_CONNECTIONS_MAX,
            statement_timeout_ms=int(READ_TIMEOUT_S * 1000),
        )

    async def _open_asker(self) -> Pool:
        assert self._settings.adhoc_database_url is not None
        return await create_pool(
            self._settings.adhoc_database_url,
            application_name=f"{APPLICATION_NAME}-asker",
            size_max=self._settings.sql_at_once_max,
            statement_timeout_ms=int(READ_TIMEOUT_S * 1000),
        )

    async def _open(self, opening: Coroutine[Any, Any, None]) -> None:
        try:
            await opening
        except WrongLedger as fault:
            self._shutdown.request(str(fault))
            raise

    async def _listen(self, listeners: Sequence[Freshness | Hub]) -> None:
        await self.nats.open()
        for listener in listeners:
            await listener.listen(self.nats.get())

    async def _open_book(self) -> Pool:
        pool = await create_pool(
            self._settings.database_url,
            application_name=APPLICATION_NAME,
            size_max=self._settings.database_connections_max,
            statement_timeout_ms=int(READ_TIMEOUT_S * 1000),
        )
        found = await read_ledger_name(pool)
        if found not in (None, self._settings.ledger):
            await pool.close()
            raise WrongLedger(f"the database holds the ledger {found!r}, the setting says {self._settings.ledger!r}")
        return pool

    async def _open_nats(self) -> Client:
        return await connect_nats(
            self._settings.nats_url,
            name=APPLICATION_NAME,
            on_closed=lambda: self._shutdown.request("the NATS connection was closed for good"),
            errors=self._nats_errors,
        )
