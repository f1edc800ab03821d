"""Two thousand payments, counterparties that lie, processes killed at random: nothing is lost, nothing paid twice."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from cli.devstack import DevStack
from tests.chaos.payers import FINAL, WAITS_FOR_A_PERSON, Books, Payers, hostile_processes
from tests.e2e.whole import Whole

PAYMENTS = 2_000
KILLED = ("reactors", "timers", "reactors", "command-api", "reactors", "relay", "bank", "cards")
PAUSE_S = (0.5, 2.0)
SETTLES_S = 5.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


async def test_payments_end_once_whatever_is_killed_and_whoever_lies(tmp_path_factory: pytest.TempPathFactory) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    async with DevStack(tmp_path_factory.mktemp("payments") / "stack", processes=hostile_processes(seed)) as stack:
        payers = Payers(stack, seed=seed)
        await payers.open_the_bank()
        paying = asyncio.create_task(payers.pay(PAYMENTS))
        for victim in KILLED:
            await asyncio.sleep(chance.uniform(*PAUSE_S))
            await stack.kill(victim)
        await paying
        await payers.close()
        books = Books(stack)
        await books.until_ended()
        await asyncio.sleep(SETTLES_S)  # messages that are late on purpose may still contradict
        payments = await books.until_ended()
        violations = await books.violations(payments)
        whole = Whole(stack)
        async with whole.commands, whole.queries:
            await whole.until_sound()

    states = Counter((one["rail"], one["state"]) for one in payments)
    print(dict(states))
    assert violations == []
    assert len(payments) == payers.sent == PAYMENTS
    assert [one for one in payments if one["state"] not in (*FINAL, *WAITS_FOR_A_PERSON) and not one["parked"]] == []
    assert states["sct_inst", "settled"] > 100
    assert states["card_psp", "settled"] > 100
