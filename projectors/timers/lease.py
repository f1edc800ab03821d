"""One timer among many processes: a lease in PostgreSQL with a token that fences off whoever lost it.

The holder counts the lease as lost by its own monotonic clock, from before it asked: a process that was frozen knows
when it wakes, without asking anybody. What it had begun is refused by the database, which compares the token.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from projectors.reactors.store import reachable
from projectors.reactors.tasks import LeaseLost
from runtime.clock import Clock
from runtime.sql_files import load_queries

LEASE_NAME: Final = "timers"
LEASE_S: Final = 6.0

QUERIES: Final = load_queries(Path(__file__).parent / "sql" / "queries.sql")


class Lease:
    """The right to run the timers. Every method that asks raises TargetUnreachable when PostgreSQL does not answer."""

    def __init__(
        self, pool: Any, *, holder: str, clock: Clock, lease_s: float = LEASE_S, name: str = LEASE_NAME
    ) -> None:
        self.name = name
        self.token = 0
        self._pool = pool
        self._holder = holder
        self._clock = clock
        self._lease_s = lease_s
        self._ends = clock.monotonic()
        self._told_at = clock.monotonic()
        self._told: datetime | None = None

    @property
    def held(self) -> bool:
        """Whether the lease is ours, as far as anybody can know without asking."""
        return self.token > 0 and self._clock.monotonic() < self._ends

    @property
    def renew_every_s(self) -> float:
        """Twice it may fail, and the third time is in time."""
        return self._lease_s / 3

    def now(self) -> datetime:
        """Return the database's time: what it said last, and the seconds since. Raises LeaseLost before it ever did."""
        if self._told is None:
            raise LeaseLost(self.name)
        return self._told + timedelta(seconds=self._clock.monotonic() - self._told_at)

    async def acquire(self) -> bool:
        """Take the lease if nobody holds it."""
        return await self._ask("acquire_lease", self._holder)

    async def renew(self) -> bool:
        """Keep the lease; False when it had run out."""
        return await self._ask("renew_lease", self.token)

    async def give_up(self) -> None:
        """Let somebody else take it at once."""
        token, self.token = self.token, 0
        if token:
            with reachable():
                await self._pool.execute(QUERIES["give_up_lease"], self.name, token)

    async def require(self) -> None:
        """Raise LeaseLost unless the lease is ours now, by our clock and by the database."""
        if not self.held:
            raise LeaseLost(self.name)
        with reachable():
            token = await self._pool.fetchval(QUERIES["check_lease"], self.name, self.token)
        if token is None:
            raise LeaseLost(self.name)

    async def _ask(self, query: str, who: str | int) -> bool:
        asked = self._clock.monotonic()
        with reachable():
            row = await self._pool.fetchrow(QUERIES[query], self.name, who, self._lease_s)
        if row is None:
            self.token = 0
            return False
        self.token = row.get("token", self.token)
        self._ends = asked + self._lease_s
        self._told, self._told_at = row["now"], self._clock.monotonic()
        return True
