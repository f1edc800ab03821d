"""When a delivery that failed is tried again: ten attempts over three days, then it is a dead letter.

The pauses are those that Standard Webhooks recommends: a receiver that restarts misses nothing, one that is down over
a weekend is told on Monday.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

# Seconds between attempt n and n + 1: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h; 75.6 h in all.
PAUSES_S: Final = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
ATTEMPTS_MAX: Final = len(PAUSES_S) + 1
JITTER: Final = 0.1  # up to a tenth longer, so that what failed together does not come back together
PAUSE_S_MAX: Final = 86_400.0

Chance = Callable[[], float]
"""A number in [0, 1), drawn anew at each call."""


def pause_after(attempt: int, *, asked_s: float, chance: Chance) -> float | None:
    """Return the seconds to wait after the ``attempt``-th attempt (1 is the first), None when it was the last.

    ``asked_s``: what the receiver asked for by Retry-After; it may lengthen a pause, never beyond PAUSE_S_MAX.
    """
    if attempt >= ATTEMPTS_MAX:
        return None
    pause_s = PAUSES_S[attempt - 1] * (1.0 + JITTER * chance())
    return min(max(pause_s, asked_s), PAUSE_S_MAX)


def asked_seconds(retry_after: str | None, *, now: datetime) -> float:
    """Read a Retry-After header: seconds or an HTTP date (RFC 9110, 10.2.3); 0 for anything else."""
    if retry_after is None:
        return 0.0
    text = retry_after.strip()
    if text.isdecimal() and text.isascii() and len(text) <= 9:
        return int(text) * 1.0
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return 0.0
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())
