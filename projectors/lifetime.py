"""How long a line of work lasts: until the process is asked to stop, and then its feed is given back."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, Final

import structlog

from projectors.feed import Feed
from runtime.shutdown import Shutdown

CANCELS_MAX: Final = 10

_log = structlog.get_logger(__name__)


async def until_shutdown(task: Coroutine[Any, Any, None], shutdown: Shutdown) -> None:
    """Cancel a task that would never end when stopping is asked for; nothing is half-applied by that."""
    running = asyncio.create_task(task)
    asked = asyncio.create_task(shutdown.wait())
    try:
        await asyncio.wait({running, asked}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
    finally:
        asked.cancel()
        running.cancel()
        await asyncio.gather(running, asked, return_exceptions=True)


async def end_all(tasks: Iterable[asyncio.Task[Any]], *, again_s: float) -> None:
    """Cancel tasks and wait until they have ended, asking again every ``again_s``.

    Once is not enough: a library that waits for two things at once may take a cancellation for one of them.
    """
    left = {task for task in tasks if not task.done()}
    for _ in range(CANCELS_MAX):
        if not left:
            return
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=again_s)
    if left:
        _log.error("tasks_left", tasks=sorted(task.get_name() for task in left))


async def closing(feed: Feed, projecting: Coroutine[Any, Any, None]) -> None:
    """Project, and close the feed however that ends."""
    try:
        await projecting
    finally:
        await feed.close()
