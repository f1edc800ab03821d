"""Rebuilding: every model from nothing to level with a large book, by the projectors' own loop, one after another.

As a version that nobody reads yet, so its history comes in windows that other processes fold. Beside it, bare reading:
the same pages from PostgreSQL, neither decoded nor applied; and the beginning of the book on the way that news take.

    python -m tests.benchmarks.rebuild --events N      # alone
"""

import argparse
import asyncio
import contextlib
import json
import resource
import tempfile
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final

import uvloop
from prometheus_client import CollectorRegistry

from cli.devstack import Servers, running_servers
from cli.migrate import run as migrate
from contracts.desk import DeskKeys
from contracts.read_models import DESK, LAKE, WALLETS, WalletsKeys
from contracts.risk_features import RISK, RiskKeys
from projectors.apply import Projection, Target
from projectors.book import Book
from projectors.desk.target import PACE as DESK_PACE
from projectors.desk.target import DeskTarget
from projectors.feed import PAGE_EVENTS, Feed, Pace
from projectors.history.workers import Workers
from projectors.lake.directory import AccountDirectory
from projectors.lake.target import LakeTarget
from projectors.metrics import ProjectorMetrics
from projectors.progress import Progress
from projectors.risk.target import PACE as RISK_PACE
from projectors.risk.target import RiskTarget
from projectors.settings import Settings
from projectors.wallets.target import PACE as WALLETS_PACE
from projectors.wallets.target import WalletsTarget
from runtime.clock import SystemClock
from runtime.logs import configure_logging
from runtime.memory import settle_memory
from runtime.postgres import create_pool
from runtime.shutdown import end_all
from tests.benchmarks.big_book import Plan, write_big_book
from tests.benchmarks.processor import cpu_seconds

EVENTS: Final = 1_000_000
ENTRIES_PER_EVENT: Final = 1.8  # of a big book, about
WITHIN_S: Final = 1_200.0
LEDGER: Final = "main"
NEWS_LEDGER: Final = "news"  # in the names of keys; the book knows nothing of it
NEWS_EVENTS: Final = 200_000


async def bench_rebuild(servers: Servers, folder: Path, *, events: int = EVENTS) -> dict[str, Any]:
    """Write a book of about so many events, read it, and build each model from it; events per second."""
    await migrate(servers.postgres_dsn("bursar_owner"))
    written = await write_big_book(servers.postgres_dsn("bursar_owner"), Plan(entries=int(events * ENTRIES_PER_EVENT)))
    pool = await create_pool(servers.postgres_dsn("bursar_reader"), application_name="bench", size_max=5)
    book = Book(pool, ledger=LEDGER)
    settle_memory()  # as the projectors do
    try:
        figures: dict[str, Any] = {"events": written.position, "entries": written.entries}
        figures["reading"] = reading = await _measured(servers, written.position, _read(book))
        news = _targets(servers, folder / "news", book, NEWS_LEDGER)
        workers = Workers(servers.postgres_dsn("bursar_reader"), LEDGER)
        for model, (target, pace) in _targets(servers, folder, book, LEDGER).items():
            building = _build(book, target, pace, written.position, workers)
            figures[model] = figure = await _measured(servers, written.position, building)
            figure["ratio_to_reading"] = round(figure["per_s"] / reading["per_s"], 3)
            as_news = min(NEWS_EVENTS, written.position)
            following = await _measured(servers, as_news, _build(book, *news[model], as_news, None))
            figure["as_news"] = following
            figure["ratio_to_news"] = round(figure["per_s"] / following["per_s"], 3)
    finally:
        await pool.close()
    return figures


def _targets(servers: Servers, folder: Path, book: Book, ledger: str) -> dict[str, tuple[Target, Pace]]:
    """Give every model, in keys and a folder of their own for each ``ledger``; the book is always the same."""
    flush = Settings.__struct_defaults__[-1]
    assert isinstance(flush, int)
    return {
        WALLETS: (WalletsTarget(servers.redis_url, WalletsKeys(ledger)), WALLETS_PACE),
        DESK: (DeskTarget(servers.redis_url, DeskKeys(ledger)), DESK_PACE),
        RISK: (RiskTarget(servers.redis_url, RiskKeys(ledger)), RISK_PACE),
        LAKE: (LakeTarget(folder, AccountDirectory(book), clock=SystemClock()), Pace(events_max=flush)),
    }


async def _measured(servers: Servers, events: int, act: Coroutine[Any, Any, None]) -> dict[str, Any]:
    """Events per second, and what one costs this process and the servers in microseconds of processor time."""
    before, began, own, workers = cpu_seconds(servers), time.perf_counter(), time.process_time(), _cpu_of_the_ended()
    await act
    seconds, spent = time.perf_counter() - began, {"projector": time.process_time() - own}
    spent["workers"] = _cpu_of_the_ended() - workers
    spent |= {name: used - before.get(name, 0.0) for name, used in cpu_seconds(servers).items()}
    cpu_us = {name: round(1e6 * used / events, 2) for name, used in spent.items() if 1e6 * used / events >= 0.1}
    return {"per_s": round(events / seconds), "cpu_us": cpu_us}


def _cpu_of_the_ended() -> float:
    """Seconds that processes used which this one started and which have ended: of the servers none has."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def _read(book: Book) -> None:
    position = 0
    while page := await book.read_page(position, PAGE_EVENTS):
        position = page[-1][0]


async def _build(book: Book, target: Target, pace: Pace, head: int, workers: Workers | None) -> None:
    """Run a projection until its model has everything up to ``head``."""
    level = asyncio.Event()

    async def announce(position: int) -> None:
        if position >= head:
            level.set()

    feed = Feed(book, lambda: None, pace=pace)
    progress = Progress("bench", ProjectorMetrics(CollectorRegistry()), is_serving=False)
    projection = Projection(book, feed, target, progress=progress, clock=SystemClock(), workers=workers)
    async with contextlib.AsyncExitStack() as stack:
        if workers is not None:  # so that they have ended, and their time is known, when this returns
            await stack.enter_async_context(workers.engaged())
        running = asyncio.create_task(projection.run(announce))
        try:
            await asyncio.wait_for(level.wait(), WITHIN_S)
        finally:
            await end_all([running])
            await feed.close()
            if isinstance(target, (WalletsTarget, DeskTarget, RiskTarget)):
                await target.close()


async def _run(events: int) -> None:
    with tempfile.TemporaryDirectory(prefix="bursar-bench-", ignore_cleanup_errors=True) as folder:
        async with running_servers(Path(folder) / "stack") as servers:
            print(json.dumps(await bench_rebuild(servers, Path(folder) / "lake", events=events), indent=2))


def main() -> None:
    """Parse the command line, run, print."""
    parser = argparse.ArgumentParser(description="Rebuild every read model from a large book.")
    parser.add_argument("--events", type=int, default=EVENTS)
    given = parser.parse_args()
    configure_logging("bench", "error")
    uvloop.run(_run(given.events))


if __name__ == "__main__":
    main()
