"""One version of a read model being kept up: its projection, and how it is doing."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Final, NamedTuple

from nats.aio.client import Client

from contracts.projections import State
from projectors.announce import announcer
from projectors.apply import Projection
from projectors.book import Book
from projectors.control.table import Build, Report
from projectors.feed import Feed
from projectors.history.workers import Workers
from projectors.lifetime import closing
from projectors.metrics import ProjectorMetrics
from projectors.progress import Progress
from projectors.stores.holding import Gate
from projectors.stores.store import Store
from projectors.tail import Tail
from runtime.clock import Clock
from runtime.shutdown import end_all

CANCEL_AGAIN_S: Final = 1.0
RATE_REPORTS: Final = 10  # a version that is being built moves by whole windows: its rate is that over so many reports
LEVEL_EVENTS_MAX: Final = 1_000  # fewer than this to go, and a version that is being built counts as following


class Surroundings(NamedTuple):
    """What every line of a process shares."""

    book: Book
    nats: Callable[[], Client | None]
    tail: Tail
    clock: Clock
    metrics: ProjectorMetrics
    workers: Workers | None = None  # without them history goes the way of news


class Line:
    """A version from when it is begun until `stop`. Begin it inside a running loop."""

    def __init__(self, build: Build, store: Store, shared: Surroundings) -> None:
        self.build = build
        self.progress = Progress(build.model, shared.metrics, is_serving=build.is_serving)
        self._clock = shared.clock
        self._announce_now = announcer(shared.nats, ledger=shared.book.ledger, model=build.model)
        self._counted = deque([(0, shared.clock.monotonic())], maxlen=RATE_REPORTS)
        self.gate = Gate(store.target(build.version))
        feed = Feed(shared.book, shared.nats, pace=store.pace, tail=shared.tail)
        projection = Projection(
            shared.book, feed, self.gate, progress=self.progress, clock=shared.clock, workers=shared.workers
        )
        work: list[Coroutine[Any, Any, None]] = [closing(feed, projection.run(self._announce))]
        upkeep = store.upkeep(build.version)
        if upkeep is not None:
            work.append(upkeep)
        self._tasks = [asyncio.create_task(one, name=f"{build.model} v{build.version}") for one in work]

    def see(self, build: Build) -> None:
        """Take over the version's new role."""
        self.build = build
        self.progress.serve(build.is_serving)

    def require_running(self) -> None:
        """Raise what ended the projection: it should run until it is stopped."""
        for task in self._tasks:
            if task.done():
                task.result()
                raise RuntimeError(f"{task.get_name()} ended by itself")

    async def announce(self) -> None:
        """Tell whoever waits how far the version is, when it serves."""
        await self._announce(self.progress.position)

    async def stop(self) -> None:
        """End the projection; nothing is half-applied by that."""
        await end_all(self._tasks, again_s=CANCEL_AGAIN_S)
        await self.gate.close()

    def report(self) -> Report:
        """Say how the version is."""
        count, now, state = self.progress.applied_count, self._clock.monotonic(), self._state()
        before, then = self._counted[0 if state == "rebuilding" else -1]
        self._counted.append((count, now))
        return Report(
            model=self.build.model,
            version=self.build.version,
            state=state,
            position=self.progress.position,
            applied_per_s=round((count - before) / max(now - then, 0.001), 1),
            failure=self.progress.failure(),
            visible=self.progress.visible(),
        )

    def is_level(self) -> bool:
        """Tell whether the version follows the book and has nearly everything."""
        return self.progress.status == "following" and (
            self.progress.position >= self.build.head and self.progress.lag_events <= LEVEL_EVENTS_MAX
        )

    def _state(self) -> State:
        if self.progress.status in ("halted", "waiting"):
            return "stopped"
        if self.progress.position < self.build.head or (
            not self.build.is_serving and self.progress.lag_events > LEVEL_EVENTS_MAX
        ):
            return "rebuilding"
        return "live" if self.build.is_serving else "warming"

    async def _announce(self, position: int) -> None:
        """A version that does not serve is nobody's business."""
        if self.build.is_serving:
            await self._announce_now(position)
