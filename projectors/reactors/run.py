"""Composition root of the reactors: one projection per reactor fills the task table, one worker empties it.

Two processes side by side are safe and share the work: the checkpoint admits each batch once, a lease admits one
worker to each task.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final, TypeAlias

import asyncpg
import structlog
from prometheus_client import CollectorRegistry

from projectors.apply import Projection
from projectors.book import Book, BookUnreachable, WrongBook
from projectors.control.reporting import report_for_ever, report_of
from projectors.control.table import ReportTable
from projectors.feed import Feed
from projectors.lag import watch_lag
from projectors.lifetime import closing, until_shutdown
from projectors.metrics import ProjectorMetrics
from projectors.progress import Progress
from projectors.reactors.commands import open_commands
from projectors.reactors.inbox import PACE, Inbox
from projectors.reactors.late import planning_late
from projectors.reactors.metrics import ReactorMetrics
from projectors.reactors.registry import REACTORS, Supplies, build_reactors
from projectors.reactors.settings import PREFIX, Settings
from projectors.reactors.store import TaskStore
from projectors.reactors.tasks import Reactor
from projectors.reactors.watch import TableWatch
from projectors.reactors.worker import Bounds, Worker
from projectors.tail import Tail
from runtime.clock import SystemClock
from runtime.health import Health
from runtime.ids import draw
from runtime.jetstream import NatsLink
from runtime.logs import configure_logging
from runtime.memory import settle_memory
from runtime.metrics import create_registry
from runtime.postgres import create_pool
from runtime.server import ops_app, serve_http
from runtime.shutdown import Shutdown, supervise
from runtime.vault import Vault, read_ring

__all__ = ["PREFIX", "Settings", "run"]

PROCESS: Final = "reactors"
POOL_SIZE_MAX: Final = 8
VAULT_POOL_SIZE_MAX: Final = 2
DAY_S: Final = 86_400.0

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

_log = structlog.get_logger(__name__)


class Reactors:
    """Everything of the process that depends on its settings, put together."""

    def __init__(
        self,
        settings: Settings,
        reactors: Sequence[Reactor],
        *,
        pool: Pool,
        book: Book,
        link: NatsLink,
        registry: CollectorRegistry,
    ) -> None:
        store = TaskStore(pool)
        self._reactors = reactors
        self._reports = ReportTable(pool)
        self._store = store
        self._book = book
        self._link = link
        self._clock = SystemClock()
        self._tail = Tail(book.ledger)
        self._projector_metrics = ProjectorMetrics(registry)
        metrics = ReactorMetrics(registry)
        self.health = Health()
        self.worker = Worker(
            store,
            reactors,
            metrics=metrics,
            clock=self._clock,
            chance=draw,
            bounds=Bounds(tasks_at_once=settings.tasks_at_once, lease_s=settings.lease_s),
        )
        names = [reactor.name for reactor in reactors]
        self.watch = TableWatch(store, names, metrics=metrics, kept_s=settings.done_kept_days * DAY_S)
        self.health.add_check("tasks", self.watch.why_not_ready)

    def tasks(self, shutdown: Shutdown) -> dict[str, Coroutine[Any, Any, None]]:
        """Return the long tasks, by name. The worker ends by itself, when what it performs has ended."""
        models: list[Progress] = []
        projections = {reactor.name: self._follow(reactor, models) for reactor in self._reactors}
        endless = {
            "nats": self._link.run(),
            **projections,
            "lag": watch_lag(self._book, models, clock=self._clock),
            "watch": self.watch.run(),
            "report": report_for_ever(self._reports, lambda: [report_of(progress) for progress in models]),
        }
        return {
            **{name: until_shutdown(task, shutdown) for name, task in endless.items()},
            "worker": self.worker.run(shutdown),
        }

    def _follow(self, reactor: Reactor, models: list[Progress]) -> Coroutine[Any, Any, None]:
        progress = Progress(reactor.name, self._projector_metrics)
        models.append(progress)
        self.health.add_check(reactor.name, progress.why_not_ready)
        feed = Feed(self._book, self._link.client, pace=PACE, tail=self._tail)
        inbox = Inbox(reactor, self._store, self._book, wake=self.worker.wake)
        projection = Projection(self._book, feed, inbox, progress=progress, clock=self._clock)
        return closing(feed, projection.run(_tell_nobody))


async def run(settings: Settings, *, names: Sequence[str] = REACTORS) -> int:
    """Run the reactors until SIGTERM or SIGINT; return the exit status. Logs and metrics are set up here."""
    configure_logging(PROCESS, settings.log_level)
    shutdown = Shutdown()
    shutdown.listen()
    registry = create_registry()
    async with AsyncExitStack() as stack:
        pool = await create_pool(settings.database_url, application_name=PROCESS, size_max=POOL_SIZE_MAX)
        stack.push_async_callback(pool.close)
        book = Book(pool, ledger=settings.ledger)
        try:
            await book.read_head()
        except WrongBook as error:
            _log.error("wrong_book", detail=str(error))
            return 1
        except BookUnreachable as error:
            _log.warning("book_unreachable", detail=str(error))
        commands = await stack.enter_async_context(
            open_commands(settings.command_api_url, Path(settings.service_token_file))
        )
        supplies = Supplies(
            settings=settings,
            commands=commands,
            book=book,
            clock=SystemClock(),
            chance=draw,
            registry=registry,
            stack=stack,
            vault=await _open_vault(settings, stack),
        )
        link = NatsLink(settings.nats_url, name=PROCESS, shutdown=shutdown, registry=registry)
        stack.push_async_callback(link.close)
        reactors = Reactors(
            settings,
            [planning_late(reactor, book) for reactor in await build_reactors(supplies, names)],
            pool=pool,
            book=book,
            link=link,
            registry=registry,
        )
        tasks = reactors.tasks(shutdown)
        app = ops_app(reactors.health, registry)
        settle_memory()
        tasks["ops"] = serve_http(app, host=settings.host, port=settings.port, shutdown=shutdown)
        return await supervise(tasks, shutdown)


async def _open_vault(settings: Settings, stack: AsyncExitStack) -> Vault | None:
    """Open the vault, if this process may open sealed texts at all. Raises RingRefused."""
    if settings.vault_database_url is None or settings.vault_keys_file is None:
        return None
    pool = await create_pool(settings.vault_database_url, application_name=PROCESS, size_max=VAULT_POOL_SIZE_MAX)
    stack.push_async_callback(pool.close)
    ring_file = Path(settings.vault_keys_file)
    vault = Vault(pool, read_ring(ring_file), ledger=settings.ledger, reread=lambda: read_ring(ring_file))
    await vault.check_ring(may_mark=False)
    return vault


async def _tell_nobody(position: int) -> None:
    """Nobody waits for a reactor's checkpoint: what it did is told by the events that came of it."""
