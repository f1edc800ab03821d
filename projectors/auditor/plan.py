"""Which slice of a side comes next. Pure: from where its audit is, how far the side is, and what time it is.

New positions come first, in order. Then the sweep goes on: from where it began down to position 1, newest first. When
it has come round it rests until its period is over, and begins again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from msgspec.structs import replace

from contracts.audits import AuditCursor

# What one slice may cost; a sweep of a book is as many slices as it takes.
SLICE_EVENTS: Final = 500
SLICE_BYTES_MAX: Final = 2_000_000
SLICE_TIMEOUT_S: Final = 60.0
REACH_TIMEOUT_S: Final = 5.0  # for a store to say how far it is: one that is away must not hold up the others
BACKLOG_EVENTS_MAX: Final = 20_000  # new positions that are caught up with; of more the newest are compared
LOOKS: Final = 3  # a difference is one that every look finds: what moves in between is none


class Pace(NamedTuple):
    """How much is compared: the whole of a side within ``period_s``, ``events_max`` positions in a slice."""

    period_s: float
    events_max: int = SLICE_EVENTS


class Range(NamedTuple):
    """Positions (low, high] to compare; ``newest``: begin with the newest of them."""

    low: int
    high: int
    newest: bool


def next_range(
    cursor: AuditCursor, *, reached: int, now: datetime, period_s: float, sweep_first: bool = False
) -> tuple[AuditCursor, Range | None]:
    """Give what is to be compared next, None when nothing is, and the cursor to go on from.

    ``sweep_first``: go on with the sweep though there are new positions, so that these cannot stop it for ever.
    """
    if reached < cursor.audited_to:  # the copy was rebuilt and is not there again, or the book was restored
        cursor = begin_sweep(cursor, reached=reached, now=now)
    if cursor.sweep_began_at is None or _is_over(cursor, now, period_s):
        cursor = begin_sweep(cursor, reached=reached, now=now)
    behind = reached - cursor.audited_to
    if behind > BACKLOG_EVENTS_MAX:
        behind = SLICE_EVENTS
        skipped = reached - behind - cursor.audited_to
        cursor = replace(cursor, audited_to=reached - behind, skipped=cursor.skipped + skipped)
    if behind and not (sweep_first and cursor.sweep_low):
        return cursor, Range(cursor.audited_to, reached, newest=False)
    if cursor.sweep_low > 0:
        return cursor, Range(0, cursor.sweep_low, newest=True)
    return cursor, None


def begin_sweep(cursor: AuditCursor, *, reached: int, now: datetime) -> AuditCursor:
    """Begin a sweep at the newest position; of nothing it has ended."""
    swept_at = cursor.swept_at if reached else now
    began = replace(cursor, audited_to=reached, sweep_low=reached, sweep_began_at=now, swept_at=swept_at)
    return replace(began, compared=0, skipped=0)


def _is_over(cursor: AuditCursor, now: datetime, period_s: float) -> bool:
    began = cursor.sweep_began_at
    return cursor.sweep_low == 0 and began is not None and (now - began).total_seconds() >= period_s


def advance(cursor: AuditCursor, low: int, high: int, *, newest: bool, compared: int, now: datetime) -> AuditCursor:
    """Move past a slice (low, high] that was compared."""
    if newest:
        ended = now if low == 0 else cursor.swept_at
        cursor = replace(cursor, sweep_low=low, swept_at=ended)
    else:
        cursor = replace(cursor, audited_to=high)
    return replace(cursor, looked_at=now, compared=cursor.compared + compared, waiting=None)


def is_late(cursor: AuditCursor, *, now: datetime, period_s: float) -> bool:
    """Whether the sweep has not come round within its period."""
    began = cursor.sweep_began_at
    return cursor.sweep_low > 0 and began is not None and (now - began).total_seconds() > period_s
