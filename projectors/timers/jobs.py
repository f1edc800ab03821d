"""What a timer runs: a job has a name, a schedule, what happens to ticks that were missed, and what it does.

A job may run more than once for one tick, when its process dies in between, and never at once in two processes that
both hold the lease. What it does is keyed by the job and the tick, or by the subject and its deadline.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Literal, Protocol

import msgspec

from projectors.timers.schedules import Schedule


class Fence(Protocol):
    """What a job holds while it runs: the token of the lease."""

    token: int

    @property
    def held(self) -> bool:
        """Whether the lease is still ours, without asking anybody: look at it before every command."""
        ...

    async def require(self) -> None:
        """Ask the database whether the lease is still ours. Raises LeaseLost, TargetUnreachable."""
        ...


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Something to do at certain times.

    ``missed``: ticks that passed while no process ran are made up for, ``each`` of them, or only the ``last``.
    ``close`` gives back what the job has opened, when the process ends.
    """

    name: str
    schedule: Schedule
    run: Callable[[datetime, Fence], Awaitable[None]]
    missed: Literal["each", "last"] = "last"
    close: Callable[[], Awaitable[None]] | None = None


def timer_key(job: str, subject: str, due_at: datetime, *, attempts: int = 0) -> str:
    """Name what a job does about a subject whose deadline is ``due_at``: the same in every process and at every try.

    A refusal is remembered under its key, so an attempt after refusals has a key of its own.
    """
    instant = due_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return f"timer:{job}:{subject}:{instant}" + (f":{attempts}" if attempts else "")
