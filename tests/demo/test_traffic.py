"""The demo's traffic: everything a fintech does, in a way that never harms the book, whatever happens to the stack."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from datetime import UTC, datetime

import msgspec

from cli.client import BursarClient
from cli.demo.payments import ON_RAILS, PLOTS
from cli.demo.people import People, speaking
from cli.demo.seed import seed
from cli.demo.traffic import Traffic, run_traffic
from cli.devstack import DevStack
from cli.options import CHECKOUT, child_environment
from runtime.clock import FixedClock
from runtime.shutdown import Shutdown

FAST_PER_S = 10_000.0
WISHES = 400
KINDS = {
    *("purchase", "transfer_with_fee", "top_up", "payout"),
    *("hold", "hold_end", "reversal", "too_much", "replay"),
    *PLOTS,
}
EXPECTED_REFUSALS = {
    *("refused:insufficient_funds", "refused:transfer_already_reversed", "refused:hold_already_expired"),
    "refused:authorisation_differs",
    # Wanted back before its rail has settled it, or after the rail has given it back by itself.
    *("refused:payment_state_conflict", "refused:recall_not_possible", "refused:refund_exceeds_payment"),
}
MIDDLE_WITHIN_S = 30.0


async def book_position(queries: BursarClient) -> int:
    """The position of the newest event."""
    status = (await queries.get("/v1/status")).require()
    position: int = msgspec.json.decode(status.content)["book"]["position"]
    return position


async def balances(queries: BursarClient, position: int) -> dict[str | None, int]:
    """Debits less credits by account; a currency's total is under None."""
    params: dict[str, str | int] = {"min_position": position, "wait_ms": 10_000}
    report = (await queries.get("/v1/reports/trial-balance", params, accept="application/json")).require()
    return {row[4]: row[7] for row in msgspec.json.decode(report.content)["rows"]}


async def test_traffic_does_everything_and_keeps_the_book_in_balance(people: People, queries: BursarClient) -> None:
    """Each kind happens, some are refused for want of money, replays are known as such, no wallet is below zero."""
    await seed(people)
    traffic = Traffic(people, seed=1)
    await run_traffic(traffic, Shutdown(), rate_per_s=FAST_PER_S, wishes_max=WISHES)
    assert traffic.wishes == WISHES
    assert set(traffic.counts) >= KINDS
    refusals = {name for name in traffic.counts if name.startswith("refused:")}
    assert "refused:insufficient_funds" in refusals
    assert refusals <= EXPECTED_REFUSALS
    assert traffic.counts["replayed"] == traffic.counts["replay"]
    after = await balances(queries, await book_position(queries))
    assert after[None] == 0
    assert max(minor for account_id, minor in after.items() if account_id and account_id.startswith("customers:")) <= 0


async def test_the_same_seed_makes_the_same_wishes(demo_stack: DevStack) -> None:
    """A second run with the same seed at the same time is nothing but replays."""
    clock = FixedClock(datetime.now(UTC))
    counts = []
    async with speaking(demo_stack.url("command-api"), demo_stack.servers.data, clock=clock) as people:
        await seed(people)
        for _ in range(2):
            traffic = Traffic(people, seed=2)
            await run_traffic(traffic, Shutdown(), rate_per_s=FAST_PER_S, wishes_max=100)
            counts.append(traffic.counts)
            assert traffic.counts["purchase"] > 0
    answered = {name: count for name, count in counts[0].items() if name != "replayed"}
    assert {name: count for name, count in counts[1].items() if name != "replayed"} == answered
    assert counts[1]["replayed"] > 80


async def test_without_counterparties_nothing_is_sent_to_them(people: People) -> None:
    """As beside `bursar up --no-demo`: payments stay inside the ledger."""
    await seed(people)
    traffic = Traffic(people, seed=3, has_rails=False)
    await run_traffic(traffic, Shutdown(), rate_per_s=FAST_PER_S, wishes_max=60)
    assert not ON_RAILS & set(traffic.counts)
    assert traffic.counts["pay_friend"] > 0


async def test_traffic_goes_on_after_the_command_api_was_killed(demo_stack: DevStack) -> None:
    """`bursar demo run`, as the stack starts it, waits for the restart and repeats under the same keys."""
    argv = ["--data-dir", str(demo_stack.servers.data.path), "--rate", "50", "--wishes", "200"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "cli", "demo", "run", *argv), env=child_environment(), cwd=CHECKOUT, stderr=PIPE
    )
    assert process.stderr is not None
    seeded = await asyncio.wait_for(process.stderr.readline(), MIDDLE_WITHIN_S)
    assert b"seeded" in seeded
    await demo_stack.kill("command-api")
    log = (await asyncio.wait_for(process.stderr.read(), 2 * MIDDLE_WITHIN_S)).decode()
    assert await process.wait() == 0, log
    assert "retry" in log
    assert "made 200 wishes" in log


async def test_the_demo_stops_when_it_is_told_to(demo_stack: DevStack) -> None:
    """SIGTERM, as the supervisor sends it, ends it in order and at once."""
    argv = ["demo", "run", "--data-dir", str(demo_stack.servers.data.path)]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "cli", *argv), env=child_environment(), cwd=CHECKOUT, stderr=PIPE
    )
    assert process.stderr is not None
    await asyncio.wait_for(process.stderr.readline(), MIDDLE_WITHIN_S)
    process.terminate()
    log = (await asyncio.wait_for(process.stderr.read(), MIDDLE_WITHIN_S)).decode()
    assert await process.wait() == 0
    assert "made " in log
