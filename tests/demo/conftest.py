"""One whole stack with its counterparties for the tests of the demo."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cli.client import BursarClient, open_client
from cli.demo.people import People, speaking
from cli.devstack import BURSAR_PROCESSES, DevStack
from cli.devstack.processes import SIMULATORS


@pytest.fixture(scope="package")
async def demo_stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DevStack]:
    """Everything that `bursar up` runs, but the demo itself."""
    processes = (*SIMULATORS, *BURSAR_PROCESSES)
    async with DevStack(tmp_path_factory.mktemp("demo") / "stack", processes=processes) as stack:
        yield stack


@pytest.fixture
async def people(demo_stack: DevStack) -> AsyncIterator[People]:
    """The people of the demo."""
    async with speaking(demo_stack.url("command-api"), demo_stack.servers.data) as everybody:
        yield everybody


@pytest.fixture
async def queries(demo_stack: DevStack) -> AsyncIterator[BursarClient]:
    """The query API."""
    token = demo_stack.token()
    async with open_client(demo_stack.url("query-api"), lambda: token) as client:
        yield client
