"""How far every model is behind the book. Asked of the book, for a projector that hears nothing thinks it is level."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from projectors.book import Book, BookUnreachable, WrongBook
from projectors.progress import Progress
from runtime.clock import Clock

LAG_PERIOD_S: Final = 1.0

_log = structlog.get_logger(__name__)


async def watch_lag(book: Book, models: Sequence[Progress], *, clock: Clock) -> None:
    """Measure every LAG_PERIOD_S; ends by cancellation."""
    while True:  # ends by cancellation
        try:
            for progress in models:
                progress.lag(*await _lag_of(progress, book, clock))
        except (BookUnreachable, WrongBook) as error:
            _log.warning("lag_unknown", detail=str(error))
            for progress in models:
                progress.lag_unknown()
        await asyncio.sleep(LAG_PERIOD_S)


async def _lag_of(progress: Progress, book: Book, clock: Clock) -> tuple[int, float]:
    """Return the events not applied and the age in seconds of the oldest of them."""
    position = progress.position
    head = await book.read_head()
    if position >= head.position:
        return 0, 0.0
    oldest = await book.read_recorded_at(position + 1)
    age_s = (clock.now() - oldest).total_seconds() if oldest is not None else 0.0
    return head.position - position, max(0.0, age_s)
