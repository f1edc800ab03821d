"""A step of one side's audit: choose the next slice, compare it, move the cursor. Keeps nothing itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from msgspec.structs import replace

from contracts.audits import SIDES, AuditCursor, AuditDifference, AuditSide
from projectors.auditor.auditing import Auditor
from projectors.auditor.plan import SLICE_BYTES_MAX, SLICE_EVENTS, Pace, advance, next_range
from projectors.auditor.reading import BookReader
from runtime.clock import Clock

ONCE_S: Final = 10**12  # the period of a sweep that is not repeated
TOTALS: Final = 0  # as the high end of a slice: the counters, which belong to no positions


class SideState(NamedTuple):
    """Where a side's audit is. ``counted``: what its sweep has counted so far, for the counters of Redis."""

    cursor: AuditCursor
    counted: Counter[str]


class Step(NamedTuple):
    """A slice (low, high] that was compared, how many events it had, and what differs in it."""

    side: AuditSide
    low: int
    high: int
    compared: int
    differences: list[AuditDifference]


async def take_step(
    auditor: Auditor,
    book: BookReader,
    state: SideState,
    pace: Pace,
    *,
    now: datetime,
    sweep_first: bool = False,
) -> tuple[SideState, list[Step]]:
    """Compare the next slice of a side, if there is one. Raises Waiting, BookUnreachable; then nothing has moved."""
    side = state.cursor.side
    cursor, due = next_range(
        state.cursor, reached=await auditor.reached(side), now=now, period_s=pace.period_s, sweep_first=sweep_first
    )
    counted = Counter[str]() if _has_begun(cursor, state.cursor) else state.counted
    if due is None:
        return SideState(replace(cursor, looked_at=now, waiting=None), counted), []
    low, high = await book.cut(
        due.low, due.high, events_max=min(pace.events_max, SLICE_EVENTS), bytes_max=SLICE_BYTES_MAX, newest=due.newest
    )
    found = await auditor.audit(side, low, high)
    steps = [Step(side, low, high, found.compared, found.differences)]
    if side == "redis":
        counted = counted + await auditor.count(low, high)
        if due.newest and low == 0 and not cursor.skipped:
            steps.append(Step(side, TOTALS, TOTALS, 1, await auditor.audit_totals(counted, up_to=cursor.audited_to)))
    compared = sum(step.compared for step in steps)
    cursor = advance(cursor, low, high, newest=due.newest, compared=compared, now=now)
    return SideState(cursor, counted), steps


def _has_begun(cursor: AuditCursor, before: AuditCursor) -> bool:
    """Whether a sweep has just begun: only then does its low end rise, or its high end fall."""
    risen = cursor.sweep_low > before.sweep_low or cursor.audited_to < before.audited_to
    return risen or before.sweep_began_at is None


async def sweep(auditor: Auditor, book: BookReader, side: AuditSide, *, clock: Clock) -> AsyncIterator[Step]:
    """Compare a whole side once, newest first. Raises Waiting, BookUnreachable."""
    state = SideState(AuditCursor(side=side), Counter())
    while True:  # ends: every step moves down, and what is new meanwhile is compared only on the way
        state, steps = await take_step(auditor, book, state, Pace(ONCE_S), now=clock.now())
        for step in steps:
            yield step
        if state.cursor.sweep_low == 0:
            return


async def sweep_all(
    auditor: Auditor, book: BookReader, *, clock: Clock, sides: Sequence[AuditSide] = SIDES
) -> list[Step]:
    """Compare every side once. Raises Waiting, BookUnreachable."""
    return [step for side in sides async for step in sweep(auditor, book, side, clock=clock)]
