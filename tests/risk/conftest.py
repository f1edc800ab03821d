"""A ledger's own keys in the shared Valkey for each test."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from contracts.risk_features import RiskKeys

_numbers = itertools.count(1)


@pytest.fixture
def new_keys() -> Callable[[], RiskKeys]:
    """Keys that no other test and no other example uses."""
    return lambda: RiskKeys(f"risk_{next(_numbers)}")
