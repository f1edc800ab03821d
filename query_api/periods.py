"""Periods as `compare_to` writes them.

    2026  2026-Q1  2026-03  2026-03-31      a year, quarter, month or day
    2026-01-01..2026-02-15                  any days, both included
    previous                                as long as the period asked about, right before it
    year-before                             the same days of the year before

Whole months compare with whole months: `previous` of March is all of February.
"""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from typing import Final, NamedTuple

PREVIOUS: Final = "previous"
YEAR_BEFORE: Final = "year-before"
MONTHS: Final = 12
QUARTER_MONTHS: Final = 3

_NAMED: Final = re.compile(r"(\d{4})(?:-Q([1-4])|-(\d{2}))?")


class Period(NamedTuple):
    """Days from the first to the last, both included."""

    first: date
    last: date

    def __str__(self) -> str:
        """Write it as it is read."""
        return f"{self.first}..{self.last}"


def read_period(text: str, *, asked: Period | None) -> Period:
    """Read a period; `asked` is the one that it is compared with. Raises ValueError, with words for the client."""
    if text in (PREVIOUS, YEAR_BEFORE):
        if asked is None:
            raise ValueError(f"{text} needs a period to come before: give `from` and `to`")
        return _previous(asked) if text == PREVIOUS else Period(*(_months_earlier(day, MONTHS) for day in asked))
    first, dots, last = text.partition("..")
    if dots:
        period = Period(date.fromisoformat(first), date.fromisoformat(last))
        if period.last < period.first:
            raise ValueError(f"the period {text} ends before it begins")
        return period
    named = _NAMED.fullmatch(text)
    if named is None:
        day = date.fromisoformat(text)
        return Period(day, day)
    year, quarter, month = (None if part is None else int(part) for part in named.groups())
    assert year is not None
    first_month = month or (1 if quarter is None else QUARTER_MONTHS * (quarter - 1) + 1)
    months = 1 if month else MONTHS if quarter is None else QUARTER_MONTHS
    return Period(date(year, first_month, 1), _month_end(year, first_month + months - 1))


def _previous(asked: Period) -> Period:
    last = asked.first - timedelta(days=1)
    if asked.first.day == 1 and asked.last == _month_end(asked.last.year, asked.last.month):
        months = MONTHS * (asked.last.year - asked.first.year) + asked.last.month - asked.first.month + 1
        return Period(_months_earlier(asked.first, months), last)
    return Period(last - (asked.last - asked.first), last)


def _months_earlier(day: date, months: int) -> date:
    """The same day some months earlier; the last day of a month stays one."""
    count = MONTHS * day.year + day.month - 1 - months
    year, month = divmod(count, MONTHS)
    end = _month_end(year, month + 1)
    return end if day == _month_end(day.year, day.month) else end.replace(day=min(day.day, end.day))


def _month_end(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])
