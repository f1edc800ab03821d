"""Business days, cut-offs and the days of standing orders: monotone, complete, whatever the year."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.calendars import (
    Adjustment,
    MonthlyRule,
    WeeklyRule,
    adjusted,
    business_day_from,
    cut_off_passed,
    is_business_day,
    next_business_day,
    next_occurrence,
    processing_day,
)

DAYS = st.dates(date(2024, 1, 1), date(2031, 12, 31))
BERLIN = ZoneInfo("Europe/Berlin")
# Source: ECB, TARGET closing days: New Year, Good Friday, Easter Monday, 1 May, 25 and 26 December.
TARGET_CLOSED_2026 = {date(2026, 1, 1), date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 1), date(2026, 12, 25)}


def month_end(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def test_target_is_open_on_every_weekday_but_its_closing_days() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    closed = {day for day in days if day.weekday() < 5 and not is_business_day("TARGET", day)}
    assert closed == TARGET_CLOSED_2026  # 26 December 2026 is a Saturday
    assert is_business_day("TARGET", date(2026, 12, 24))
    assert next_business_day("TARGET", date(2026, 4, 2)) == date(2026, 4, 7)


def test_fedwire_keeps_american_holidays_and_instant_payments_none() -> None:
    assert not is_business_day("FEDWIRE", date(2026, 11, 26))
    assert is_business_day("TARGET", date(2026, 11, 26))
    assert is_business_day("EVERY_DAY", date(2026, 12, 25))


@settings(deadline=None)  # the first example also imports a library
@given(DAYS)
def test_the_next_business_day_is_later_open_and_the_first(day: date) -> None:
    found = next_business_day("TARGET", day)
    assert found > day
    assert is_business_day("TARGET", found)
    between = [day + timedelta(days=n) for n in range(1, (found - day).days)]
    assert not any(is_business_day("TARGET", other) for other in between)


@settings(deadline=None)  # the first example also imports a library
@given(DAYS, DAYS)
def test_the_order_of_days_is_kept(one: date, other: date) -> None:
    if one <= other:
        assert next_business_day("TARGET", one) <= next_business_day("TARGET", other)


@settings(deadline=None)  # the first example also imports a library
@given(DAYS)
def test_adjustments_keep_their_promise(day: date) -> None:
    assert adjusted("TARGET", day, "none") == day
    assert adjusted("TARGET", day, "following") == business_day_from("TARGET", day) >= day
    assert adjusted("TARGET", day, "preceding") == business_day_from("TARGET", day, step=-1) <= day
    modified = adjusted("TARGET", day, "modified_following")
    assert is_business_day("TARGET", modified)
    assert (modified.year, modified.month) == (day.year, day.month)


@pytest.mark.parametrize(
    ("moment", "passed"),
    [
        (datetime(2026, 7, 1, 13, 59, 59, tzinfo=UTC), False),  # 15:59:59 in Berlin's summer
        (datetime(2026, 7, 1, 14, 0, tzinfo=UTC), True),
        (datetime(2026, 12, 1, 14, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 12, 1, 15, 0, tzinfo=UTC), True),
    ],
)
def test_a_cut_off_is_local_time(moment: datetime, passed: bool) -> None:
    assert cut_off_passed(moment, time(16), BERLIN) is passed


def test_what_comes_after_the_cut_off_or_on_a_holiday_is_processed_later() -> None:
    thursday = datetime(2026, 4, 2, 12, tzinfo=UTC)  # before Good Friday
    assert processing_day("TARGET", thursday, time(16), BERLIN) == date(2026, 4, 2)
    assert processing_day("TARGET", thursday + timedelta(hours=3), time(16), BERLIN) == date(2026, 4, 7)
    assert processing_day("TARGET", thursday + timedelta(days=1), time(16), BERLIN) == date(2026, 4, 7)
    with pytest.raises(ValueError, match="zone"):
        cut_off_passed(datetime(2026, 4, 2, 12), time(16), BERLIN)


def occurrences(rule: MonthlyRule | WeeklyRule, after: date, count: int) -> list[date]:
    found: list[date] = []
    while len(found) < count and (day := next_occurrence(rule, found[-1] if found else after)) is not None:
        found.append(day)
    return found


def test_the_31st_is_the_last_day_of_a_shorter_month_and_leap_years_have_their_29th() -> None:
    rule = MonthlyRule(first_on=date(2027, 12, 31), day=31, adjustment="none")
    days = occurrences(rule, date(2027, 12, 30), 5)
    assert days == [date(2027, 12, 31), date(2028, 1, 31), date(2028, 2, 29), date(2028, 3, 31), date(2028, 4, 30)]


@settings(deadline=None)  # the first example also imports a library
@given(st.dates(date(2024, 1, 1), date(2030, 12, 31)), st.integers(1, 31), st.integers(1, 12))
def test_a_monthly_rule_never_skips_a_month_and_never_takes_two_days_of_one(first: date, day: int, months: int) -> None:
    rule = MonthlyRule(first_on=first, day=day, months=months, adjustment="none")
    days = occurrences(rule, first - timedelta(days=1), 14)
    assert len(days) == 14
    numbers = [found.year * 12 + found.month for found in days]
    assert all(later - earlier == months for earlier, later in pairwise(numbers))
    assert all(found.day == min(day, month_end(found)) for found in days)
    assert days[0] >= first


@settings(deadline=None)  # the first example also imports a library
@given(
    st.dates(date(2024, 1, 1), date(2030, 12, 31)),
    st.integers(1, 31),
    st.sampled_from(["following", "preceding", "modified_following"]),
    DAYS,
)
def test_occurrences_are_business_days_later_than_asked_and_the_first(
    first: date, day: int, adjustment: Adjustment, after: date
) -> None:
    rule = MonthlyRule(first_on=first, day=day, adjustment=adjustment)
    found = next_occurrence(rule, after)
    assert found is not None
    assert found > after
    assert is_business_day("TARGET", found)
    plain = MonthlyRule(first_on=first, day=day, adjustment="none")
    begin = max(first - timedelta(days=1), after - timedelta(days=40))  # no adjustment is that far
    every = [adjusted("TARGET", own, adjustment) for own in occurrences(plain, begin, 4)]
    assert found == next(own for own in every if own > after)


@settings(deadline=None)  # the first example also imports a library
@given(st.dates(date(2024, 1, 1), date(2030, 12, 31)), st.integers(1, 8))
def test_a_weekly_rule_keeps_its_weekday_across_summer_time(first: date, weeks: int) -> None:
    rule = WeeklyRule(first_on=first, weeks=weeks, adjustment="none")
    days = occurrences(rule, first - timedelta(days=1), 30)
    assert days == [first + timedelta(weeks=weeks * n) for n in range(30)]


def test_a_rule_ends() -> None:
    rule = MonthlyRule(first_on=date(2026, 1, 15), day=15, last_on=date(2026, 3, 15), adjustment="none")
    assert occurrences(rule, date(2026, 1, 1), 9) == [date(2026, 1, 15), date(2026, 2, 15), date(2026, 3, 15)]
    assert next_occurrence(rule, date(2026, 3, 15)) is None


def test_a_rule_whose_last_day_is_moved_still_has_it() -> None:
    rule = MonthlyRule(first_on=date(2026, 1, 31), day=31, last_on=date(2026, 1, 31))  # a Saturday
    assert next_occurrence(rule, date(2026, 1, 31)) == date(2026, 2, 2)
    assert next_occurrence(rule, date(2026, 2, 2)) is None
