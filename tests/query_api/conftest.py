"""A query API over the small bank for tests that only read, and one of its own for each test that moves something."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cli.devstack import Servers
from tests.query_api.bank import small_bank
from tests.query_api.browsers import identity_provider, login_settings
from tests.query_api.windows import Window, open_window

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
async def window(
    servers: Servers, book_template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Window]:
    """The small bank, projected to its head. Only for reading. Browsers can log in."""
    folder = tmp_path_factory.mktemp("window")
    async with (
        identity_provider(folder / "issuer", ledger="window") as provider_url,
        servers.database("query_window", template=book_template) as dsn_of,
        open_window(servers, dsn_of, small_bank("window"), folder, **login_settings(folder, provider_url)) as opened,
    ):
        await opened.write_all()
        yield opened


@pytest.fixture
async def own_window(servers: Servers, book_template: str, tmp_path: Path) -> AsyncIterator[Window]:
    """The small bank in a ledger of this test's own; nothing is written yet."""
    name = f"own{next(_numbers)}"
    async with (
        servers.database(f"query_{name}", template=book_template) as dsn_of,
        open_window(servers, dsn_of, small_bank(name), tmp_path, live_clients_max=3) as opened,
    ):
        yield opened
