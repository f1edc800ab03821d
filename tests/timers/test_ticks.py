"""Each tick of a schedule has its effect once, whatever happens to the schedulers and to the clock."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from projectors.reactors.tasks import LeaseLost
from projectors.timers.jobs import Fence, Job
from projectors.timers.lease import QUERIES
from projectors.timers.metrics import TimerMetrics
from projectors.timers.schedules import Every, Sweep
from projectors.timers.ticker import RunLog, Ticker
from runtime.clock import SystemClock
from tests.timers.clocks import JumpingLease, lease_of, run_out

HOUR = timedelta(hours=1)
MINUTELY = Every(seconds=60)
ONE_MINUTE = timedelta(minutes=1)
FENCED = " AND expires_at > now() FOR SHARE"


class Effects:
    """What a job did, once per tick that it was run for."""

    def __init__(self) -> None:
        self.ticks: list[datetime] = []
        self.fail_at: datetime | None = None

    async def run(self, due_at: datetime, fence: Fence) -> None:
        if due_at == self.fail_at:
            self.fail_at = None
            raise RuntimeError("planted")
        self.ticks.append(due_at)

    def job(self, missed: Any = "each", schedule: Any = MINUTELY) -> Job:
        return Job(name="minutely", schedule=schedule, run=self.run, missed=missed)


def ticker_of(lease: JumpingLease, runs: RunLog, *jobs: Job) -> Ticker:
    return Ticker(lease, runs, jobs, metrics=TimerMetrics(CollectorRegistry()), clock=SystemClock())


async def introduced(pool: Any, lease: JumpingLease, job: Job) -> tuple[RunLog, Ticker, datetime]:
    """A job that was introduced just now; gives that moment."""
    runs = RunLog(pool)
    ticker = ticker_of(lease, runs, job)
    assert await lease.acquire()
    lease.to_mid_minute()
    begin = lease.now()
    assert await ticker.run_due(job) == 0
    return runs, ticker, begin


async def test_nothing_before_a_job_was_introduced_is_due(pool: Any) -> None:
    effects = Effects()
    await introduced(pool, lease_of(pool, "a"), effects.job())
    assert effects.ticks == []


@pytest.mark.parametrize(("missed", "expected"), [("each", 5), ("last", 1)])
async def test_missed_ticks_are_caught_up_or_coalesced_as_the_job_says(pool: Any, missed: str, expected: int) -> None:
    effects = Effects()
    lease = lease_of(pool, "a")
    job = effects.job(missed)
    _, ticker, begin = await introduced(pool, lease, job)
    lease.ahead = 5 * ONE_MINUTE

    assert await ticker.run_due(job) == expected
    assert await ticker.run_due(job) == 0
    assert effects.ticks[-1] > begin + 4 * ONE_MINUTE
    assert len(set(effects.ticks)) == len(effects.ticks) == expected


async def test_a_clock_that_jumps_an_hour_ahead_and_back_repeats_nothing(pool: Any) -> None:
    effects = Effects()
    lease = lease_of(pool, "a")
    job = effects.job()
    _, ticker, begin = await introduced(pool, lease, job)
    for ahead in (HOUR, timedelta(), -HOUR, timedelta(), HOUR + 2 * ONE_MINUTE):
        lease.ahead = ahead
        await ticker.run_due(job)

    assert Counter(effects.ticks).most_common(1)[0][1] == 1
    assert effects.ticks == sorted(effects.ticks)
    span = effects.ticks[-1] - effects.ticks[0]
    assert span / ONE_MINUTE == len(effects.ticks) - 1  # none left out
    assert begin < effects.ticks[0] <= begin + ONE_MINUTE


async def test_a_sweep_goes_on_while_the_clock_is_put_back(pool: Any) -> None:
    effects = Effects()
    lease = lease_of(pool, "a")
    job = effects.job(schedule=Sweep(every_s=1))
    ticker = ticker_of(lease, RunLog(pool), job)
    assert await lease.acquire()
    for ahead in (HOUR, timedelta(), -HOUR):
        lease.ahead = ahead
        assert await ticker.run_due(job) == 1


async def test_a_tick_that_was_begun_and_not_ended_is_taken_over(pool: Any, owner: Any) -> None:
    effects = Effects()
    dead, heir = lease_of(pool, "dead"), lease_of(pool, "heir")
    job = effects.job()
    runs, _, begin = await introduced(pool, dead, job)
    tick = begin.replace(second=0, microsecond=0) + ONE_MINUTE
    assert await runs.begin(job.name, tick, dead)  # and there it died
    await run_out(owner)
    assert await heir.acquire()
    heir.base, heir.ahead = dead.base, 2 * ONE_MINUTE

    assert await ticker_of(heir, runs, job).run_due(job) >= 1
    assert effects.ticks[0] == tick
    assert Counter(effects.ticks)[tick] == 1


async def test_a_job_that_fails_is_run_again_for_the_same_tick_and_in_order(pool: Any) -> None:
    effects = Effects()
    lease = lease_of(pool, "a")
    job = effects.job()
    _, ticker, begin = await introduced(pool, lease, job)
    lease.ahead = 3 * ONE_MINUTE
    effects.fail_at = begin.replace(second=0, microsecond=0) + 2 * ONE_MINUTE

    with pytest.raises(RuntimeError, match="planted"):
        await ticker.run_due(job)
    await ticker.run_due(job)

    assert effects.ticks == sorted(set(effects.ticks))
    assert len(effects.ticks) == 3


async def oversleep(pool: Any, owner: Any, runs: RunLog) -> Effects:
    """A holder is frozen between its decision and its first word; meanwhile another does the tick."""
    effects = Effects()
    sleeper, heir = lease_of(pool, "sleeper"), lease_of(pool, "heir")
    job = effects.job()
    await introduced(pool, sleeper, job)
    heir.base = sleeper.base
    sleeper.ahead = heir.ahead = ONE_MINUTE
    (tick,) = await runs.due(job, sleeper)
    await run_out(owner)
    assert await heir.acquire()
    if await runs.begin(job.name, tick, sleeper):
        await job.run(tick, sleeper)
    await ticker_of(heir, RunLog(pool), job).run_due(job)
    return effects


async def test_a_holder_that_wakes_too_late_is_refused_by_the_token(pool: Any, owner: Any) -> None:
    with pytest.raises(LeaseLost):
        await oversleep(pool, owner, RunLog(pool))


async def test_without_the_token_in_the_statement_a_tick_has_its_effect_twice(pool: Any, owner: Any) -> None:
    careless = QUERIES["begin_run"].replace(
        "WHERE name = $1 AND token = $2" + FENCED, "WHERE name = $1 AND $2::bigint > 0"
    )
    careless = careless.replace("run.token <=", "0 <")
    assert careless != QUERIES["begin_run"], "the statement changed: plant the fault anew"

    effects = await oversleep(pool, owner, RunLog(pool, queries={**QUERIES, "begin_run": careless}))

    assert max(Counter(effects.ticks).values()) == 2
