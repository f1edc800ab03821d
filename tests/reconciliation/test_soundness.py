"""For any input: each item once, balances that explain each other, an answer that no order of input changes."""

from __future__ import annotations

import random
import time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projectors.reconciliation.matching.items import ItemTwice, OpenEntry, OpenLine
from projectors.reconciliation.matching.outcome import explain
from projectors.reconciliation.matching.reconcile import reconcile
from projectors.reconciliation.matching.rules import DEFAULT_POLICY, MatchingPolicy
from tests.reconciliation.soundness import DAY, TOLERANT, assert_finds_everything, assert_sound, both_sides
from tests.support.statement_month import statement_month

MONTH_LINES = 10_000
HANGS_AFTER_S = 60.0  # of processor time; how fast it is, the benchmark `pure` says
Sides = tuple[list[OpenLine], list[OpenEntry]]


@given(both_sides())
@settings(max_examples=400, deadline=None)
def test_the_balances_always_explain_each_other(sides: Sides) -> None:
    assert_sound(*sides, reconcile(*sides, TOLERANT))


@given(both_sides(), st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_the_order_of_input_decides_nothing(sides: Sides, seed: int) -> None:
    lines, entries = list(sides[0]), list(sides[1])
    random.Random(seed).shuffle(lines)
    random.Random(seed + 1).shuffle(entries)
    assert reconcile(lines, entries, TOLERANT) == reconcile(*sides, TOLERANT)


@given(both_sides(), st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6))
@settings(max_examples=50, deadline=None)
def test_what_stays_unexplained_is_what_the_openings_differ_by(sides: Sides, ledger: int, statement: int) -> None:
    said = explain(
        *sides, reconcile(*sides), currency="EUR", opening_ledger_minor=ledger, opening_statement_minor=statement
    )
    assert said.unexplained_minor == statement - ledger


@pytest.mark.parametrize("seed", range(12))
def test_a_small_month_is_found_whole(seed: int) -> None:
    assert_finds_everything(seed, lines=300)


def test_a_month_of_ten_thousand_lines_is_found_whole_and_in_time() -> None:
    month = statement_month(2026, lines=MONTH_LINES)
    began = time.process_time()
    reconcile(month.lines, month.entries)
    took_s = time.process_time() - began

    assert took_s < HANGS_AFTER_S
    assert_finds_everything(2026, lines=MONTH_LINES)


def test_equal_payments_without_a_name_are_unknown_not_guessed_and_do_not_take_for_ever() -> None:
    """The worst month: ten thousand lines and entries of one amount on one day, and nothing else."""
    lines = [OpenLine(line_id=str(no), booked_on=DAY, amount_minor=100, currency="EUR") for no in range(10_000)]
    entries = [
        OpenEntry(position=no + 1, leg=0, effective_on=DAY, amount_minor=100, currency="EUR") for no in range(10_000)
    ]
    began = time.process_time()
    outcome = reconcile(lines, entries)
    took_s = time.process_time() - began

    assert outcome.matches == ()
    assert {found.kind for found in outcome.breaks} == {"unknown"}
    assert took_s < HANGS_AFTER_S


def test_parts_everywhere_end_at_the_bound_of_the_search() -> None:
    """Coins of nearly one size add up to anything: the search gives up at its bound and says so."""
    lines = [
        OpenLine(
            line_id=str(no),
            booked_on=DAY,
            amount_minor=1_000 + no * 13,
            currency="EUR",
            counterparty=f"payee_{no % 60}",
        )
        for no in range(2_400)
    ]
    entries = [
        OpenEntry(
            position=no + 1,
            leg=0,
            effective_on=DAY,
            amount_minor=70_000 + no,
            currency="EUR",
            counterparty=f"payee_{no % 60}",
        )
        for no in range(2_400)
    ]
    began = time.process_time()
    outcome = reconcile(lines, entries)
    took_s = time.process_time() - began

    assert outcome.exhausted
    assert_sound(lines, entries, outcome)
    assert took_s < HANGS_AFTER_S


def test_an_item_given_twice_is_refused() -> None:
    line = OpenLine(line_id="a", booked_on=DAY, amount_minor=1, currency="EUR")
    with pytest.raises(ItemTwice, match="a is there 2 times"):
        reconcile([line, line], [])


def test_a_policy_is_data() -> None:
    text = msgspec.json.encode(DEFAULT_POLICY)
    assert msgspec.json.decode(text, type=MatchingPolicy) == DEFAULT_POLICY
    twice = msgspec.to_builtins(MatchingPolicy(rules=DEFAULT_POLICY.rules[:1]))
    twice["rules"] *= 2
    with pytest.raises(msgspec.ValidationError, match="the same name"):
        msgspec.convert(twice, MatchingPolicy)
