"""A stage for each test: a ledger of its own on the shared servers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cli.devstack import Servers
from tests.projections.stage import Stage, make_stage


@pytest.fixture
async def stage(servers: Servers, book_template: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """A ledger with a query API and an empty book."""
    async with make_stage(servers, book_template, tmp_path) as made:
        yield made
