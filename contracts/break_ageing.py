"""How old a break is: buckets as controllers read them, from the day it was opened."""

from datetime import date
from typing import Final, NamedTuple


class AgeBucket(NamedTuple):
    """A span of days, both ends included; the last bucket has no end."""

    name: str
    first_day: int
    last_day: int | None


AGE_BUCKETS: Final = (
    AgeBucket("new", 0, 1),
    AgeBucket("days_2_to_7", 2, 7),
    AgeBucket("days_8_to_30", 8, 30),
    AgeBucket("days_31_to_90", 31, 90),
    AgeBucket("older", 91, None),
)


def age_bucket(opened_on: date, *, today: date) -> AgeBucket:
    """Put a break into its bucket. A day before it was opened counts as that day: clocks of two places may differ."""
    days = max(0, (today - opened_on).days)
    return next(bucket for bucket in AGE_BUCKETS if bucket.last_day is None or days <= bucket.last_day)
