"""A version of the lake being built from windows: here, or in a process that can be killed.

python -m tests.projectors.building DATABASE_URL LEDGER FOLDER WINDOW_EVENTS
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry

from projectors.apply import Projection
from projectors.book import Book
from projectors.feed import Feed, Pace
from projectors.history.workers import Workers
from projectors.lake.directory import AccountDirectory
from projectors.lake.target import LakeTarget
from projectors.metrics import ProjectorMetrics
from projectors.progress import Progress
from runtime.clock import SystemClock
from runtime.postgres import create_pool

PACE = Pace(events_max=40)


def lake_target(book: Book, folder: Path, window_events: int) -> LakeTarget:
    target = LakeTarget(folder, AccountDirectory(book), clock=SystemClock())
    target.window_events = window_events
    return target


@asynccontextmanager
async def building(
    book: Book, target: LakeTarget, workers: Workers | None, *, is_serving: bool = False
) -> AsyncIterator[Progress]:
    """Project for the length of the block, by polling the book."""
    progress = Progress("lake", ProjectorMetrics(CollectorRegistry()), is_serving=is_serving)
    feed = Feed(book, lambda: None, pace=PACE)
    projection = Projection(book, feed, target, progress=progress, clock=SystemClock(), workers=workers)
    running = asyncio.create_task(projection.run(_tell_nobody))
    try:
        yield progress
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await feed.close()


async def _tell_nobody(_position: int) -> None: ...


def workers_of(pid: int) -> list[int]:
    """The processes that fold history for this one."""
    return [child for child, parent in _history_processes() if parent == pid]


def is_running(pid: int) -> bool:
    return any(found == pid for found, _ in _history_processes())


def _history_processes() -> Iterator[tuple[int, int]]:
    """Each process of that kind that is not a zombie, with its parent."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command, stat = (folder / "cmdline").read_bytes(), (folder / "stat").read_text()
        except OSError:  # ended meanwhile
            continue
        state, parent = stat.rpartition(")")[2].split()[:2]
        if b"projectors.history.worker" in command and state != "Z":
            yield int(folder.name), int(parent)


async def _main(database_url: str, ledger: str, folder: str, window_events: str) -> None:
    pool = await create_pool(database_url, application_name="tests", size_max=3)
    book = Book(pool, ledger=ledger)
    async with building(book, lake_target(book, Path(folder), int(window_events)), Workers(database_url, ledger)):
        await asyncio.sleep(60)  # until it is killed


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
