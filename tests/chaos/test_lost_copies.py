"""Redis, the stream and the lake are copies: each may be lost under traffic and is made again from the book."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from nats.aio.client import Client
from redis.asyncio import Redis

from contracts.subjects import stream_name
from runtime.jetstream import JetStreamRefused, connect_nats, first_sequence, last_sequence
from runtime.jetstream.api import call_api
from tests.chaos.customers import paying, until_paid
from tests.command_api.door import move, new_key
from tests.e2e.whole import LEDGER, Whole

WISHES_BETWEEN = 20
REBUILT_WITHIN_S = 30.0
POLL_S = 0.1

Answer = TypeVar("Answer")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]


async def test_redis_is_emptied(whole: Whole) -> None:
    """FLUSHALL: the model is built again by itself, while customers pay."""
    async with paying(whole, new_key()) as customers:
        await until_paid(customers, WISHES_BETWEEN)
        async with Redis.from_url(whole.stack.servers.redis_url) as redis:
            await redis.flushall()
        await until_paid(customers, WISHES_BETWEEN)
    assert await whole.failures() == []
    balance = await whole.ask(f"/v1/accounts/{customers.payee}/balance", min_position=1)
    assert balance["posted_minor"] == sum(wish.position is not None for wish in customers.wishes)
    assert balance["as_of"]["source"] == "read_model"


async def test_the_stream_is_deleted(whole: Whole) -> None:
    """The relay makes it again, from position 1, and the copies follow on."""
    async with paying(whole, new_key()) as customers:
        await until_paid(customers, WISHES_BETWEEN)
        await in_nats(whole, lambda nats: call_api(nats, f"STREAM.DELETE.{stream_name(LEDGER)}", {}))
        await until_paid(customers, WISHES_BETWEEN)
    await whole.until_sound()
    assert await in_nats(whole, lambda nats: first_sequence(nats, stream_name(LEDGER))) == 1


async def test_the_stream_is_deleted_while_nobody_pays(whole: Whole) -> None:
    """No failing publish tells the relay: it looks by itself."""
    await in_nats(whole, lambda nats: call_api(nats, f"STREAM.DELETE.{stream_name(LEDGER)}", {}))
    with pytest.raises(JetStreamRefused):
        await in_nats(whole, lambda nats: last_sequence(nats, stream_name(LEDGER)))
    await whole.until_sound()


async def test_the_stream_s_files_are_wiped_while_nats_is_down(whole: Whole) -> None:
    """Commands are taken all the while; NATS comes back empty and is filled again."""
    async with paying(whole, new_key()) as customers:
        await until_paid(customers, WISHES_BETWEEN)
        await whole.stack.servers.stop_one("nats")
        shutil.rmtree(whole.stack.servers.data.nats / "jetstream")
        await until_paid(customers, WISHES_BETWEEN)
        assert not [told for told in customers.summary() if told.startswith("unknown")]
        await whole.stack.servers.start_one("nats")
        await until_paid(customers, WISHES_BETWEEN)
    await whole.until_sound()


async def test_the_lake_is_deleted(whole: Whole) -> None:
    """The folder goes away under the projector; it is written again, and the reports with it."""
    async with paying(whole, new_key()) as customers:
        await until_paid(customers, WISHES_BETWEEN)
        gone = whole.lake.rename(whole.lake.with_suffix(".gone"))  # at once: the projector is writing in there
        await asyncio.to_thread(shutil.rmtree, gone)
        await until_paid(customers, WISHES_BETWEEN)
    assert await whole.failures() == []
    position = (await whole.send("/v1/transfers", move(customers.payer, customers.payee))).json()["position"]
    trial = await whole.ask("/v1/reports/trial-balance", min_position=position, currency="EUR")
    assert trial["as_of"]["source"] == "lake"


@pytest.mark.parametrize("name", ["nats", "relay", "projectors", "valkey"])
async def test_what_comes_after_the_book_may_be_away(whole: Whole, name: str) -> None:
    """Not one command waits for it; when it is back it catches up."""
    servers = whole.stack.servers
    async with paying(whole, new_key()) as customers:
        await servers.stop_one(name)
        await until_paid(customers, 3 * WISHES_BETWEEN)
        await servers.start_one(name)
    assert set(customers.summary()) == {"ok", "refused"}
    assert await whole.failures() == []


async def test_the_command_api_starts_while_nats_is_down(whole: Whole) -> None:
    """It takes commands at once; the relay publishes them when NATS is there."""
    servers = whole.stack.servers
    await servers.stop_one("nats")
    try:
        await servers.stop_one("command-api")
        async with asyncio.timeout(REBUILT_WITHIN_S):
            await servers.start_one("command-api")
        accounts = new_key(), new_key()
        await whole.open_accounts(*accounts)
        position = (await whole.send("/v1/transfers", move(*accounts))).json()["position"]
    finally:
        await servers.start_one("nats")
    async with asyncio.timeout(REBUILT_WITHIN_S):
        while await in_nats(whole, lambda nats: last_sequence(nats, stream_name(LEDGER))) < position:
            await asyncio.sleep(POLL_S)
    assert await whole.failures() == []


async def in_nats(whole: Whole, work: Callable[[Client], Awaitable[Answer]]) -> Answer:
    """Do something with a connection to NATS."""
    nats: Client = await connect_nats(whole.stack.servers.nats_url, name="tests", on_closed=lambda: None)
    try:
        return await work(nats)
    finally:
        await nats.close()
