"""When a job is due: the same ticks for everybody, however often and from wherever one asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projectors.timers.jobs import timer_key
from projectors.timers.schedules import Cron, Every, newest_tick, ticks_between

MOMENT = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
instants = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))
schedules = st.one_of(
    st.builds(Every, seconds=st.integers(1, 100_000)),
    st.sampled_from([Cron(line="0 3 * * *"), Cron(line="*/5 * * * *"), Cron(line="30 2 28-31 * mon-fri")]),
)


@settings(deadline=None, max_examples=60)
@given(schedule=schedules, after=instants, first=st.integers(0, 9_000), second=st.integers(0, 9_000))
def test_ticks_do_not_depend_on_where_one_asks(
    schedule: Every | Cron, after: datetime, first: int, second: int
) -> None:
    middle = after + timedelta(seconds=first)
    end = middle + timedelta(seconds=second)
    parts = ticks_between(schedule, after, middle, limit=10**6) + ticks_between(schedule, middle, end, limit=10**6)

    assert parts == ticks_between(schedule, after, end, limit=10**6)
    assert all(after < tick <= end for tick in parts)
    assert parts == sorted(set(parts))
    assert newest_tick(schedule, after, end) == (parts[-1] if parts else None)


def test_the_newest_tick_of_years_is_found_without_looking_through_them() -> None:
    yearly = Cron(line="0 0 1 1 *")
    assert newest_tick(yearly, datetime(2001, 1, 1, tzinfo=UTC), MOMENT) == datetime(2026, 1, 1, tzinfo=UTC)
    assert newest_tick(Every(seconds=1), datetime(2001, 1, 1, tzinfo=UTC), MOMENT) == MOMENT


def test_a_tick_belongs_to_the_interval_that_it_ends() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    hourly = Every(seconds=3600)
    assert ticks_between(hourly, noon, noon + timedelta(hours=2), limit=9) == [
        noon + timedelta(hours=1),
        noon + timedelta(hours=2),
    ]
    assert ticks_between(hourly, noon, noon + timedelta(minutes=59), limit=9) == []


def test_schedules_are_in_utc_and_know_no_summer_time() -> None:
    """Europe jumps from 02:00 to 03:00 on this night; Bursar does not."""
    hours = [tick.hour for tick in ticks_between(Cron(line="0 * * * *"), MOMENT, MOMENT + timedelta(hours=4), limit=9)]
    assert hours == [1, 2, 3, 4]


def test_only_so_many_ticks_are_given() -> None:
    assert len(ticks_between(Every(seconds=1), MOMENT, MOMENT + timedelta(days=1), limit=7)) == 7


def test_a_bad_line_is_refused() -> None:
    with pytest.raises(ValueError):
        ticks_between(Cron(line="61 * * * *"), MOMENT, MOMENT, limit=1)


def test_a_key_names_job_subject_and_deadline_and_each_try_after_a_refusal() -> None:
    assert timer_key("due_hold", "hold_4", MOMENT) == "timer:due_hold:hold_4:2026-03-29T00:30:00.000000Z"
    assert timer_key("due_hold", "hold_4", MOMENT, attempts=2).endswith("Z:2")
