"""Rounding and apportionment: hand-made figures, and what holds for all."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.rounding import apportioned, rounded

VECTORS = [
    # numerator, denominator, half_even, half_up, up
    (0, 7, 0, 0, 0),
    (14, 7, 2, 2, 2),
    (1, 10_000, 0, 0, 1),
    (4_999, 10_000, 0, 0, 1),
    (5_000, 10_000, 0, 1, 1),
    (5_001, 10_000, 1, 1, 1),
    (15_000, 10_000, 2, 2, 2),
    (25_000, 10_000, 2, 3, 3),
    (25_001, 10_000, 3, 3, 3),
    (35_000, 10_000, 4, 4, 4),
    (-5, 10, 0, 0, 0),
    (-15, 10, -2, -1, -1),
    (-25, 10, -2, -2, -2),
    (-26, 10, -3, -3, -2),
    (2**63 * 3 + 1, 2, 2**62 * 3 + 0, 2**62 * 3 + 1, 2**62 * 3 + 1),
]


@pytest.mark.parametrize(("numerator", "denominator", "half_even", "half_up", "up"), VECTORS)
def test_each_rule_by_hand(numerator: int, denominator: int, half_even: int, half_up: int, up: int) -> None:
    found = [rounded(numerator, denominator, rule) for rule in ("half_even", "half_up", "up")]

    assert found == [half_even, half_up, up]


@given(st.integers(-(10**40), 10**40), st.integers(1, 10**30), st.sampled_from(["half_even", "half_up", "up"]))
def test_no_rule_is_a_whole_unit_off_and_the_nearest_is_at_most_half(
    numerator: int, denominator: int, rule: Any
) -> None:
    exact = Fraction(numerator, denominator)
    found = rounded(numerator, denominator, rule)

    assert abs(found - exact) < 1
    assert found >= exact if rule == "up" else abs(found - exact) <= Fraction(1, 2)
    if rule == "half_even":
        assert found == round(exact)


@given(st.integers(-(10**25), 10**25), st.integers(1, 10**20), st.integers(0, 10**20))
def test_half_to_even_treats_what_is_owed_as_what_is_owned(total: int, denominator: int, shift: int) -> None:
    assert rounded(-total, denominator, "half_even") == -rounded(total, denominator, "half_even")


APPORTIONED = [
    # total, weights, parts
    (100, (1, 1, 1), (34, 33, 33)),
    (100, (2, 1), (67, 33)),
    (1, (1, 1), (1, 0)),
    (-1, (1, 1), (-1, 0)),
    (5, (0, 3), (0, 5)),
    (0, (3, 4), (0, 0)),
    (10, (1, 2, 4), (1, 3, 6)),
]


@pytest.mark.parametrize(("total", "weights", "parts"), APPORTIONED)
def test_what_is_left_over_goes_to_those_who_lost_most(
    total: int, weights: tuple[int, ...], parts: tuple[int, ...]
) -> None:
    assert apportioned(total, weights) == parts


@given(st.integers(-(10**20), 10**20), st.lists(st.integers(0, 10**18), min_size=1, max_size=6).filter(any))
def test_parts_add_up_and_none_is_a_whole_unit_off(total: int, weights: list[int]) -> None:
    parts = apportioned(total, weights)

    assert sum(parts) == total
    assert all(
        abs(part - Fraction(total * weight, sum(weights))) < 1 for part, weight in zip(parts, weights, strict=True)
    )
