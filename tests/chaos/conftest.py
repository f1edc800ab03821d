"""One whole stack for the faults; every test leaves it sound. The long tests run only with `-m chaos_long`."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.e2e.whole import Whole, whole_stack

LONG = "chaos_long"


def pytest_configure(config: pytest.Config) -> None:
    """Name the marker of this folder."""
    config.addinivalue_line("markers", f"{LONG}: many rounds of faults; runs only when asked for with -m {LONG}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long tests out unless the marker is asked for."""
    if LONG in (config.option.markexpr or ""):
        return
    left_out = [item for item in items if item.get_closest_marker(LONG)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="package")
async def whole(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Whole]:
    """Servers, processes and clients of both APIs."""
    async with whole_stack(tmp_path_factory.mktemp("chaos") / "stack") as running:
        yield running
