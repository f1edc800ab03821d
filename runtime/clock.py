"""Time as an argument.

Only this module looks at the world's clocks. Everything else takes a `Clock`, so that a test can stand at any moment
and a replay decides exactly as the first run did.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What time it is (`now`, for facts) and how long something took (`monotonic`, for waits)."""

    def now(self) -> datetime:
        """Return the wall-clock time, always aware and in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start that never run backwards."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        """Return the wall-clock time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return the machine's monotonic seconds."""
        return time.monotonic()


class FixedClock:
    """A clock that moves only when told to. Both of its readings advance together."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock needs an aware start: pass datetime(..., tzinfo=UTC)")
        self._now = start.astimezone(UTC)
        self._elapsed_s = 0.0

    def now(self) -> datetime:
        """Return the moment the clock was last moved to."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds the clock has been advanced in total."""
        return self._elapsed_s

    def advance(self, seconds: float) -> None:
        """Move forward; time does not run backwards here either."""
        if seconds < 0:
            raise ValueError(f"a clock only advances, got {seconds} s")
        self._now += timedelta(seconds=seconds)
        self._elapsed_s += seconds
