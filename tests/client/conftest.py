"""A stack with everything between a command and a report, and clients of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from bursar_client import AsyncClient, Client

from cli.devstack import BURSAR_PROCESSES, DevStack

NEEDED = ("command-api", "relay", "projectors", "query-api")


@pytest.fixture(scope="package")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DevStack]:
    """Shared: use accounts of the test's own."""
    processes = [spec for spec in BURSAR_PROCESSES if spec.name in NEEDED]
    assert len(processes) == len(NEEDED)
    async with DevStack(tmp_path_factory.mktemp("client") / "stack", processes=processes) as running:
        yield running


@pytest.fixture(scope="package")
def addresses(stack: DevStack) -> dict[str, Any]:
    """What a client of the stack is made with."""
    return {
        "commands_url": stack.url("command-api"),
        "queries_url": stack.url("query-api"),
        "token": stack.token(),
    }


@pytest.fixture
def client(addresses: dict[str, Any]) -> Iterator[Client]:
    """To be used in a thread: the servers' supervisor lives in the event loop."""
    with Client(**addresses, read_your_writes=True) as made:
        yield made


@pytest.fixture
async def async_client(addresses: dict[str, Any]) -> AsyncIterator[AsyncClient]:
    """A client in the event loop."""
    async with AsyncClient(**addresses, read_your_writes=True) as made:
        yield made
