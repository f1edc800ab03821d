"""Wallets being built from small windows, in a process that can be killed.

python -m tests.projectors.redis_building DATABASE_URL REDIS_URL LEDGER
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from contracts.read_models import WalletsKeys
from projectors.book import Book
from projectors.history.workers import Workers
from projectors.wallets.target import WalletsTarget
from runtime.postgres import create_pool
from tests.projectors.building import building

WINDOW_EVENTS = 150


async def _main(database_url: str, redis_url: str, ledger: str) -> None:
    pool = await create_pool(database_url, application_name="tests", size_max=3)
    book = Book(pool, ledger=ledger)
    target: Any = WalletsTarget(redis_url, WalletsKeys(ledger))
    target.window_events = WINDOW_EVENTS
    async with building(book, target, Workers(database_url, ledger, count=1)):
        await asyncio.sleep(60)  # until it is killed


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
