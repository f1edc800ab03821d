"""Leases whose time can jump, and whose holder can be frozen, without waiting for either."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from projectors.timers.lease import Lease
from runtime.clock import SystemClock

LONG_S = 30.0


class JumpingLease(Lease):
    """A lease of a database whose clock is wrong by ``ahead``; ``base`` puts it in the middle of a minute first."""

    ahead = timedelta()
    base = timedelta()

    def now(self) -> datetime:
        return super().now() + self.base + self.ahead

    def to_mid_minute(self) -> None:
        """So that no test begins right before a tick."""
        self.base = timedelta(seconds=30 - super().now().second)


class Asleep(SystemClock):
    """The clock of a process that can oversleep."""

    slept_s = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.slept_s


def lease_of(pool: Any, holder: str, *, clock: SystemClock | None = None, lease_s: float = LONG_S) -> JumpingLease:
    return JumpingLease(pool, holder=holder, clock=clock or SystemClock(), lease_s=lease_s)


async def run_out(owner: Any) -> None:
    """The time of every lease is over, as far as the database is concerned."""
    await owner.execute("UPDATE reactions.leases SET expires_at = now() - interval '1 second'")
