"""How long a line of work lasts: until the process is asked to stop, and then its feed is given back."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from projectors.feed import Feed
from runtime.shutdown import Shutdown, end_all


async def until_shutdown(task: Coroutine[Any, Any, None], shutdown: Shutdown) -> None:
    """Cancel a task that would never end when stopping is asked for; nothing is half-applied by that."""
    running = asyncio.create_task(task)
    asked = asyncio.create_task(shutdown.wait())
    try:
        await asyncio.wait({running, asked}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
    finally:
        await end_all([running, asked])


async def closing(feed: Feed, projecting: Coroutine[Any, Any, None]) -> None:
    """Project, and close the feed however that ends."""
    try:
        await projecting
    finally:
        await feed.close()
