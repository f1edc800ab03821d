"""A migrated book for each test, and connections as the timers have them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from runtime.postgres import create_pool
from tests.conftest import DsnOf


@pytest.fixture
async def pool(book_database: DsnOf) -> AsyncIterator[Any]:
    """Connections as bursar_reactor."""
    connections = await create_pool(book_database("bursar_reactor"), application_name="tests", size_max=6)
    yield connections
    await connections.close()


@pytest.fixture
async def owner(book_database: DsnOf) -> AsyncIterator[Any]:
    """Connections as the owner, who can move the time in the tables."""
    connections = await create_pool(book_database("bursar_owner"), application_name="tests", size_max=2)
    yield connections
    await connections.close()
