"""The job that watches clearing accounts, and says how much on them nothing explains.

what is on the account                                         then
------------------------------------------------------------   --------------------------------------------
moved after the last settled day, within the rail's time       explained: it will be in a settlement to come
moved until the last settled day, and not settled              a difference: the rail left it out
moved longer ago than the rail may take                        a difference: no settlement has come
settled, and never moved                                       a difference: the rail settled what we do not know
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from prometheus_client import Gauge

from projectors.reactors.store import reachable
from projectors.timers.jobs import Fence, Job
from projectors.timers.registry import Supplies
from projectors.timers.schedules import Sweep
from runtime.sql_files import load_queries

QUERIES: Final = load_queries(Path(__file__).parent / "sql" / "queries.sql")
JOB: Final = "clearing_watch"
LOOK_EVERY_S: Final = 60.0
SETTLES_WITHIN_DAYS: Final = 5  # two business days, a weekend and a holiday


class ClearingLook(NamedTuple):
    """What a look found on one clearing account, in its normal side."""

    rail: str
    currency: str
    posted_minor: int
    explained_minor: int

    @property
    def difference_minor(self) -> int:
        """What nothing explains."""
        return self.posted_minor - self.explained_minor


async def look_at_clearing(pool: Any, *, within_days: int = SETTLES_WITHIN_DAYS) -> Sequence[ClearingLook]:
    """Look at every rail's clearing account. Raises TargetUnreachable."""
    with reachable():
        rows = await pool.fetch(QUERIES["read_clearing"], within_days)
    looks = []
    for row in rows:
        rail, _, currency = row["id"].partition(":")
        looks.append(ClearingLook(rail, currency, row["posted_minor"], row["explained_minor"]))
    return looks


class ClearingWatch:
    """Looks, and sets the gauges."""

    def __init__(self, pool: Any, *, posted: Gauge, difference: Gauge) -> None:
        self._pool = pool
        self._posted = posted
        self._difference = difference

    async def run(self, now: datetime, fence: Fence) -> None:
        """Look once. Raises TargetUnreachable."""
        for look in await look_at_clearing(self._pool):
            self._posted.labels(look.rail, look.currency).set(look.posted_minor)
            self._difference.labels(look.rail, look.currency).set(look.difference_minor)


def build(supplies: Supplies) -> Job:
    """Build the job."""
    labels = ("rail", "currency")
    posted = Gauge(
        "timers_clearing_minor",
        "Balance of a rail's clearing account, in minor units and its normal side.",
        labels,
        registry=supplies.metrics.registry,
    )
    difference = Gauge(
        "timers_clearing_unexplained_minor",
        "What is on a rail's clearing account and no movement since its last settlement explains, in minor units.",
        labels,
        registry=supplies.metrics.registry,
    )
    watch = ClearingWatch(supplies.pool, posted=posted, difference=difference)
    return Job(name=JOB, schedule=Sweep(every_s=LOOK_EVERY_S), run=watch.run)
