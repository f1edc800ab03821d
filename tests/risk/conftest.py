"""A ledger's own keys in the shared Valkey for each test."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from cli.devstack import Servers
from contracts.risk_features import RiskKeys
from tests.projectors.places import Place, make_place

_numbers = itertools.count(1)


@pytest.fixture
def new_keys() -> Callable[[], RiskKeys]:
    """Keys that no other test and no other example uses."""
    return lambda: RiskKeys(f"risk_{next(_numbers)}")


@pytest.fixture
async def place(servers: Servers, tmp_path: Path) -> AsyncIterator[Place]:
    """A ledger of this test's own, book and all."""
    async with make_place(servers, tmp_path) as made:
        yield made
