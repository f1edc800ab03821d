"""One small ledger in every copy for the tests that put back what they change."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cli.devstack import Servers
from tests.auditor.surroundings import Audited, audited_place

SEED = 20261130
EVENTS = 380


@pytest.fixture(scope="module")
async def audited(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Audited]:
    """A ledger at rest; leave it as you found it."""
    async with audited_place(servers, tmp_path_factory.mktemp("audited"), seed=SEED, events=EVENTS) as made:
        yield made
