"""A rotation that stands still after its third page, for a test to kill: `python -m tests.vault.rotating URL`."""

from __future__ import annotations

import asyncio
import sys

from runtime.postgres import create_pool
from runtime.vault import rotate_keks
from tests.support.vault import ring_of

KEYS_PER_PAGE = 10
PAGES_BEFORE = 3


async def main(database_url: str) -> None:
    """Re-wrap three pages, say so, and wait for the end of standard input, which never comes."""
    pool = await create_pool(database_url, application_name="tests-rotating")
    pages = 0
    async for progress in rotate_keks(pool, ring_of("k1", "k2", active="k2"), keys_per_page=KEYS_PER_PAGE):
        pages += 1
        if pages == PAGES_BEFORE:
            sys.stdout.write(f"{progress.rewrapped}\n")
            sys.stdout.flush()
            sys.stdin.read()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
