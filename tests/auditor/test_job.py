"""The job: in slices, where it left off, under the lease; a difference is kept until it is gone, healed on demand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from cli.devstack import Servers
from cli.migrate import REACTIONS
from contracts.audits import AuditSide, audits_view, heal_key
from projectors.auditor.healing import Places
from projectors.auditor.metrics import AuditMetrics
from projectors.auditor.plan import Pace
from projectors.auditor.store import AuditStore
from projectors.auditor.timed import AuditJob
from projectors.reactors.tasks import LeaseLost
from projectors.timers.lease import Lease
from runtime.clock import SystemClock
from runtime.postgres import create_pool
from tests.auditor.surroundings import Audited, audited_place
from tests.projectors.dumps import dump_wallets

EVENTS = 120
SLICE = 40
RUNS_MAX = 40
NOW = datetime(2026, 3, 1, tzinfo=UTC)
PERIOD_S = 3600.0


class Audits:
    """The job of one place, run by hand."""

    def __init__(self, audited: Audited, pool: Any) -> None:
        self.audited = audited
        self.store = AuditStore(pool)
        self.registry = CollectorRegistry()
        self.lease = Lease(pool, holder="test", clock=SystemClock(), lease_s=60.0)
        places = Places(audited.place.servers.redis_url, audited.place.lake_dir)
        metrics = AuditMetrics(self.registry)
        pace = Pace(PERIOD_S, SLICE)
        self.job = AuditJob(audited.auditor, audited.reader, self.store, places, pace, metrics)

    async def run(self, times: int = 1) -> None:
        """Run the job."""
        for _ in range(times):
            await self.job.run(NOW, self.lease)

    async def sweep(self) -> None:
        """Run until every side is swept."""
        for _ in range(RUNS_MAX):
            await self.run()
            states = (await self.store.states()).values()
            if all(state.cursor.sweep_low == 0 for state in states):
                return
        raise AssertionError(f"no sweep within {RUNS_MAX} runs: {states}")

    def metric(self, name: str, side: AuditSide) -> float | None:
        """Read a figure of a side."""
        return self.registry.get_sample_value(f"timers_audit_{name}", {"side": side})


@pytest.fixture
async def audits(servers: Servers, tmp_path: Path) -> AsyncIterator[Audits]:
    """A ledger, and the job that audits it."""
    async with audited_place(servers, tmp_path, seed=11, events=EVENTS) as audited:
        connection = audited.place.connection
        await connection.execute("CREATE SCHEMA reactions")
        await connection.execute((REACTIONS / "schema.sql").read_text(encoding="utf-8"))
        pool = await create_pool(audited.place.dsn_of("bursar_reactor"), application_name="tests", size_max=3)
        made = Audits(audited, pool)
        assert await made.lease.acquire()
        yield made
        await pool.close()


async def test_a_sweep_goes_down_in_slices_and_new_positions_come_first(audits: Audits) -> None:
    top = audits.audited.book.position
    await audits.run()
    states = await audits.store.states()
    assert {state.cursor.audited_to for state in states.values()} == {top}
    assert {state.cursor.sweep_low for state in states.values()} == {top - SLICE}
    await audits.audited.write(10)
    await audits.run(2)  # every second run goes on with the sweep
    new_top = audits.audited.book.position
    states = await audits.store.states()
    assert {state.cursor.audited_to for state in states.values()} == {new_top}
    assert {state.cursor.sweep_low for state in states.values()} == {top - 2 * SLICE}
    await audits.sweep()
    cursors = tuple(state.cursor for state in (await audits.store.states()).values())
    view = audits_view(cursors, (), 0)
    assert (view.state, view.last_run.position, view.last_run.differences) == ("sound", new_top, 0)
    assert all(cursor.swept_at == NOW and cursor.compared > 0 for cursor in cursors)
    assert audits.metric("position", "lake") == new_top


async def test_a_difference_is_kept_and_shown_until_it_is_gone(audits: Audits) -> None:
    account_id = next(iter(audits.audited.book.accounts))
    redis, key = audits.audited.place.redis, audits.audited.place.keys.account(account_id)
    before = await redis.hget(key, "posted_minor")
    await redis.hset(key, "posted_minor", "123456789")
    await audits.sweep()
    [difference] = await audits.store.differences()
    assert (difference.side, difference.account_id, difference.field) == ("redis", account_id, "posted_minor")
    assert (difference.found, difference.expected) == ("123456789", before.decode())
    assert difference.currency == audits.audited.book.accounts[account_id].currency
    assert audits.metric("differences", "redis") == 1
    await redis.hset(key, "posted_minor", before)
    await audits.run()
    assert await audits.store.differences() == []
    assert audits.metric("differences", "redis") == 0


async def test_a_repair_that_was_asked_for_is_made(audits: Audits) -> None:
    place = audits.audited.place
    before = await dump_wallets(place.redis, place.keys)
    account_id = next(iter(audits.audited.book.accounts))
    await place.redis.hset(place.keys.account(account_id), "held_minor", "5")
    await audits.sweep()
    assert len(await audits.store.differences()) == 1
    await place.redis.set(heal_key(place.ledger), "rita")
    await audits.run()
    assert await dump_wallets(place.redis, place.keys) == before
    assert await audits.store.differences() == []
    assert audits.registry.get_sample_value("timers_audit_heals_total", {"result": "healed"}) == 1


async def test_a_wrong_counter_is_found_at_the_end_of_a_sweep(audits: Audits) -> None:
    await audits.audited.place.redis.hincrby(audits.audited.place.keys.totals, "transfers", 1)
    await audits.sweep()
    [difference] = await audits.store.differences()
    assert (difference.subject, difference.field) == ("totals", "transfers")


async def test_a_side_that_is_away_waits_and_the_others_go_on(audits: Audits) -> None:
    place = audits.audited.place
    await place.redis.hset(place.keys.checkpoint, "fence", "rebuild")
    await audits.run()
    states = await audits.store.states()
    assert "emptied" in (states["redis"].cursor.waiting or "")
    assert states["lake"].cursor.waiting is None
    assert audits.metric("waiting", "redis") == 1
    await place.redis.hdel(place.keys.checkpoint, "fence")
    await audits.run()
    assert (await audits.store.states())["redis"].cursor.waiting is None


async def test_whoever_lost_the_lease_keeps_nothing(audits: Audits) -> None:
    state = (await audits.store.states())["book"]
    token, audits.lease.token = audits.lease.token, audits.lease.token - 1
    with pytest.raises(LeaseLost):
        await audits.store.keep(state, [], audits.lease)
    audits.lease.token = token
    assert await audits.store.keep(state, [], audits.lease) == []
