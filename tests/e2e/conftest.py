"""One whole stack for this folder. A test that spoils something puts it back."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.e2e.whole import Whole, whole_stack


@pytest.fixture(scope="package")
async def whole(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Whole]:
    """Servers, processes and clients of both APIs."""
    async with whole_stack(tmp_path_factory.mktemp("whole") / "stack") as running:
        yield running
