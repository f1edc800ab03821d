"""One whole stack for the tests of the demo."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cli.client import BursarClient, open_client
from cli.devstack import BURSAR_PROCESSES, DevStack


@pytest.fixture(scope="session")
async def demo_stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DevStack]:
    """Everything that `bursar up --no-demo` runs."""
    async with DevStack(tmp_path_factory.mktemp("demo") / "stack", processes=BURSAR_PROCESSES) as stack:
        yield stack


@pytest.fixture
async def commands(demo_stack: DevStack) -> AsyncIterator[BursarClient]:
    """The command API."""
    token = demo_stack.token()
    async with open_client(demo_stack.url("command-api"), lambda: token) as client:
        yield client


@pytest.fixture
async def queries(demo_stack: DevStack) -> AsyncIterator[BursarClient]:
    """The query API."""
    token = demo_stack.token()
    async with open_client(demo_stack.url("query-api"), lambda: token) as client:
        yield client
