"""When the book is slow or out of reach: a clear answer in bounded time, and the key finds out the rest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx2
import pytest

from command_api.desk import COMMAND_WAIT_S
from tests.command_api.conftest import OpenDoor
from tests.command_api.door import Door, item, move, new_key, problem_in

AT_ONCE_S = 2.0  # generous for a shared machine; the commands that wait take longer
CALLERS = 20


@asynccontextmanager
async def book_locked(door: Door) -> AsyncIterator[None]:
    """Hold the head's lock, as another writer does, so that no commit gets through."""
    connection = await asyncpg.connect(door.dsn_of("bursar_owner"))
    try:
        async with connection.transaction():
            await connection.execute("SELECT position FROM head FOR UPDATE")
            yield
    finally:
        await connection.close()


def retry_after_s(answer: httpx2.Response) -> int:
    """What the answer asks to wait."""
    return int(answer.headers["retry-after"])


async def test_a_full_queue_is_said_at_once_and_the_same_key_works_later(own_door: OpenDoor) -> None:
    """503 `queue_full` with Retry-After; what was taken is answered when the book moves again; nothing twice."""
    async with own_door(commands_waiting_max=2) as door:
        await door.open_accounts("a", "b")
        keys = [new_key() for _ in range(CALLERS)]
        async with book_locked(door):
            asked = {key: asyncio.create_task(door.post("/v1/transfers", move("a", "b"), key=key)) for key in keys}
            done, waiting = await asyncio.wait(asked.values(), timeout=AT_ONCE_S)
            assert len(waiting) >= 2
            assert len(done) >= CALLERS - 6  # one commit in flight, perhaps one decided ahead, two waiting
            for task in done:
                assert problem_in(task.result(), status=503, code="queue_full")["retryable"] is True
                assert retry_after_s(task.result()) >= 1
        for task in waiting:
            assert (await task).status_code == 201
        for key in keys:
            assert (await door.post("/v1/transfers", move("a", "b"), key=key)).status_code == 201
        booked = [event["key"] for event in await door.events_of_keys(*keys)]
        assert sorted(booked) == sorted(keys)


async def test_a_batch_that_does_not_fit_the_queue_is_refused_whole(own_door: OpenDoor) -> None:
    """None of it is taken, so "nothing happened" is true."""
    async with own_door(commands_waiting_max=5) as door:
        await door.open_accounts("a", "b")
        items = [item("post_transfer", move("a", "b")) for _ in range(5)]
        async with book_locked(door):
            first = [asyncio.create_task(door.post("/v1/transfers", move("a", "b"))) for _ in range(6)]
            await asyncio.wait(first, timeout=0.5)
            refused = await door.post("/v1/batches", {"commands": items})
            problem_in(refused, status=503, code="queue_full")
        assert [(await task).status_code for task in first].count(201) >= 2
        assert await door.events_of_keys(*(one["idempotency_key"] for one in items)) == []
        assert (await door.post("/v1/batches", {"commands": items})).json()["accepted"] == len(items)


@pytest.mark.slow
async def test_a_book_that_does_not_answer_makes_the_outcome_unknown_in_time(own_door: OpenDoor) -> None:
    """503 `outcome_unknown` after COMMAND_WAIT_S; the same key then finds out, with one effect."""
    async with own_door() as door:
        await door.open_accounts("a", "b")
        key = new_key()
        async with book_locked(door):
            began = time.monotonic()
            answer = await door.post("/v1/transfers", move("a", "b"), key=key)
            assert COMMAND_WAIT_S - 0.5 < time.monotonic() - began < COMMAND_WAIT_S + AT_ONCE_S
            problem = problem_in(answer, status=503, code="outcome_unknown")
            assert problem["retryable"] is True
            assert retry_after_s(answer) >= 1
        assert (await door.post("/v1/transfers", move("a", "b"), key=key)).status_code == 201
        assert len(await door.events_of_keys(key)) == 1


async def test_a_lost_connection_to_the_book_is_made_again(own_door: OpenDoor) -> None:
    """Every session of the process is ended under load: each command still has exactly one effect."""
    async with own_door() as door:
        await door.open_accounts("a", "b")
        keys = [new_key() for _ in range(200)]
        asked = [asyncio.create_task(door.post("/v1/transfers", move("a", "b"), key=key)) for key in keys]
        admin = await asyncpg.connect(door.dsn_of("postgres"))
        try:
            for _ in range(5):
                await admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND usename = 'bursar_writer'"
                )
                await asyncio.sleep(0.05)
        finally:
            await admin.close()
        for answer in await asyncio.gather(*asked):
            assert answer.status_code == 201 or problem_in(answer, status=503), answer.text
        for key in keys:
            assert (await door.post("/v1/transfers", move("a", "b"), key=key)).status_code == 201
        booked = [event["key"] for event in await door.events_of_keys(*keys)]
        assert sorted(booked) == sorted(keys)


async def test_the_process_starts_and_takes_commands_without_nats(own_door: OpenDoor) -> None:
    """PostgreSQL decides; the stream is a window that opens later."""
    async with own_door(nats_url="nats://127.0.0.1:9") as door:
        await door.open_accounts("a", "b")
        answer = await door.post("/v1/transfers", move("a", "b"))
        assert answer.status_code == 201
        assert await door.stop() == 0


async def test_two_doors_to_one_book_keep_one_order(own_door: OpenDoor) -> None:
    """Both take commands on the same accounts and share the keys: no hole, no effect twice, the balance exact."""
    async with own_door() as left, own_door() as right:
        await left.open_accounts("a", "b")
        keys = [new_key() for _ in range(100)]
        answers = await asyncio.gather(
            *(door.post("/v1/transfers", move("a", "b"), key=key) for key in keys for door in (left, right))
        )
        assert {answer.status_code for answer in answers} == {201}
        by_key = [answers[at : at + 2] for at in range(0, len(answers), 2)]
        assert all(one.content == other.content for one, other in by_key)
        events = await left.events_of_keys(*keys)
        assert sorted(event["key"] for event in events) == sorted(keys)
        assert max(event["data"]["postings"][1]["posted_minor"] for event in events) == len(keys)
