"""kill -9 of everything in turn while customers pay: what was said holds, what was not said is found out."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.chaos.customers import paying, until_paid
from tests.chaos.freezing import freeze
from tests.command_api.door import new_key
from tests.e2e.whole import Whole

PROCESSES = ("command-api", "relay", "projectors", "query-api")
SERVERS = ("postgres", "nats", "valkey")
ROUNDS = 60
FROZEN_S = 7.0  # longer than a client waits
PAUSES_S = (0.5, 2.0, 6.0)
WISHES_BETWEEN = 20

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


async def test_every_process_and_server_is_killed_once_under_traffic(whole: Whole) -> None:
    """Each comes back by itself; traffic goes on; the book agrees with every customer and with every copy."""
    async with paying(whole, new_key()) as customers:
        for name in (*PROCESSES, *SERVERS):
            await until_paid(customers, WISHES_BETWEEN)
            await whole.stack.kill(name)
        await until_paid(customers, WISHES_BETWEEN)
    assert any(told.startswith("unknown") for told in customers.summary()), "no kill was felt: the test proves nothing"
    assert await whole.failures() == []


async def test_the_command_api_is_killed_again_and_again(whole: Whole) -> None:
    """The moment between commit and answer is met sooner or later; the key finds out."""
    async with paying(whole, new_key()) as customers:
        for _ in range(4):
            await until_paid(customers, 5)
            await whole.stack.kill("command-api")
    assert any(told.startswith("unknown") for told in customers.summary())
    assert await whole.failures() == []


async def test_everything_at_once_is_killed(whole: Whole) -> None:
    """As when the machine loses power, as far as processes can tell."""
    async with paying(whole, new_key()) as customers:
        await until_paid(customers, WISHES_BETWEEN)
        pids = {name: await whole.stack.kill(name, wait=False) for name in (*SERVERS, *PROCESSES)}
        restarted = (whole.stack.supervisor.wait_restarted(name, after_pid=pid) for name, pid in pids.items())
        await asyncio.gather(*restarted)
        await until_paid(customers, WISHES_BETWEEN)
    assert await whole.failures() == []


async def test_a_frozen_book_costs_time_and_nothing_else(whole: Whole) -> None:
    """PostgreSQL stops answering without closing anything; clients are told in time and settle afterwards."""
    async with paying(whole, new_key()) as customers:
        await until_paid(customers, WISHES_BETWEEN)
        await freeze(whole, ["postgres"], FROZEN_S)
        await until_paid(customers, WISHES_BETWEEN)
    assert customers.summary()["unknown: outcome_unknown"] > 0
    assert await whole.failures() == []


@pytest.mark.chaos_long
@pytest.mark.timeout(3600)
async def test_many_rounds_of_random_faults(whole: Whole) -> None:
    """Kills and freezes at random, one or two at a time; the seed is in the output."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(ROUNDS // 10):
        async with paying(whole, new_key()) as customers:
            for _ in range(10):
                await until_paid(customers, chance.randrange(1, WISHES_BETWEEN))
                victims = chance.sample((*PROCESSES, *SERVERS), chance.choice((1, 1, 2)))
                if chance.random() < 0.7:
                    await asyncio.gather(*(whole.stack.kill(victim) for victim in victims))
                else:
                    await freeze(whole, victims, chance.choice(PAUSES_S))
                print(victims, customers.settled(), flush=True)
        print(dict(customers.summary()))
        assert await whole.failures() == []
