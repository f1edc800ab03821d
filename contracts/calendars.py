"""Days on which banks work, cut-offs, and the days of a standing order: pure functions of dates.

Holidays come from the `holidays` library (TARGET, which closes on the ECB's days; Fedwire), months and weekdays from
dateutil. Both are imported when a function first needs them. A calendar knows days, not hours, so summer time touches
nothing here but `cut_off_passed`, which compares in the cut-off's own zone.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, Annotated, Final, Literal

from msgspec import Meta, Struct

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from holidays import HolidayBase

Calendar = Literal["TARGET", "FEDWIRE", "EVERY_DAY"]
Adjustment = Literal["none", "following", "preceding", "modified_following"]
LAST_DAY: Final = 31

DAYS_CLOSED_MAX: Final = 31  # no calendar is closed for a month; a longer search is a mistake in the calendar
OCCURRENCES_TRIED_MAX: Final = 64
_SATURDAY: Final = 5
_MARKETS: Final = {"TARGET": "XECB", "FEDWIRE": "XFED"}


class MonthlyRule(Struct, frozen=True, kw_only=True, tag_field="every", tag="months"):
    """Every ``months`` months on a day; in a shorter month on its last day, so 29 to 31 never skip one."""

    first_on: date
    day: Annotated[int, Meta(ge=1, le=LAST_DAY)]
    months: Annotated[int, Meta(ge=1, le=120)] = 1
    last_on: date | None = None
    calendar: Calendar = "TARGET"
    adjustment: Adjustment = "following"


class WeeklyRule(Struct, frozen=True, kw_only=True, tag_field="every", tag="weeks"):
    """Every ``weeks`` weeks on the weekday of ``first_on``."""

    first_on: date
    weeks: Annotated[int, Meta(ge=1, le=520)] = 1
    last_on: date | None = None
    calendar: Calendar = "TARGET"
    adjustment: Adjustment = "following"


RecurrenceRule = MonthlyRule | WeeklyRule


class ClosedTooLong(ValueError):
    """A calendar without a business day for a month, or a rule without a day: a mistake, never a fact."""


def is_business_day(calendar: Calendar, day: date) -> bool:
    """True when banks of the calendar work: no Saturday, Sunday or holiday. EVERY_DAY is for instant payments."""
    if calendar == "EVERY_DAY":
        return True
    return day.weekday() < _SATURDAY and day not in _holidays(calendar)


def next_business_day(calendar: Calendar, day: date) -> date:
    """The first business day after ``day``, never the day itself."""
    return business_day_from(calendar, day + timedelta(days=1))


def business_day_from(calendar: Calendar, day: date, *, step: int = 1) -> date:
    """The day if banks work on it, else the nearest in the direction of ``step`` (1 or -1). Raises ClosedTooLong."""
    for days in range(DAYS_CLOSED_MAX):
        candidate = day + timedelta(days=step * days)
        if is_business_day(calendar, candidate):
            return candidate
    raise ClosedTooLong(f"{calendar} has no business day within {DAYS_CLOSED_MAX} days of {day}")


def cut_off_passed(moment: datetime, cut_off: time, zone: ZoneInfo) -> bool:
    """True from the cut-off on, in its zone. ``moment`` must know its own zone (ValueError)."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone cannot be compared with a cut-off")
    return moment.astimezone(zone).time() >= cut_off


def processing_day(calendar: Calendar, moment: datetime, cut_off: time, zone: ZoneInfo) -> date:
    """The business day on which something that arrives at ``moment`` is processed."""
    local = moment.astimezone(zone).date()
    if cut_off_passed(moment, cut_off, zone):
        return next_business_day(calendar, local)
    return business_day_from(calendar, local)


def adjusted(calendar: Calendar, day: date, adjustment: Adjustment) -> date:
    """Move a day to a business day: forward, back, or forward unless that is another month (ISDA 2006, 4.12)."""
    if adjustment == "none":
        return day
    if adjustment == "preceding":
        return business_day_from(calendar, day, step=-1)
    following = business_day_from(calendar, day)
    if adjustment == "modified_following" and (following.year, following.month) != (day.year, day.month):
        return business_day_from(calendar, day, step=-1)
    return following


def next_occurrence(rule: RecurrenceRule, after: date) -> date | None:
    """The first day, adjusted to a business day, that is later than ``after``; None when the rule is over.

    ``last_on`` bounds the rule's own days; the adjusted one may lie behind it. Two of its days may be adjusted to one
    business day: it then occurs once.
    """
    for tried, day in enumerate(_days_of(rule, after - timedelta(days=DAYS_CLOSED_MAX))):
        candidate = adjusted(rule.calendar, day, rule.adjustment)
        if candidate > after:
            return candidate
        if tried >= OCCURRENCES_TRIED_MAX:
            raise ClosedTooLong(f"no occurrence among {OCCURRENCES_TRIED_MAX} days of the rule")
    return None


def _days_of(rule: RecurrenceRule, start: date) -> Iterator[date]:
    """The rule's own days from about ``start`` on, before any adjustment."""
    from dateutil.rrule import MONTHLY, WEEKLY, rrule

    until = None if rule.last_on is None else datetime.combine(rule.last_on, time())
    first = datetime.combine(rule.first_on, time())
    if isinstance(rule, WeeklyRule):
        every = rrule(WEEKLY, interval=rule.weeks, dtstart=first, until=until)
    else:
        # Of all days that could be meant the last existing one: the 31st is the 30th, 29th or 28th where it must be.
        days = tuple(range(min(rule.day, 28), rule.day + 1))
        every = rrule(
            MONTHLY, interval=rule.months, dtstart=first.replace(day=1), until=until, bymonthday=days, bysetpos=-1
        )
    for moment in every.xafter(datetime.combine(start, time()), inc=True):
        if moment.date() >= rule.first_on:
            yield moment.date()


@cache
def _holidays(calendar: Calendar) -> HolidayBase:
    """The calendar's holidays; the library adds a year when a day of it is first asked for."""
    from holidays import financial_holidays

    return financial_holidays(_MARKETS[calendar])
