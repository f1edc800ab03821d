"""Which slice comes next: new positions, then downwards; everything once per period, whatever happens meanwhile."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from contracts.audits import AuditCursor
from projectors.auditor.plan import BACKLOG_EVENTS_MAX, SLICE_EVENTS, Range, advance, is_late, next_range

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PERIOD_S = 3600.0
CURSOR = AuditCursor(side="lake")


def next_of(cursor: AuditCursor, reached: int, *, now: datetime = NOW, sweep_first: bool = False) -> Range | None:
    return next_range(cursor, reached=reached, now=now, period_s=PERIOD_S, sweep_first=sweep_first)[1]


def test_a_first_sweep_begins_at_the_newest_position() -> None:
    cursor, due = next_range(CURSOR, reached=1_000, now=NOW, period_s=PERIOD_S)
    assert due == Range(0, 1_000, newest=True)
    assert (cursor.audited_to, cursor.sweep_low, cursor.sweep_began_at) == (1_000, 1_000, NOW)


def test_new_positions_come_first_unless_it_is_the_turn_of_the_sweep() -> None:
    cursor = replace(CURSOR, audited_to=1_000, sweep_low=400, sweep_began_at=NOW)
    assert next_of(cursor, 1_010) == Range(1_000, 1_010, newest=False)
    assert next_of(cursor, 1_010, sweep_first=True) == Range(0, 400, newest=True)
    assert next_of(cursor, 1_000) == Range(0, 400, newest=True)


def test_a_sweep_rests_until_its_period_is_over() -> None:
    cursor = replace(CURSOR, audited_to=1_000, sweep_low=0, sweep_began_at=NOW)
    assert next_of(cursor, 1_000, now=NOW + timedelta(seconds=PERIOD_S - 1)) is None
    assert next_of(cursor, 1_000, now=NOW + timedelta(seconds=PERIOD_S)) == Range(0, 1_000, newest=True)
    assert is_late(replace(cursor, sweep_low=5), now=NOW + timedelta(seconds=PERIOD_S + 1), period_s=PERIOD_S)
    assert not is_late(cursor, now=NOW + timedelta(seconds=PERIOD_S + 1), period_s=PERIOD_S)


def test_of_a_long_backlog_the_newest_is_compared_and_the_rest_counted() -> None:
    cursor = replace(CURSOR, audited_to=1_000, sweep_low=0, sweep_began_at=NOW)
    reached = 1_000 + BACKLOG_EVENTS_MAX + 1
    cursor, due = next_range(cursor, reached=reached, now=NOW, period_s=PERIOD_S)
    assert due == Range(reached - SLICE_EVENTS, reached, newest=False)
    assert cursor.skipped == BACKLOG_EVENTS_MAX + 1 - SLICE_EVENTS


def test_a_copy_that_fell_back_is_compared_again_when_it_has_come_forward() -> None:
    cursor = replace(CURSOR, audited_to=1_000, sweep_low=600, sweep_began_at=NOW)
    fallen, due = next_range(cursor, reached=100, now=NOW, period_s=PERIOD_S)
    assert (fallen.audited_to, fallen.sweep_low, due) == (100, 100, Range(0, 100, newest=True))
    assert next_of(replace(fallen, sweep_low=0), 1_000) == Range(100, 1_000, newest=False)


def test_in_a_period_every_position_is_compared_whatever_comes_meanwhile() -> None:
    chance = random.Random(1)
    for _ in range(50):
        cursor, reached, compared = CURSOR, chance.randrange(1, 3_000), set[int]()
        for turn in range(200):
            reached += chance.choice((0, 0, 30))
            cursor, due = next_range(cursor, reached=reached, now=NOW, period_s=PERIOD_S, sweep_first=turn % 2 == 1)
            if due is None:
                continue
            size = chance.randrange(1, 200)
            low, high = (
                (max(due.low, due.high - size), due.high) if due.newest else (due.low, min(due.high, due.low + size))
            )
            compared |= set(range(low + 1, high + 1))
            cursor = advance(cursor, low, high, newest=due.newest, compared=high - low, now=NOW)
        assert cursor.swept_at == NOW
        assert compared == set(range(1, cursor.audited_to + 1))
