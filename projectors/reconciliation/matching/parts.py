"""One item that several of the other side add up to, with no reference that says so.

With one counterparty on both sides that is good evidence; without, a coincidence is possible, and the rule's score
should keep it a suggestion.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from projectors.reconciliation.matching.groups import disjoint, found_in_time
from projectors.reconciliation.matching.items import Item
from projectors.reconciliation.matching.pairs import agrees
from projectors.reconciliation.matching.pool import Found
from projectors.reconciliation.matching.rules import MatchingRule
from projectors.reconciliation.matching.subsets import Budget, only_subset

NEAR_MAX: Final = 1_000  # items near in time that are looked at for one target


class _ByDay:
    """Items of one side and one direction in order of their day, all of them or those of one counterparty."""

    def __init__(self, items: Sequence[Item], *, same_counterparty: bool) -> None:
        self._same_counterparty = same_counterparty
        self._items: dict[tuple[bool, str | None], list[Item]] = defaultdict(list)
        for item in sorted(items, key=lambda item: (item.day, item.no)):
            self._items[self._key(item)].append(item)
        self._days = {key: [item.day for item in found] for key, found in self._items.items()}

    def _key(self, item: Item) -> tuple[bool, str | None]:
        return item.amount_minor > 0, item.counterparty if self._same_counterparty else None

    def near(self, target: Item, *, first_day: int, last_day: int, budget: Budget) -> list[Item]:
        """Give what the target could be made of; nothing where that is too much to look at."""
        key = self._key(target)
        days = self._days.get(key, [])
        start, stop = bisect_left(days, first_day), bisect_right(days, last_day)
        if stop - start > NEAR_MAX:
            budget.exhausted = True
            return []
        return self._items.get(key, [])[start:stop]


def parts_of(rule: MatchingRule, lines: Sequence[Item], entries: Sequence[Item], budget: Budget) -> list[Found]:
    """Find items that two or more of the other side add up to, each item in one match only."""
    lines_by_day = _ByDay(lines, same_counterparty=rule.same_counterparty)
    entries_by_day = _ByDay(entries, same_counterparty=rule.same_counterparty)
    found: list[Found | None] = []
    early, late = rule.days_early_max, rule.days_late_max
    for entry in entries:
        near = lines_by_day.near(entry, first_day=entry.day - early, last_day=entry.day + late, budget=budget)
        candidates = [line for line in near if agrees(rule, line, entry)]
        subset = only_subset(entry.amount_minor, candidates, parts_max=rule.parts_max, budget=budget)
        found.append(None if subset is None else found_in_time(rule, subset, (entry,)))
    for line in lines:
        near = entries_by_day.near(line, first_day=line.day - late, last_day=line.day + early, budget=budget)
        candidates = [entry for entry in near if agrees(rule, line, entry)]
        subset = only_subset(line.amount_minor, candidates, parts_max=rule.parts_max, budget=budget)
        found.append(None if subset is None else found_in_time(rule, (line,), subset))
    return disjoint([one for one in found if one is not None])
