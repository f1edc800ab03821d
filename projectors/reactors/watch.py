"""How the task table is doing, asked of the table itself: a worker that hears nothing thinks that nothing waits."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import Final

import structlog

from projectors.apply import TargetUnreachable
from projectors.reactors.metrics import ReactorMetrics
from projectors.reactors.store import TaskCounts, TaskStore

WATCH_PERIOD_S: Final = 5.0
UNKNOWN: Final = math.nan  # an old figure would look like health

_log = structlog.get_logger(__name__)


class TableWatch:
    """Counts the table every WATCH_PERIOD_S and removes what has been done for long."""

    def __init__(self, store: TaskStore, names: Sequence[str], *, metrics: ReactorMetrics, kept_s: float) -> None:
        self._store = store
        self._names = names
        self._metrics = metrics
        self._kept_s = kept_s
        self._trouble: str | None = "the task table was not reached yet"

    async def run(self) -> None:
        """Watch for ever; ends by cancellation."""
        while True:  # ends by cancellation
            try:
                await self.look()
                await self._store.prune(self._kept_s)
                self._trouble = None
            except TargetUnreachable as trouble:
                self._trouble = str(trouble)
                _log.warning("tasks_unknown", detail=str(trouble))
                for name in self._names:
                    self._show(TaskCounts(name, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN))
            await asyncio.sleep(WATCH_PERIOD_S)

    async def look(self) -> None:
        """Count once. Raises TargetUnreachable."""
        counted = {counts.reactor: counts for counts in await self._store.count()}
        for name in {*self._names, *counted}:
            self._show(counted.get(name, TaskCounts(name, 0, 0, None, None)))

    async def why_not_ready(self) -> str | None:
        """Say what keeps tasks from being performed, None when nothing does."""
        return self._trouble

    def _show(self, counts: TaskCounts) -> None:
        self._metrics.waiting.labels(counts.reactor).set(counts.waiting)
        self._metrics.parked.labels(counts.reactor).set(counts.parked)
        self._metrics.parked_seconds.labels(counts.reactor).set(counts.parked_s or 0.0)
        self._metrics.overdue_seconds.labels(counts.reactor).set(max(0.0, counts.due_s or 0.0))
