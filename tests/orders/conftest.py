"""A command API with a vault, for the tests that send over HTTP; each test uses accounts and keys of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cli.devstack import Servers
from runtime.vault.ring import new_ring, write_ring
from tests.command_api.door import Door, open_door


@pytest.fixture(scope="package")
async def door(servers: Servers, book_template: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    """A command API that seals what is personal, and has the rail `file` for euros."""
    folder = tmp_path_factory.mktemp("orders")
    write_ring(folder / "ring", new_ring("k1"))
    async with (
        servers.database("orders", template=book_template) as dsn_of,
        open_door(dsn_of, folder, nats_url=servers.nats_url, vault_keys_file=folder / "ring") as opened,
    ):
        await opened.open_accounts("clearing:file:eur", "suspense:file:eur")
        rail = {"rail": "file", "currency": "EUR", "clearing_account_id": "clearing:file:eur",
                "suspense_account_id": "suspense:file:eur"}  # fmt: skip
        await opened.accepted("/v1/rails", rail, token=opened.token(["payments:operate"]))
        yield opened
