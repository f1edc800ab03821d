"""Real servers for the tests of `projectors`: one stack for the session, an own ledger for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cli.devstack import Servers, running_servers
from tests.projectors.places import Place, make_place


@pytest.fixture(scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    """PostgreSQL, NATS and Valkey, started once."""
    async with running_servers(tmp_path_factory.mktemp("projectors") / "stack") as running:
        yield running


@pytest.fixture
async def place(servers: Servers, tmp_path: Path) -> AsyncIterator[Place]:
    """A ledger of this test's own."""
    async with make_place(servers, tmp_path) as made:
        yield made
