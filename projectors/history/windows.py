"""Windows of history: how the book is divided, and what a model has to say to be built from them.

A window is a range of consecutive positions. A worker reads and folds it; this process applies what came out, in order,
each with its checkpoint, exactly as it applies batches. Only the folding is done elsewhere and ahead: the decoding and
the folds are those of the live path.
"""

from __future__ import annotations

import asyncio
import pickle
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Any, Final, Protocol

import structlog

from projectors.book import Book
from projectors.events import Event
from projectors.history.messages import Folded, Order
from projectors.history.workers import WindowFailed, Workers
from runtime.shutdown import end_all

AHEAD_PER_WORKER: Final = 2  # windows asked for: one that is worked on, and one that is done or comes next
SMALLEST_EVENTS: Final = 5_000  # the last windows are smaller, so that all workers end together; news need no worker

_log = structlog.get_logger(__name__)

__all__ = ["Folded", "History", "WindowFold", "window_bounds"]


class WindowFold(Protocol):
    """What a worker does with a window. It is sent to the worker, so it must pickle, and be small.

    A worker keeps it from one window to the next: what it learns (facts about accounts) need not be pickled.
    """

    async def fold(self, book: Book, pages: AsyncIterator[list[Event]]) -> Any:
        """Return what the window changes, as something that pickles. ``pages``: all its events, in order.

        Whatever it raises fails the window, and the events go the ordinary way, where they meet the same trouble.
        """
        ...


def window_bounds(after: int, head: int, *, largest: int, workers: int) -> Iterator[tuple[int, int]]:
    """Divide the events behind ``after`` into windows (first, last); what is too little for one is left over."""
    smallest = min(largest, SMALLEST_EVENTS)
    while head - after >= smallest:  # `after` grows with every turn
        size = min(largest, max(smallest, (head - after) // workers))
        yield after + 1, after + size
        after += size


class History:
    """The history of one version, as windows that workers have folded."""

    def __init__(self, workers: Workers, fold: WindowFold, *, window_events: int) -> None:
        """``window_events``: the most in one window."""
        self._workers = workers
        self._fold = pickle.dumps(fold)
        self._window_events = window_events
        self._ordinary_through = 0

    def is_due(self, position: int, head: int) -> bool:
        """Tell whether there is a window behind a position, and none that failed is still to be passed."""
        bounds = window_bounds(position, head, largest=self._window_events, workers=self._workers.count)
        return position >= self._ordinary_through and next(bounds, None) is not None

    async def windows(self, position: int, head: int) -> AsyncGenerator[Folded, None]:
        """Give the windows behind a position in order; end early behind the one before a window that failed.

        Those that follow are being folded meanwhile, AHEAD_PER_WORKER for each worker.
        """
        bounds = window_bounds(position, head, largest=self._window_events, workers=self._workers.count)
        ahead: deque[asyncio.Task[Folded]] = deque()
        async with self._workers.engaged():
            try:
                while True:  # ends with the last window
                    while len(ahead) < AHEAD_PER_WORKER * self._workers.count and (bound := next(bounds, None)):
                        ahead.append(asyncio.create_task(self._workers.fold(Order(self._fold, *bound))))
                    if not ahead:
                        return
                    yield await ahead[0]
                    ahead.popleft()
            except WindowFailed as failure:
                # The ordinary path passes it, or stands still there and says why.
                self._ordinary_through = failure.last
                _log.warning("window_failed", first=failure.first, last=failure.last, detail=str(failure))
            finally:
                await end_all(ahead)
