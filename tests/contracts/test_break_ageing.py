"""Every age is in one bucket, and the buckets leave no gap."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest

from contracts.break_ageing import AGE_BUCKETS, age_bucket

OPENED = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("days", "name"),
    [
        (-1, "new"), (0, "new"), (1, "new"), (2, "days_2_to_7"), (7, "days_2_to_7"), (8, "days_8_to_30"),
        (30, "days_8_to_30"), (31, "days_31_to_90"), (90, "days_31_to_90"), (91, "older"), (4_000, "older"),
    ],
)  # fmt: skip
def test_a_break_is_in_the_bucket_of_its_days(days: int, name: str) -> None:
    assert age_bucket(OPENED, today=OPENED + timedelta(days=days)).name == name


def test_the_buckets_follow_one_another_without_a_gap() -> None:
    assert AGE_BUCKETS[0].first_day == 0
    assert AGE_BUCKETS[-1].last_day is None
    for before, after in pairwise(AGE_BUCKETS):
        assert before.last_day is not None
        assert after.first_day == before.last_day + 1
