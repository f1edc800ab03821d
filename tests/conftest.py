"""Real servers and real databases for every test that wants them.

`servers` runs PostgreSQL, NATS and Valkey once per session; leave them as you found them. A test that kills or pauses a
server starts servers of its own, so that it cannot hurt a neighbour. `book_database` gives a test a migrated and empty
book of its own, copied from a template in some tens of milliseconds.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from cli.devstack import Servers, running_servers
from cli.migrate import run as migrate

DsnOf = Callable[[str], str]

SCORED_WITHIN_MS: Final = "5000"

# Folders whose tests share one running stack: beside each other in two processes they would start it twice.
WITH_ONE_STACK: Final = ("client", "dashboard", "demo", "e2e", "importing")

_numbers = itertools.count(1)


class Together(LoadScopeScheduling):  # type: ignore[misc]
    """Keeps in one process, when there are several, the tests of a file, or of a folder with one stack.

    Not by marks of xdist (`--dist loadgroup`): with pytest 9.2 they are passed over in silence.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        folder = file.removeprefix("tests/").partition("/")[0]
        return folder if folder in WITH_ONE_STACK else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Together:
    """Hand tests out to the processes of `-n`."""
    return Together(config, log)


@pytest.fixture(scope="session", autouse=True)
def patient_door() -> Iterator[None]:
    """Let a payment wait for its risk features: on a machine that is busy with tests a score may come late.

    A payment without one asks for authentication, and a test that does not mean that would meet it now and then.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMMAND_API_RISK_DEADLINE_MS", SCORED_WITHIN_MS)
        yield


@pytest.fixture(scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    """PostgreSQL, NATS and Valkey, started once."""
    async with running_servers(tmp_path_factory.mktemp("servers") / "stack") as running:
        yield running


@pytest.fixture(scope="session")
async def book_template(servers: Servers) -> AsyncIterator[str]:
    """Name of a migrated, empty book that nobody connects to."""
    name = "book_template"
    async with servers.database(name) as dsn_of:
        await migrate_book(dsn_of("bursar_owner"))
        yield name


@pytest.fixture
async def book_database(servers: Servers, book_template: str) -> AsyncIterator[DsnOf]:
    """A migrated, empty book of this test's own: `book_database("bursar_writer")` is the URL for that role."""
    async with servers.database(f"book_{next(_numbers)}", template=book_template) as dsn_of:
        yield dsn_of


async def migrate_book(owner_dsn: str) -> None:
    """Bring an empty database to the newest schema of the book."""
    await migrate(owner_dsn)
