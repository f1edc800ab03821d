"""What the tests of notifications stand on: servers of their own, and a ledger for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cli.devstack import Servers, running_servers
from tests.projectors.places import Place, make_place


@pytest.fixture(scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    """PostgreSQL, NATS and Valkey, started once; a test may kill NATS as long as it waits for it to come back."""
    async with running_servers(tmp_path_factory.mktemp("notifications") / "stack") as running:
        yield running


@pytest.fixture
async def place(servers: Servers, tmp_path: Path) -> AsyncIterator[Place]:
    """A ledger of this test's own."""
    async with make_place(servers, tmp_path) as made:
        yield made
