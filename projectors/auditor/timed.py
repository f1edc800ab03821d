"""The job as the timers run it: once a second a slice of each side, and a repair when somebody asked for one."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog
from msgspec.structs import replace
from nats.errors import Error as NatsError
from redis.exceptions import RedisError

from contracts.audits import AuditDifference, AuditSide, heal_key
from projectors.apply import Fenced
from projectors.auditor.auditing import Auditor, Waiting
from projectors.auditor.healing import Healed, HealRefused, Places, heal
from projectors.auditor.metrics import AuditMetrics
from projectors.auditor.plan import REACH_TIMEOUT_S, Pace, is_late
from projectors.auditor.reading import BookReader
from projectors.auditor.store import AuditStore
from projectors.auditor.sweeping import SideState, Step, take_step
from projectors.book import BookUnreachable
from projectors.timers.jobs import Fence, Job
from projectors.timers.registry import Supplies
from projectors.timers.schedules import Sweep
from runtime.jetstream import JetStreamRefused

NAME: Final = "audit"
EVERY_S: Final = 1.0
OFF_EVERY_S: Final = 3600.0
HEALED_SIDES: Final[dict[str, AuditSide]] = {"stream": "stream", "lake": "lake", "desk": "redis", "wallets": "redis"}

_log = structlog.get_logger(__name__)


class AuditJob:
    """Audits while it holds the lease. One slice of each side per run bounds what it costs the process."""

    def __init__(
        self, auditor: Auditor, book: BookReader, store: AuditStore, places: Places, pace: Pace, metrics: AuditMetrics
    ) -> None:
        self._auditor = auditor
        self._book = book
        self._store = store
        self._places = places
        self._pace = pace
        self._metrics = metrics
        self._sweep_first = False

    async def run(self, now: datetime, fence: Fence) -> None:
        """Look at every side once. Raises LeaseLost, TargetUnreachable."""
        await self._heal_if_asked(now, fence)
        self._sweep_first = not self._sweep_first
        for state in (await self._store.states()).values():
            await fence.require()
            await self._look(state, now, fence)
        for side, count in (await self._store.counts()).items():
            self._metrics.differences.labels(side).set(count)

    async def _look(self, state: SideState, now: datetime, fence: Fence) -> None:
        side = state.cursor.side
        steps: list[Step] = []
        try:
            steps += await self._recheck(side)
            state, taken = await take_step(
                self._auditor, self._book, state, self._pace, now=now, sweep_first=self._sweep_first
            )
            steps += taken
        except (Waiting, BookUnreachable) as reason:
            if state.cursor.waiting is None:
                _log.warning("audit_waiting", side=side, detail=str(reason))
            state = state._replace(cursor=replace(state.cursor, looked_at=now, waiting=str(reason)))
        new = await self._store.keep(state, steps, fence)
        self._say(new)
        self._show(state, steps, now)

    async def _recheck(self, side: AuditSide) -> list[Step]:
        """Look again at what differed, longest ago first: whoever repairs it need not wait for the next sweep."""
        known = await self._store.slice_to_recheck(side)
        if known is None or known[1] > await self._auditor.reached(side):
            return []
        found = await self._auditor.audit(side, *known)
        return [Step(side, *known, found.compared, found.differences)]

    async def _heal_if_asked(self, now: datetime, fence: Fence) -> None:
        try:
            async with asyncio.timeout(self._auditor.reach_within_s):
                client = await self._auditor.redis()
                asked = await client.getdel(heal_key(self._auditor.ledger))
        except (RedisError, TimeoutError) as fault:
            _log.warning("audit_requests_unread", detail=type(fault).__name__)
            return
        if asked is None:
            return
        differences = await self._store.differences()
        await fence.require()
        try:
            healed = await heal(self._auditor, self._book, differences, self._places)
        except HealRefused as refused:
            self._metrics.heals.labels("refused").inc()
            _log.error("heal_refused", by=asked.decode(errors="replace"), detail=str(refused))
        except (RedisError, NatsError, JetStreamRefused, OSError, BookUnreachable, Fenced) as fault:
            self._metrics.heals.labels("failed").inc()
            _log.error("heal_failed", by=asked.decode(errors="replace"), detail=type(fault).__name__)
        else:
            self._metrics.heals.labels("healed").inc()
            _log.info("heal_done", by=asked.decode(errors="replace"), **healed._asdict())
            await self._begin_again(healed, now, fence)

    async def _begin_again(self, healed: Healed, now: datetime, fence: Fence) -> None:
        """Sweep what was built again from its newest position, whenever that is there."""
        states = await self._store.states()
        for side in {HEALED_SIDES[model] for model in healed.rebuilt}:
            cursor = replace(states[side].cursor, sweep_began_at=None, looked_at=now)
            await self._store.keep(SideState(cursor, Counter()), [], fence)

    def _say(self, new: list[AuditDifference]) -> None:
        """Log what was not known before: names and places, never values, which may be a customer's."""
        for one in new:
            _log.error(
                "audit_difference",
                side=one.side,
                model=one.model,
                subject=one.subject,
                field=one.field,
                position=one.position,
                account_id=one.account_id,
                currency=one.currency,
            )

    def _show(self, state: SideState, steps: list[Step], now: datetime) -> None:
        cursor = state.cursor
        metrics = self._metrics
        late = cursor.skipped > 0 or is_late(cursor, now=now, period_s=self._pace.period_s)
        metrics.position.labels(cursor.side).set(cursor.audited_to)
        metrics.to_sweep.labels(cursor.side).set(cursor.sweep_low)
        metrics.waiting.labels(cursor.side).set(cursor.waiting is not None)
        metrics.late.labels(cursor.side).set(late)
        metrics.compared.labels(cursor.side).inc(sum(step.compared for step in steps))


def build(supplies: Supplies) -> Job:
    """Build the job for the timers' registry; without the addresses of the copies it only says that it is off."""
    settings = supplies.settings
    if settings.redis_url is None or settings.nats_url is None or settings.lake_dir is None:
        return Job(name=NAME, schedule=Sweep(every_s=OFF_EVERY_S), run=_off)
    book = BookReader(supplies.pool, ledger=settings.ledger)
    lake_dir = Path(settings.lake_dir)
    auditor = Auditor(
        book,
        redis_url=settings.redis_url,
        nats_url=settings.nats_url,
        lake_dir=lake_dir,
        reach_within_s=REACH_TIMEOUT_S,
    )
    job = AuditJob(
        auditor,
        book,
        AuditStore(supplies.pool),
        Places(settings.redis_url, lake_dir),
        Pace(settings.audit_period_s, settings.audit_events_per_s),
        AuditMetrics(supplies.metrics.registry),
    )
    return Job(name=NAME, schedule=Sweep(every_s=EVERY_S), run=job.run, close=auditor.close)


async def _off(now: datetime, fence: Fence) -> None:
    _log.warning("audit_off", detail="set TIMERS_REDIS_URL, TIMERS_NATS_URL and TIMERS_LAKE_DIR to audit the copies")
