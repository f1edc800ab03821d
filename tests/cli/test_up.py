"""`bursar up --detach`, `status --json` and `down` with Bursar's real processes: what a newcomer and a script type."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.cli.conftest import bursar, bursar_json, processes_of

EVERYTHING = ["postgres", "nats", "valkey", "command-api", "relay", "projectors", "reactors", "timers", "query-api"]
READY_AGAIN_WITHIN_S = 60.0
POLL_S = 0.2


@pytest_asyncio.fixture(loop_scope="session")
async def stack(tmp_path: Path) -> AsyncIterator[Path]:
    """The folder of a detached stack without demo traffic; stopped afterwards whatever happened."""
    folder = tmp_path / "stack"
    code, output = await bursar("up", "--detach", "--no-demo", "--data-dir", str(folder))
    try:
        assert code == 0, output
        yield folder
    finally:
        await bursar("down", "--data-dir", str(folder))


@pytest.mark.slow
async def test_everything_is_ready_restarted_and_the_same_again(stack: Path) -> None:
    """Every process survives kill -9; `down` leaves none; the second `up` has the same addresses and book."""
    first = await status_of(stack)
    assert first["ready"]
    assert [process["name"] for process in first["processes"]] == EVERYTHING
    assert first["positions"]["book"] is not None
    for process in first["processes"]:
        os.kill(process["pid"], signal.SIGKILL)
    after = await _ready_again(stack)
    assert all(process["restarts"] >= 1 for process in after["processes"])
    assert after["addresses"] == first["addresses"]

    code, _ = await bursar("down", "--data-dir", str(stack))
    assert code == 0
    assert processes_of(stack) == []

    code, output = await bursar("up", "--detach", "--no-demo", "--data-dir", str(stack))
    assert code == 0, output
    again = await status_of(stack)
    assert again["addresses"] == first["addresses"]
    assert again["positions"]["book"] == after["positions"]["book"]


async def status_of(folder: Path) -> dict[str, Any]:
    """Return what `bursar status --json` prints."""
    _, status = await bursar_json("status", "--json", "--data-dir", str(folder))
    return status


async def _ready_again(folder: Path) -> dict[str, Any]:
    async with asyncio.timeout(READY_AGAIN_WITHIN_S):
        while not _was_restarted(status := await status_of(folder)):
            await asyncio.sleep(POLL_S)
    return status


def _was_restarted(status: dict[str, Any]) -> bool:
    positions = status["positions"]
    restarted = all(process["restarts"] >= 1 for process in status["processes"])
    return bool(status["ready"]) and restarted and positions["book"] is not None
