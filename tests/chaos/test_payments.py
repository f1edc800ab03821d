"""Counterparties that lie, processes killed at random: no payment is lost, none paid twice.

`BURSAR_SEED=123 bursar test tests/chaos/test_payments.py` makes the payments and pauses of a seed again.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Sequence

import pytest

from cli.devstack import DevStack
from command_api.risk.shelf import Shelf, Wish
from runtime.clock import SystemClock
from tests.chaos.payers import FINAL, WAITS_FOR_A_PERSON, Books, Payers, hostile_processes
from tests.e2e.whole import Whole
from tests.risk.rules import HEAD, rule

KILLED = ("reactors", "timers", "reactors", "command-api", "reactors", "relay", "bank", "cards")
KILLED_AFTERWARDS = ("reactors", "cards", "bank", "reactors")
PAUSE_S = (0.5, 2.0)
SETTLES_S = 5.0
RAIL_SETTLES_SHARE = 0.05
LEASE_S = 20  # a killed worker's tasks are free again after it

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


async def kill_one_by_one(stack: DevStack, victims: Sequence[str], chance: random.Random) -> None:
    """Kill processes with pauses; the supervisor starts each again."""
    for victim in victims:
        await asyncio.sleep(chance.uniform(*PAUSE_S))
        await stack.kill(victim)


@pytest.mark.parametrize("count", [200, pytest.param(2_000, marks=pytest.mark.chaos_long)])
async def test_payments_end_once_whatever_is_killed_and_whoever_lies(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    seed = int(os.environ.get("BURSAR_SEED") or random.randrange(2**32))
    print(f"seed {seed}")
    chance = random.Random(seed)
    folder = tmp_path_factory.mktemp("payments") / "stack"
    # So many payments of a few wallets look like fraud. Under these rules points never reach a challenge.
    monkeypatch.setenv("REACTORS_LEASE_S", str(LEASE_S))
    ask_nobody = Wish(
        ruleset=(HEAD + rule("is_new_payee")).encode(), model=None, by="tests", why="payments have to reach the rails"
    )
    await asyncio.to_thread(Shelf(folder / "risk").activate, ask_nobody, at=SystemClock().now())
    async with DevStack(folder, processes=hostile_processes(seed)) as stack:
        payers = Payers(stack, seed=seed)
        await payers.open_the_bank()
        paying = asyncio.create_task(payers.pay(count))
        await kill_one_by_one(stack, KILLED, chance)
        await paying
        books = Books(stack)
        wanting = asyncio.create_task(payers.want_back(await books.until_ended()))
        await kill_one_by_one(stack, KILLED_AFTERWARDS, chance)
        await wanting
        await payers.close()
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
    assert len(payments) == payers.sent == count
    assert [one for one in payments if one["state"] not in (*FINAL, *WAITS_FOR_A_PERSON) and not one["parked"]] == []
    assert states["sct_inst", "settled"] >= RAIL_SETTLES_SHARE * count
    assert states["card_psp", "settled"] >= RAIL_SETTLES_SHARE * count
    refunds = [refund["state"] for one in payments for refund in one["refunds"]]
    answers = [one["recall_answer"] for one in payments if one["recalled"]]
    print(Counter(refunds), Counter(answers))
    assert (len(refunds), len(answers)) == payers.wanted_back
    assert set(refunds) <= {"paid", "failed"}
    assert set(answers) <= {"accepted", "refused"}
    assert min(payers.wanted_back) > 0
