"""When a job is due: pure functions of instants, in UTC, the same in every process.

The rules of calendars are APScheduler's triggers. Its scheduler is not used: it reads the machine's own clock and
sleeps until a moment on it, so that a clock put back by an hour would silence it for an hour.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Any, Final

import msgspec
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
FIRST_WINDOW: Final = timedelta(minutes=1)
WINDOW_TICKS_MAX: Final = 10_000  # more than the first window with a tick can hold: schedules have whole seconds
_MOMENT: Final = timedelta(microseconds=1)


class Sweep(msgspec.Struct, frozen=True, kw_only=True):
    """Look again and again, ``every_s`` after the last look ended. A look has no identity: what it finds has."""

    every_s: Annotated[float, msgspec.Meta(gt=0)]


class Every(msgspec.Struct, frozen=True, kw_only=True):
    """Ticks ``seconds`` apart, counted from the beginning of 2000."""

    seconds: Annotated[int, msgspec.Meta(ge=1)]


class Cron(msgspec.Struct, frozen=True, kw_only=True):
    """Ticks of a crontab line in UTC: minute, hour, day of month, month, day of week by name (mon)."""

    line: str


Schedule = Sweep | Every | Cron


def ticks_between(schedule: Every | Cron, after: datetime, until: datetime, *, limit: int) -> list[datetime]:
    """Return the ticks in (after, until], oldest first, at most ``limit``. Raises ValueError for a bad crontab line."""
    trigger = _trigger_of(schedule)
    ticks: list[datetime] = []
    moment = after + _MOMENT
    while len(ticks) < limit:
        tick = trigger.get_next_fire_time(None, moment)
        if tick is None or tick > until:
            break
        ticks.append(tick.astimezone(UTC))
        moment = ticks[-1] + _MOMENT
    return ticks


def newest_tick(schedule: Every | Cron, after: datetime, until: datetime) -> datetime | None:
    """Return the last tick in (after, until], None when there is none. Cheap however long ago ``after`` is."""
    window = FIRST_WINDOW
    while True:  # ends: the window doubles until it holds a tick or all there is to look through
        begin = max(after, until - window)
        ticks = ticks_between(schedule, begin, until, limit=WINDOW_TICKS_MAX)
        if ticks or begin == after:
            return ticks[-1] if ticks else None
        window *= 2


@cache
def _trigger_of(schedule: Every | Cron) -> Any:
    if isinstance(schedule, Cron):
        return CronTrigger.from_crontab(schedule.line, timezone=UTC)
    return IntervalTrigger(seconds=schedule.seconds, start_date=EPOCH, timezone=UTC)
