"""What must be true of every outcome, whatever came in; and random input that likes to collide."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from hypothesis import strategies as st

from projectors.reconciliation.matching import reconcile as engine
from projectors.reconciliation.matching.items import OpenEntry, OpenLine
from projectors.reconciliation.matching.outcome import Break, Match, Outcome, explain
from projectors.reconciliation.matching.rules import DEFAULT_POLICY, MatchingPolicy, MatchingRule
from tests.support.statement_month import found_breaks, found_matches, found_suggestions, statement_month

DAY: Final = date(2026, 3, 10)
# The default rules, and one in the middle that tolerates a difference: ten in the thousand, at least 2.
TOLERANT: Final = MatchingPolicy(
    rules=(
        *DEFAULT_POLICY.rules[:2],
        MatchingRule(
            name="reference_about",
            shape="pair",
            reference="required",
            score_permille=940,
            tolerance_minor=2,
            tolerance_permille=10,
            days_early_max=2,
            days_late_max=5,
        ),
        *DEFAULT_POLICY.rules[2:],
    )
)

_REFERENCES = st.sampled_from((None, "NONREF", "INV-1001", "INV-1002", "INV-1003", "inv 1001"))
_COUNTERPARTIES = st.sampled_from((None, "payee_a", "payee_b"))
_AMOUNTS = st.sampled_from((-300, -100, 0, 100, 101, 103, 200, 300, 500, 1000, 1005))
_DAYS = st.integers(0, 9).map(lambda days: DAY + timedelta(days=days))
_CURRENCIES = st.sampled_from(("EUR", "EUR", "EUR", "USD"))


@st.composite
def both_sides(draw: st.DrawFn) -> tuple[list[OpenLine], list[OpenEntry]]:
    """Up to a dozen lines and entries with few different amounts, references and days."""
    lines = [
        OpenLine(
            line_id=f"line-{no}",
            booked_on=draw(_DAYS),
            amount_minor=draw(_AMOUNTS),
            currency=draw(_CURRENCIES),
            references=tuple(one for one in draw(st.lists(_REFERENCES, max_size=2)) if one is not None),
            counterparty=draw(_COUNTERPARTIES),
            text=draw(st.sampled_from(("", "rent", "thanks for INV-1002"))),
        )
        for no in range(draw(st.integers(0, 12)))
    ]
    entries = [
        OpenEntry(
            position=no + 1,
            leg=0,
            effective_on=draw(_DAYS),
            amount_minor=draw(_AMOUNTS),
            currency=draw(_CURRENCIES),
            end_to_end_id=draw(_REFERENCES),
            transfer_id=f"xfer_{no + 1}",
            counterparty=draw(_COUNTERPARTIES),
        )
        for no in range(draw(st.integers(0, 12)))
    ]
    return lines, entries


def assert_sound(lines: Sequence[OpenLine], entries: Sequence[OpenEntry], outcome: Outcome) -> None:
    """Each item once; the balances explain each other; a match keeps to its rule; no arbitrary choice."""
    assert_each_once(lines, entries, outcome)
    for currency in {line.currency for line in lines} | {entry.currency for entry in entries}:
        said = explain(lines, entries, outcome, currency=currency)
        assert said.unexplained_minor == 0, said
    rules = {rule.name: rule for rule in TOLERANT.rules}
    for match in outcome.matches:
        assert_keeps_to(rules[match.rule], match, lines, entries)
        assert match.score_permille >= TOLERANT.auto_permille
    assert_no_choice_among_equals(lines, entries, outcome)


def assert_each_once(lines: Sequence[OpenLine], entries: Sequence[OpenEntry], outcome: Outcome) -> None:
    """Every line and entry is in exactly one match or break."""
    said: list[Match | Break] = [*outcome.matches, *outcome.breaks]
    assert Counter(name for one in said for name in one.line_ids) == Counter(line.line_id for line in lines)
    assert Counter(key for one in said for key in one.entries) == Counter(entry.key for entry in entries)


def assert_keeps_to(rule: MatchingRule, match: Match, lines: Sequence[OpenLine], entries: Sequence[OpenEntry]) -> None:
    """One currency, one direction, a difference and distances that the rule tolerates, and its kind of evidence."""
    ours = [line for line in lines if line.line_id in match.line_ids]
    theirs = [entry for entry in entries if entry.key in match.entries]
    assert {line.currency for line in ours} | {entry.currency for entry in theirs} == {match.currency}
    ours_minor = sum(line.amount_minor for line in ours)
    theirs_minor = sum(entry.amount_minor for entry in theirs)
    assert match.difference_minor == ours_minor - theirs_minor
    assert abs(match.difference_minor) <= max(rule.tolerance_minor, abs(ours_minor) * rule.tolerance_permille // 1000)
    assert (ours_minor > 0) - (ours_minor < 0) == (theirs_minor > 0) - (theirs_minor < 0)
    for line in ours:
        for entry in theirs:
            late = (line.booked_on - entry.effective_on).days
            assert -rule.days_early_max <= late <= rule.days_late_max
            assert not rule.same_counterparty or (line.counterparty or "?") == entry.counterparty


def assert_no_choice_among_equals(lines: Sequence[OpenLine], entries: Sequence[OpenEntry], outcome: Outcome) -> None:
    """Items that nothing tells apart, and that no reference names, are matched all, or none of them."""
    matched = {name for match in outcome.matches for name in match.line_ids}
    matched_entries = {key for match in outcome.matches for key in match.entries}
    equals: dict[Any, set[bool]] = defaultdict(set)
    for line in lines:
        if not line.references and not line.text:
            like = ("line", line.booked_on, line.amount_minor, line.currency, line.counterparty)
            equals[like].add(line.line_id in matched)
    for entry in entries:
        if entry.end_to_end_id is None and entry.reference is None:
            equal = ("entry", entry.effective_on, entry.amount_minor, entry.currency, entry.counterparty)
            equals[equal].add(entry.key in matched_entries)
    assert [like for like, outcomes in equals.items() if len(outcomes) > 1] == []


def assert_finds_everything(seed: int, *, lines: int) -> None:
    """Find all that was planted in a month, and nothing else."""
    month = statement_month(seed, lines=lines)
    outcome = engine.reconcile(month.lines, month.entries)
    assert_each_once(month.lines, month.entries, outcome)
    assert found_matches(outcome) == month.matches
    assert found_breaks(outcome) == month.breaks
    assert month.suggestions <= found_suggestions(outcome)
    assert not outcome.exhausted
