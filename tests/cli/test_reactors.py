"""`bursar reactors`: what an operator sees and does, against a real table."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import pytest

from cli.options import CHECKOUT
from projectors.reactors.store import Planned, TaskStore
from projectors.reactors.tasks import Task
from runtime.postgres import create_pool
from tests.conftest import DsnOf


async def run(dsn: str, *arguments: str) -> tuple[int, str]:
    """Run the command as a user does; gives exit status and output."""
    import asyncio
    import sys

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "cli", "reactors", *arguments),
        cwd=CHECKOUT,
        env={"BURSAR_REACTIONS_DATABASE_URL": dsn, "PYTHONPATH": str(CHECKOUT), "PATH": ""},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


@pytest.fixture
async def parked(book_database: DsnOf) -> tuple[str, Any]:
    """A table with one parked task and one behind it."""
    dsn = book_database("bursar_reactor")
    pool = await create_pool(dsn, application_name="tests", size_max=2)
    store = TaskStore(pool)
    await store.begin_at("rails", 0)
    tasks = [Planned(at, 0, Task(kind="send", key="payment_1"), None) for at in (1, 2)]
    await store.take_in("rails", 1, 2, tasks)
    (turn,) = await store.claim(["rails"], 5, 60.0)
    await turn.begin("pacs.008")
    await store.park(turn, "no answer")
    await pool.close()
    return dsn, book_database("bursar_owner")


async def test_an_operator_lists_skips_and_resumes(parked: tuple[str, str]) -> None:
    dsn, owner = parked
    assert await run(dsn, "list") == (0, "rails: position 2, 1 waiting, 1 parked\n")
    status, text = await run(dsn, "parked")
    assert status == 1
    assert "rails 1.0  send of payment_1, parked" in text
    assert "1 behind it: no answer  It may have been sent" in text
    status, text = await run(dsn, "parked", "--json")
    assert (status, json.loads(text)[0]["behind"]) == (1, 1)
    assert (await run(dsn, "skip", "rails", "1.0"))[0] == 2  # a reason is required
    assert (await run(dsn, "skip", "rails", "one", "--reason", "x"))[0] == 1
    status, text = await run(dsn, "resume", "rails", "7.0")
    assert (status, "has no parked task 7.0" in text) == (1, True)
    assert await run(dsn, "resume", "rails", "--reason", "rail is back") == (0, "1 resumed\n")
    assert await run(dsn, "parked") == (0, "nothing is parked\n")

    connection = await asyncpg.connect(owner)
    kept = await connection.fetch("SELECT action, position, reason FROM reactions.interventions")
    await connection.close()
    assert [tuple(row) for row in kept] == [("resume", 1, "rail is back")]
