"""The way in: lines and entries of any currencies, a policy; out comes the whole answer.

Each rule in turn takes what leaves no doubt. Then every rule looks once more at what is left: now a candidate is only a
suggestion, and what has none, or too many, becomes a break.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from projectors.reconciliation.matching.breaks import Doubts, Left, duplicates_in, left_in
from projectors.reconciliation.matching.groups import components_of, groups_of
from projectors.reconciliation.matching.items import Item, OpenEntry, OpenLine, in_order, items_of
from projectors.reconciliation.matching.outcome import Break, Match, Outcome, shape_of
from projectors.reconciliation.matching.pairs import Candidates, Pair, candidates_of, unambiguous
from projectors.reconciliation.matching.parts import parts_of
from projectors.reconciliation.matching.pool import Found, Pool
from projectors.reconciliation.matching.rules import DEFAULT_POLICY, MatchingPolicy, MatchingRule
from projectors.reconciliation.matching.subsets import Budget

SUGGESTIONS_MAX: Final = 5  # per line
SAME_REFERENCE: Final = "same_reference"  # the rule named for items that share a reference but not the amount or days
SAME_REFERENCE_PERMILLE: Final = 700


def reconcile(
    lines: Iterable[OpenLine], entries: Iterable[OpenEntry], policy: MatchingPolicy = DEFAULT_POLICY
) -> Outcome:
    """Match lines with entries, each at most once, within each currency. Raises ItemTwice.

    The same input gives the same answer, in whatever order it comes. A step after matching is linear in what is left;
    every search is bounded (see the constants of each module), and ``exhausted`` says when a bound was met.
    """
    ordered_lines, ordered_entries = in_order(lines, entries)
    lines_of: dict[str, list[OpenLine]] = defaultdict(list)
    entries_of: dict[str, list[OpenEntry]] = defaultdict(list)
    for line in ordered_lines:
        lines_of[line.currency].append(line)
    for entry in ordered_entries:
        entries_of[entry.currency].append(entry)
    outcomes = [
        _Matching(currency, lines_of[currency], entries_of[currency], policy).outcome()
        for currency in sorted({*lines_of, *entries_of})
    ]
    return Outcome(
        matches=tuple(match for outcome in outcomes for match in outcome.matches),
        suggestions=tuple(match for outcome in outcomes for match in outcome.suggestions),
        breaks=tuple(found for outcome in outcomes for found in outcome.breaks),
        exhausted=any(outcome.exhausted for outcome in outcomes),
    )


class _Matching:
    """The matching of one currency."""

    def __init__(
        self, currency: str, lines: Sequence[OpenLine], entries: Sequence[OpenEntry], policy: MatchingPolicy
    ) -> None:
        self._currency = currency
        self._lines = lines
        self._entries = entries
        self._policy = policy
        self._budget = Budget()
        self._pool = Pool(*items_of(lines, entries, dated_by=policy.dated_by))

    def outcome(self) -> Outcome:
        for rule in self._policy.rules:
            if rule.score_permille >= self._policy.auto_permille:
                self._pool.take(found for found in self._certain(rule) if self._is_auto(found))
        taken = sorted(self._pool.taken, key=lambda found: (found.lines, found.entries))
        suggestions, left = self._second_look()
        return Outcome(
            matches=tuple(map(self._match, taken)),
            suggestions=tuple(map(self._match, suggestions)),
            breaks=tuple(map(self._break, left)),
            exhausted=self._budget.exhausted,
        )

    def _is_auto(self, found: Found) -> bool:
        return found.score_permille >= self._policy.auto_permille

    def _certain(self, rule: MatchingRule) -> list[Found]:
        """What a rule finds beyond doubt among the open items."""
        lines, entries = self._looked_at(rule)
        match rule.shape:
            case "pair":
                return self._pairs(rule, candidates_of(rule, lines, entries).pairs)
            case "group":
                return groups_of(rule, lines, entries, self._budget)
            case "parts":
                return parts_of(rule, lines, entries, self._budget)

    def _pairs(self, rule: MatchingRule, pairs: Iterable[Pair]) -> list[Found]:
        clear = unambiguous(
            pairs, lines=self._pool.lines, entries=self._pool.entries, margin_permille=rule.margin_permille
        )
        return [_found(rule, pair) for pair in clear]

    def _looked_at(self, rule: MatchingRule) -> tuple[list[Item], list[Item]]:
        """Give the open items that a rule may look at.

        Lines that repeat another, and items whose references point to one another, already have a story: a rule that
        does not ask for a reference leaves them alone.
        """
        lines, entries = self._pool.open_lines(), self._pool.open_entries()
        if rule.reference == "required":
            return lines, entries
        told = components_of(lines, entries)
        told_lines = {line.no for component in told for line in component.lines} | duplicates_in(self._pool).keys()
        told_entries = {entry.no for component in told for entry in component.entries}
        return (
            [line for line in lines if line.no not in told_lines],
            [entry for entry in entries if entry.no not in told_entries],
        )

    def _second_look(self) -> tuple[list[Found], list[Left]]:
        """Find suggestions among what is left, and name every break."""
        suggested: list[Found] = []
        likely: list[Found] = []
        near: list[Found] = []
        doubtful: list[Candidates] = []
        for rule in self._policy.rules:
            if rule.shape != "pair":
                likely += (certain := self._certain(rule))
                suggested += certain
                continue
            candidates = candidates_of(rule, *self._looked_at(rule))
            suggested += [_found(rule, pair) for pair in _top(candidates.pairs)]
            if rule.score_permille >= self._policy.auto_permille:
                doubtful.append(candidates)
            else:
                near += [found for found in self._pairs(rule, candidates.pairs) if self._difference(found)]
        left = left_in(self._pool, likely=likely, near=near, doubts=self._doubts(doubtful))
        suggested += [
            Found(SAME_REFERENCE, SAME_REFERENCE_PERMILLE, one.lines, one.entries)
            for one in left
            if one.lines and one.entries
        ]
        return _best_of_each(suggested), left

    def _doubts(self, doubtful: Iterable[Candidates]) -> Doubts:
        lines: set[int] = set()
        entries: set[int] = set()
        for candidates in doubtful:
            certain_enough = [pair for pair in candidates.pairs if pair.score_permille >= self._policy.auto_permille]
            lines.update(candidates.crowded_lines, (pair.line for pair in certain_enough))
            entries.update(candidates.crowded_entries, (pair.entry for pair in certain_enough))
        return Doubts(frozenset(lines), frozenset(entries))

    def _difference(self, found: Found) -> int:
        """The lines less the entries."""
        lines_minor = sum(self._lines[no].amount_minor for no in found.lines)
        return lines_minor - sum(self._entries[no].amount_minor for no in found.entries)

    def _match(self, found: Found) -> Match:
        return Match(
            rule=found.rule,
            shape=shape_of(len(found.lines), len(found.entries)),
            score_permille=found.score_permille,
            currency=self._currency,
            line_ids=tuple(self._lines[no].line_id for no in found.lines),
            entries=tuple(self._entries[no].key for no in found.entries),
            difference_minor=self._difference(found),
        )

    def _break(self, left: Left) -> Break:
        return Break(
            kind=left.kind,
            currency=self._currency,
            line_ids=tuple(self._lines[no].line_id for no in left.lines),
            entries=tuple(self._entries[no].key for no in left.entries),
            difference_minor=self._difference(Found("", 0, left.lines, left.entries)),
            like_line_id=None if left.like_line is None else self._lines[left.like_line].line_id,
        )


def _found(rule: MatchingRule, pair: Pair) -> Found:
    return Found(rule.name, pair.score_permille, (pair.line,), (pair.entry,))


def _top(pairs: Iterable[Pair]) -> list[Pair]:
    """Keep the best few candidates of each line."""
    counts: dict[int, int] = defaultdict(int)
    top = []
    for pair in sorted(pairs, key=lambda pair: (-pair.score_permille, pair.line, pair.entry)):
        counts[pair.line] += 1
        if counts[pair.line] <= SUGGESTIONS_MAX:
            top.append(pair)
    return top


def _best_of_each(found: Iterable[Found]) -> list[Found]:
    """Keep the best suggestion for the same lines and entries, and the best few of each first line; best first."""
    ranked = sorted(found, key=lambda one: (one.lines, -one.score_permille, one.entries, one.rule))
    best: dict[tuple[tuple[int, ...], tuple[int, ...]], Found] = {}
    for one in ranked:
        best.setdefault((one.lines, one.entries), one)
    counts: dict[tuple[int, ...], int] = defaultdict(int)
    kept = []
    for one in best.values():
        counts[one.lines] += 1
        if counts[one.lines] <= SUGGESTIONS_MAX:
            kept.append(one)
    return kept
