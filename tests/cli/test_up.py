"""`bursar up --detach`, `status --json` and `down` with Bursar's real processes: what a newcomer and a script type."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from cli.client import open_client
from tests.cli.conftest import bursar, bursar_json, processes_of

EVERYTHING = [
    *("postgres", "nats", "valkey", "identity", "command-api", "relay", "projectors", "reactors", "timers"),
    "query-api",
]
READY_AGAIN_WITHIN_S = 60.0
SEEN_WITHIN_S = 120.0  # under a minute on a quiet machine
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


@pytest.mark.slow
async def test_with_the_demo_the_business_is_seen_within_a_minute(tmp_path: Path) -> None:
    """Simulated counterparties beside Bursar, and payments that settle, are refused and wait, all by themselves."""
    folder = tmp_path / "stack"
    try:
        code, output = await bursar("up", "--detach", "--seed", "3", "--data-dir", str(folder))
        assert code == 0, output
        assert "test bank" in output
        status = await status_of(folder)
        names = [process["name"] for process in status["processes"]]
        assert names == [*EVERYTHING[:3], "bank", "cards", *EVERYTHING[3:], "demo"]
        async with asyncio.timeout(SEEN_WITHIN_S):
            while not {"ACSC", "RJCT", "CANC", "ACSP"} <= await _payment_statuses(folder, status):
                await asyncio.sleep(POLL_S)
    finally:
        await bursar("down", "--data-dir", str(folder))


async def _payment_statuses(folder: Path, status: dict[str, Any]) -> set[str]:
    token = (folder / "token").read_text(encoding="ascii")
    async with open_client(status["addresses"]["query_api"], lambda: token) as queries:
        answer = (await queries.get("/v1/payments", {"limit": 200})).require()
    return {payment["status"] for payment in msgspec.json.decode(answer.content)["payments"]}
