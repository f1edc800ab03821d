"""Composition root of the projectors: one projection per read model, none of which waits for another.

A dead Redis does not stop the lake, a dead NATS stops neither: each target and the NATS connection are reached when
they are there. Only PostgreSQL must answer at the start, because nothing can be projected without the book.
"""

from __future__ import annotations

from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry

from contracts.read_models import DESK, LAKE, WALLETS
from contracts.risk_features import RISK
from projectors.book import Book, BookUnreachable, WrongBook
from projectors.control.conductor import Conductor
from projectors.control.line import Surroundings
from projectors.control.table import VersionTable
from projectors.history.workers import Workers
from projectors.lag import watch_lag
from projectors.lifetime import until_shutdown
from projectors.metrics import ProjectorMetrics
from projectors.settings import PREFIX, Settings
from projectors.stores.registry import stores_of
from projectors.tail import Tail
from runtime.clock import Clock, SystemClock
from runtime.health import Health
from runtime.jetstream import NatsLink
from runtime.logs import configure_logging
from runtime.memory import settle_memory
from runtime.metrics import create_registry
from runtime.postgres import create_pool
from runtime.priority import yield_to_others
from runtime.server import ops_app, serve_http
from runtime.shutdown import Shutdown, supervise

__all__ = ["PREFIX", "Settings", "run"]

PROCESS: Final = "projectors"
POOL_SIZE_MAX: Final = 8  # each version reads one page at a time; lag and account look-ups share the rest
CONTROL_POOL_SIZE_MAX: Final = 2
SERVED: Final = (WALLETS, DESK, RISK, LAKE)  # answers come from them: the process is not ready while one is behind

_log = structlog.get_logger(__name__)


class Projectors:
    """Everything of the process that depends on its settings, put together."""

    def __init__(
        self,
        settings: Settings,
        book: Book,
        link: NatsLink,
        *,
        registry: CollectorRegistry,
        table: VersionTable | None = None,
    ) -> None:
        """``table``: where the versions are kept; without it each model has the one that its pointer names."""
        self._book = book
        self._link = link
        self._clock: Clock = SystemClock()
        workers = Workers(settings.database_url, settings.ledger)
        metrics = ProjectorMetrics(registry)
        shared = Surroundings(book, link.client, Tail(settings.ledger), self._clock, metrics, workers)
        self.conductor = Conductor(stores_of(settings, book, link.client, clock=self._clock), shared, table=table)
        self.health = Health()
        self.conductor.add_checks(self.health, SERVED)

    def tasks(self) -> dict[str, Coroutine[Any, Any, None]]:
        """Return the long tasks, by name."""
        return {
            "nats": self._link.run(),
            "models": self.conductor.run(),
            "lag": watch_lag(self._book, self.conductor.models, clock=self._clock),
        }

    async def close(self) -> None:
        """Close the connections of the models; nothing may be projected any more."""
        await self.conductor.close()


async def run(settings: Settings) -> int:
    """Run the projectors until SIGTERM or SIGINT; return the exit status. Logs and metrics are set up here."""
    configure_logging(PROCESS, settings.log_level)
    yield_to_others()  # commands go first; a read model may lag, and says so
    shutdown = Shutdown()
    shutdown.listen()
    registry = create_registry()
    async with AsyncExitStack() as stack:
        pool = await create_pool(settings.database_url, application_name=PROCESS, size_max=POOL_SIZE_MAX)
        stack.push_async_callback(pool.close)
        book = Book(pool, ledger=settings.ledger)
        if not await _is_own(book):
            return 1
        link = NatsLink(settings.nats_url, name=PROCESS, shutdown=shutdown, registry=registry)
        stack.push_async_callback(link.close)
        table = await _open_table(settings, stack)
        projectors = Projectors(settings, book, link, registry=registry, table=table)
        stack.push_async_callback(projectors.close)
        tasks = {name: until_shutdown(task, shutdown) for name, task in projectors.tasks().items()}
        app = ops_app(projectors.health, registry)
        settle_memory()
        tasks["ops"] = serve_http(app, host=settings.host, port=settings.port, shutdown=shutdown)
        return await supervise(tasks, shutdown)


async def _open_table(settings: Settings, stack: AsyncExitStack) -> VersionTable | None:
    """Open the table of versions, if there is one for this process."""
    if settings.control_database_url is None:
        return None
    pool = await create_pool(settings.control_database_url, application_name=PROCESS, size_max=CONTROL_POOL_SIZE_MAX)
    stack.push_async_callback(pool.close)
    return VersionTable(pool)


async def _is_own(book: Book) -> bool:
    """Tell whether the database may be projected; one that holds no book yet is waited for by the projections."""
    try:
        await book.read_head()
    except WrongBook as error:
        _log.error("wrong_book", detail=str(error))
        return False
    except BookUnreachable as error:
        _log.warning("book_unreachable", detail=str(error))
    return True
