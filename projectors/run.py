"""Composition root of the projectors: one projection per read model, none of which waits for another.

A dead Redis does not stop the lake, a dead NATS stops neither: each target and the NATS connection are reached when
they are there. Only PostgreSQL must answer at the start, because nothing can be projected without the book.
"""

from __future__ import annotations

from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry

from contracts.desk import DeskKeys
from contracts.read_models import DESK, LAKE, WALLETS, WalletsKeys
from contracts.risk_features import RISK, RiskKeys
from projectors.announce import announcer
from projectors.apply import Projection, Target
from projectors.book import Book, BookUnreachable, WrongBook
from projectors.desk.target import PACE as DESK_PACE
from projectors.desk.target import DeskTarget
from projectors.feed import Feed, Pace
from projectors.lag import watch_lag
from projectors.lake.directory import AccountDirectory
from projectors.lake.target import LakeTarget
from projectors.lifetime import closing, until_shutdown
from projectors.metrics import ProjectorMetrics
from projectors.progress import Progress
from projectors.public_events.target import PACE as PUBLIC_EVENTS_PACE
from projectors.public_events.target import PUBLIC_EVENTS, PublicStreamTarget
from projectors.risk.target import PACE as RISK_PACE
from projectors.risk.target import RiskTarget
from projectors.settings import PREFIX, Settings
from projectors.tail import Tail
from projectors.wallets.target import PACE as WALLETS_PACE
from projectors.wallets.target import WalletsTarget
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
POOL_SIZE_MAX: Final = 5  # each model reads one page at a time; lag and account look-ups share the rest

_log = structlog.get_logger(__name__)


class Projectors:
    """Everything of the process that depends on its settings, put together."""

    def __init__(self, settings: Settings, book: Book, link: NatsLink, *, registry: CollectorRegistry) -> None:
        self._settings = settings
        self._book = book
        self._link = link
        self._clock: Clock = SystemClock()
        self._metrics = ProjectorMetrics(registry)
        self._tail = Tail(settings.ledger)
        self.health = Health()
        self.models: list[Progress] = []
        self.wallets = WalletsTarget(settings.redis_url, WalletsKeys(settings.ledger))
        self.desk = DeskTarget(settings.redis_url, DeskKeys(settings.ledger))
        self.risk = RiskTarget(settings.redis_url, RiskKeys(settings.ledger))
        folder = Path(settings.lake_dir) / settings.ledger
        self.lake = LakeTarget(folder, AccountDirectory(book), clock=self._clock)
        self.public_stream = PublicStreamTarget(link.client, ledger=settings.ledger)
        self._lake_pace = Pace(events_max=settings.lake_flush_events_max, linger_s=settings.lake_flush_s)

    def tasks(self) -> dict[str, Coroutine[Any, Any, None]]:
        """Return the long tasks, by name."""
        return {
            "nats": self._link.run(),
            WALLETS: self._project(WALLETS, self.wallets, WALLETS_PACE),
            DESK: self._project(DESK, self.desk, DESK_PACE),
            RISK: self._project(RISK, self.risk, RISK_PACE),
            LAKE: self._project(LAKE, self.lake, self._lake_pace),
            PUBLIC_EVENTS: self._project(PUBLIC_EVENTS, self.public_stream, PUBLIC_EVENTS_PACE, is_served=False),
            "lake-maintenance": self.lake.maintain(),
            "lag": watch_lag(self._book, self.models, clock=self._clock),
        }

    async def close(self) -> None:
        """Close the connections of the models in Redis; nothing may be projected any more."""
        for target in (self.wallets, self.desk, self.risk):
            await target.close()

    def _project(self, model: str, target: Target, pace: Pace, *, is_served: bool = True) -> Coroutine[Any, Any, None]:
        """``is_served``: answers come from the model, so that the process is not ready while it is behind."""
        progress = Progress(model, self._metrics)
        self.models.append(progress)
        if is_served:
            self.health.add_check(model, progress.why_not_ready)
        feed = Feed(self._book, self._link.client, pace=pace, tail=self._tail)
        projection = Projection(self._book, feed, target, progress=progress, clock=self._clock)
        announce = announcer(self._link.client, ledger=self._settings.ledger, model=model)
        return closing(feed, projection.run(announce))


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
        projectors = Projectors(settings, book, link, registry=registry)
        stack.push_async_callback(projectors.close)
        tasks = {name: until_shutdown(task, shutdown) for name, task in projectors.tasks().items()}
        app = ops_app(projectors.health, registry)
        settle_memory()
        tasks["ops"] = serve_http(app, host=settings.host, port=settings.port, shutdown=shutdown)
        return await supervise(tasks, shutdown)


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
