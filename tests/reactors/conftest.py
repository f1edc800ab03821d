"""One migrated database for the tests of the task table; each test has reactors of its own names in it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from cli.devstack import Servers
from runtime.postgres import create_pool
from tests.reactors.world import Table


@pytest.fixture(scope="session")
async def table(servers: Servers, book_template: str) -> AsyncIterator[Table]:
    """The task table, as bursar_reactor sees it and as its owner can move the time in it."""
    async with servers.database("reactions", template=book_template) as dsn_of:
        pool = await create_pool(dsn_of("bursar_reactor"), application_name="tests", size_max=6)
        owner = await asyncpg.connect(dsn_of("bursar_owner"))
        try:
            yield Table(pool=pool, owner=owner, dsn_of=dsn_of)
        finally:
            await owner.close()
            await pool.close()
