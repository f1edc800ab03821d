"""What the tests of notifications stand on: servers of their own, and a ledger for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cli.devstack import Servers, running_servers
from tests.conftest import migrate_book
from tests.projectors.places import Place, make_place


@pytest.fixture(scope="package")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    """PostgreSQL, NATS and Valkey, started once; a test may kill NATS as long as it waits for it to come back."""
    async with running_servers(tmp_path_factory.mktemp("notifications") / "stack") as running:
        yield running


@pytest.fixture(scope="package")
async def book_template(servers: Servers) -> AsyncIterator[str]:
    """Name of a migrated, empty book on these servers."""
    name = "book_template"
    async with servers.database(name) as dsn_of:
        await migrate_book(dsn_of("bursar_owner"))
        yield name


@pytest.fixture
async def place(servers: Servers, tmp_path: Path) -> AsyncIterator[Place]:
    """A ledger of this test's own."""
    async with make_place(servers, tmp_path) as made:
        yield made
