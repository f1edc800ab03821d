"""One command API for the tests that only send; those that stop, block or starve one open their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from cli.devstack import Servers
from cli.devstack.processes import SAMPLE_LISTS
from tests.command_api.door import Door, DsnOf, open_door

OpenDoor = Callable[..., AbstractAsyncContextManager[Door]]


@pytest.fixture(scope="module")
async def door(servers: Servers, book_template: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    """A command API that the tests of a file share: use accounts and keys of the test's own."""
    async with (
        servers.database("command_api", template=book_template) as dsn_of,
        open_door(
            dsn_of,
            tmp_path_factory.mktemp("door"),
            nats_url=servers.nats_url,
            screening_folder=SAMPLE_LISTS,
        ) as opened,
    ):
        yield opened


@pytest.fixture
def own_door(servers: Servers, book_database: DsnOf, tmp_path: Path) -> OpenDoor:
    """`async with own_door(commands_waiting_max=2) as door`: a command API on an empty book of this test's own."""

    def opening(**settings: object) -> AbstractAsyncContextManager[Door]:
        return open_door(book_database, tmp_path, **{"nats_url": servers.nats_url, **settings})  # type: ignore[arg-type]

    return opening
