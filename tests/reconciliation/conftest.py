"""A command API with a vault, on a book of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cli.devstack import Servers
from runtime.vault.ring import new_ring, write_ring
from tests.command_api.door import Door, DsnOf, open_door


@pytest.fixture
async def door(servers: Servers, book_database: DsnOf, tmp_path: Path) -> AsyncIterator[Door]:
    """A door that can seal."""
    keys = tmp_path / "ring.json"
    write_ring(keys, new_ring("k1"))
    async with open_door(book_database, tmp_path, nats_url=servers.nats_url, vault_keys_file=keys) as opened:
        yield opened


@pytest.fixture(scope="package")
async def shared(servers: Servers, book_template: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    """A door for requests that are refused."""
    async with (
        servers.database("reconciliation", template=book_template) as dsn_of,
        open_door(dsn_of, tmp_path_factory.mktemp("door"), nats_url=servers.nats_url) as opened,
    ):
        yield opened
