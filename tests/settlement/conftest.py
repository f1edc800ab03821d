"""A book with a merchant, behind command APIs that can be restarted, and connections as the timers have them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from cli.devstack import Servers
from runtime.postgres import create_pool
from tests.command_api.door import Door, DsnOf, open_door

OpenDoor = Callable[[], AbstractAsyncContextManager[Door]]


@pytest.fixture
def open_shop(servers: Servers, book_database: DsnOf, tmp_path: Path) -> OpenDoor:
    """`async with open_shop() as door`: a command API on this test's book; again after it, a restarted one."""
    return lambda: open_door(book_database, tmp_path, nats_url=servers.nats_url)


@pytest.fixture
async def pool(book_database: DsnOf) -> AsyncIterator[Any]:
    """Connections as bursar_reactor."""
    connections = await create_pool(book_database("bursar_reactor"), application_name="tests", size_max=2)
    yield connections
    await connections.close()


@pytest.fixture
async def owner(book_database: DsnOf) -> AsyncIterator[Any]:
    """Connections as the owner, who can move the time in the tables."""
    connections = await create_pool(book_database("bursar_owner"), application_name="tests", size_max=2)
    yield connections
    await connections.close()
