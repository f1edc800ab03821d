"""The ticker: while it holds the lease it runs each job when it is due, one run of a job at a time.

It sleeps for POLL_S on the monotonic clock and then asks what is due by the database's time. So nothing depends on a
sleep that ends at some moment of a clock that may jump: a tick is found in the table of runs, by what is missing there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import structlog

from projectors.apply import TargetUnreachable
from projectors.reactors.store import reachable
from projectors.reactors.tasks import LeaseLost
from projectors.timers.jobs import Job
from projectors.timers.lease import QUERIES, Lease
from projectors.timers.metrics import TimerMetrics
from projectors.timers.schedules import Sweep, newest_tick, ticks_between
from runtime.clock import Clock
from runtime.shutdown import Shutdown, end_all

POLL_S: Final = 0.25
CATCH_UP_TICKS: Final = 100  # per look; the next look takes the rest
RETRY_FIRST_S: Final = 1.0
RETRY_MAX_S: Final = 60.0
FINISH_WITHIN_S: Final = 6.0
KEPT_S: Final = 400 * 86_400.0
PRUNE_EVERY_S: Final = 3600.0

_log = structlog.get_logger(__name__)


class RunLog:
    """Which ticks were run. Every method raises TargetUnreachable."""

    def __init__(self, pool: Any, *, queries: Mapping[str, str] = QUERIES) -> None:
        """Use a pool of connections as bursar_reactor."""
        self._pool = pool
        self._queries = queries

    async def due(self, job: Job, lease: Lease) -> list[datetime]:
        """Return the ticks to run now, oldest first: what was begun and not ended, then what is missing."""
        assert not isinstance(job.schedule, Sweep)
        now = lease.now()
        with reachable():
            await self._pool.execute(self._queries["introduce_job"], job.name, now, lease.token)
            opened = await self._pool.fetch(self._queries["list_open_runs"], job.name, CATCH_UP_TICKS)
            newest = await self._pool.fetchval(self._queries["read_newest_run"], job.name)
        if job.missed == "each":
            missing = ticks_between(job.schedule, newest, now, limit=CATCH_UP_TICKS)
        else:
            last = newest_tick(job.schedule, newest, now)
            missing = [] if last is None else [last]
        return [row["due_at"] for row in opened] + missing

    async def begin(self, job: str, due_at: datetime, lease: Lease) -> bool:
        """Begin a tick under the lease; False when it was run already. Raises LeaseLost."""
        with reachable():
            begun = await self._pool.fetchval(self._queries["begin_run"], lease.name, lease.token, job, due_at)
        if begun is None:
            await lease.require()
        return begun is not None

    async def end(self, job: str, due_at: datetime, lease: Lease) -> None:
        """End a tick under the lease. Raises LeaseLost."""
        with reachable():
            ended = await self._pool.fetchval(self._queries["end_run"], lease.name, lease.token, job, due_at)
        if ended is None:
            raise LeaseLost(job)

    async def refused(self) -> dict[str, int]:
        """Count the subjects that wait because their command was refused, by job."""
        with reachable():
            return {row["job"]: row["refused"] for row in await self._pool.fetch(self._queries["count_refused"])}

    async def prune(self) -> None:
        """Forget what is older than KEPT_S."""
        with reachable():
            await self._pool.execute(self._queries["prune_runs"], KEPT_S)
            await self._pool.execute(self._queries["prune_refusals"], KEPT_S)


class Ticker:
    """Runs the given jobs while the lease is held."""

    def __init__(self, lease: Lease, runs: RunLog, jobs: Sequence[Job], *, metrics: TimerMetrics, clock: Clock) -> None:
        self._lease = lease
        self._runs = runs
        self._jobs = {job.name: job for job in jobs}
        if len(self._jobs) < len(jobs):
            raise ValueError(f"two jobs have the same name, and so would share their ticks: {[j.name for j in jobs]}")
        self._metrics = metrics
        self._clock = clock
        self._running: dict[str, asyncio.Task[None]] = {}
        self._not_before: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._prune_at = clock.monotonic()
        self.trouble: str | None = "PostgreSQL was not asked for the lease yet"

    async def run(self, shutdown: Shutdown) -> None:
        """Hold the lease when it can be had, and run what is due, until the process stops."""
        keeping = asyncio.create_task(self._keep_lease())
        try:
            while not shutdown.requested:
                if self._lease.held:
                    self._start_due()
                await self._rest(shutdown)
            if self._running:
                await asyncio.wait(self._running.values(), timeout=FINISH_WITHIN_S)
        finally:
            await self._drop_runs()
            await end_all([keeping])
            await self._give_up()

    async def why_not_ready(self) -> str | None:
        """Say what keeps the timers from running; None also while another process runs them."""
        return self.trouble

    async def _keep_lease(self) -> None:
        """Acquire and renew, for ever; ends by cancellation. When the lease is lost, what runs is stopped."""
        leading = False
        while True:  # ends by cancellation
            try:
                held = await (self._lease.renew() if self._lease.held else self._lease.acquire())
                self.trouble = None
            except TargetUnreachable as trouble:
                self.trouble = str(trouble)
                held = self._lease.held
            if held and not leading:
                _log.info("lease_acquired", token=self._lease.token)
                self._not_before.clear()
            elif leading and not held:
                _log.warning("lease_lost")
                await self._drop_runs()
            leading = held
            self._metrics.leader.set(held)
            if held and self.trouble is None:
                await self._look_after()
            await asyncio.sleep(self._lease.renew_every_s)

    async def _look_after(self) -> None:
        """Show what waits after a refusal, and forget what is old. A failure of that must not cost the lease."""
        try:
            refused = await self._runs.refused()
            if self._clock.monotonic() >= self._prune_at:
                self._prune_at = self._clock.monotonic() + PRUNE_EVERY_S
                await self._runs.prune()
        except TargetUnreachable as trouble:
            _log.warning("timers_unknown", detail=str(trouble))
            return
        for name in {*self._jobs, *refused}:
            self._metrics.refused.labels(name).set(refused.get(name, 0))

    def _start_due(self) -> None:
        now = self._clock.monotonic()
        for name, job in self._jobs.items():
            running = self._running.get(name)
            if (running is None or running.done()) and now >= self._not_before.get(name, now):
                self._running[name] = asyncio.create_task(self._run(job), name=f"timer {name}")

    async def _run(self, job: Job) -> None:
        """Run a job if it is due, and say when to look again."""
        pause_s = job.schedule.every_s if isinstance(job.schedule, Sweep) else POLL_S
        try:
            ended = await self.run_due(job)
        except LeaseLost:
            self._metrics.runs.labels(job.name, "fenced").inc()
            _log.warning("run_fenced", job=job.name)
        except Exception as error:  # one job must not stop the others; it is tried again, and the alert says so
            failures = self._failures[job.name] = self._failures.get(job.name, 0) + 1
            pause_s = min(RETRY_FIRST_S * 2.0 ** min(failures - 1, 16), RETRY_MAX_S)
            self._metrics.runs.labels(job.name, "failed").inc()
            self._metrics.failing.labels(job.name).set(failures)
            unexpected = None if isinstance(error, TargetUnreachable) else error
            _log.error("run_failed", job=job.name, detail=type(error).__name__, retry_s=pause_s, exc_info=unexpected)
        else:
            self._failures[job.name] = 0
            self._metrics.failing.labels(job.name).set(0)
            self._metrics.runs.labels(job.name, "ended").inc(ended)
            self._metrics.ended_at.labels(job.name).set(self._clock.now().timestamp())
        self._not_before[job.name] = self._clock.monotonic() + pause_s

    async def run_due(self, job: Job) -> int:
        """Run a job for each tick that is due; return how many runs ended. Raises LeaseLost and what the job raises."""
        if isinstance(job.schedule, Sweep):
            await self._lease.require()
            await job.run(self._lease.now(), self._lease)
            return 1
        ended = 0
        for due_at in await self._runs.due(job, self._lease):
            if await self._runs.begin(job.name, due_at, self._lease):
                await job.run(due_at, self._lease)
                await self._runs.end(job.name, due_at, self._lease)
                ended += 1
        return ended

    async def _rest(self, shutdown: Shutdown) -> None:
        try:
            async with asyncio.timeout(POLL_S):
                await shutdown.wait()
        except TimeoutError:
            return

    async def _drop_runs(self) -> None:
        await end_all(self._running.values())
        self._running.clear()

    async def _give_up(self) -> None:
        try:
            await self._lease.give_up()
        except TargetUnreachable as trouble:
            _log.warning("lease_kept", detail=str(trouble))
        self._metrics.leader.set(0)
