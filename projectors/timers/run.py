"""Composition root of the timers. Any number of processes may run: the one with the lease works, the others wait."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import structlog

from projectors.book import Book, BookUnreachable, WrongBook
from projectors.reactors.commands import open_commands
from projectors.timers.lease import Lease
from projectors.timers.metrics import TimerMetrics
from projectors.timers.registry import Supplies, build_jobs
from projectors.timers.settings import PREFIX, Settings
from projectors.timers.ticker import RunLog, Ticker
from runtime.clock import SystemClock
from runtime.health import Health
from runtime.ids import new_opaque_id
from runtime.logs import configure_logging
from runtime.memory import settle_memory
from runtime.metrics import create_registry
from runtime.postgres import create_pool
from runtime.priority import yield_to_others
from runtime.server import ops_app, serve_http
from runtime.shutdown import Shutdown, supervise

__all__ = ["PREFIX", "Settings", "run"]

PROCESS: Final = "timers"
POOL_SIZE_MAX: Final = 6  # the lease must be renewed while every job asks something

_log = structlog.get_logger(__name__)


async def run(settings: Settings) -> int:
    """Run the timers until SIGTERM or SIGINT; return the exit status. Logs and metrics are set up here."""
    configure_logging(PROCESS, settings.log_level)
    yield_to_others()  # commands go first; what is due is due to the second, and the audit may take its time
    shutdown = Shutdown()
    shutdown.listen()
    registry = create_registry()
    metrics = TimerMetrics(registry)
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        pool = await create_pool(settings.database_url, application_name=PROCESS, size_max=POOL_SIZE_MAX)
        stack.push_async_callback(pool.close)
        try:
            await Book(pool, ledger=settings.ledger).read_head()
        except WrongBook as error:
            _log.error("wrong_book", detail=str(error))
            return 1
        except BookUnreachable as error:
            _log.warning("book_unreachable", detail=str(error))
        commands = await stack.enter_async_context(
            open_commands(settings.command_api_url, Path(settings.service_token_file))
        )
        jobs = build_jobs(Supplies(settings=settings, commands=commands, pool=pool, metrics=metrics))
        for job in jobs:
            if job.close is not None:
                stack.push_async_callback(job.close)
        lease = Lease(pool, holder=new_opaque_id("timers"), clock=clock, lease_s=settings.lease_s)
        ticker = Ticker(lease, RunLog(pool), jobs, metrics=metrics, clock=clock)
        health = Health()
        health.add_check("lease", ticker.why_not_ready)
        settle_memory()
        tasks = {
            "ticker": ticker.run(shutdown),
            "ops": serve_http(ops_app(health, registry), host=settings.host, port=settings.port, shutdown=shutdown),
        }
        return await supervise(tasks, shutdown)
