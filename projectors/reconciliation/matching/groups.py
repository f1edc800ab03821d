"""Lines and entries that share references: one order paid in parts, one payment for several orders.

Items are joined into components by shared references. A component whose two sides add up is one match; otherwise a part
of it may: one item that several of the other side add up to, if there is only one way to see it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from projectors.reconciliation.matching.items import Item
from projectors.reconciliation.matching.pool import Found
from projectors.reconciliation.matching.rules import MatchingRule, in_window, is_tolerated, score_of
from projectors.reconciliation.matching.subsets import Budget, only_subset

COMPONENT_ITEMS_MAX: Final = 100  # a larger one is not one story


class Component(NamedTuple):
    """Items held together by references, in canonical order."""

    lines: tuple[Item, ...]
    entries: tuple[Item, ...]


def components_of(lines: Sequence[Item], entries: Sequence[Item]) -> list[Component]:
    """Join items by shared references; components of one side only are left out."""
    parents: dict[str, str] = {}
    for item in (*lines, *entries):
        names = sorted(item.references)
        for name in names:
            _join(parents, names[0], name)
    lines_of: dict[str, list[Item]] = defaultdict(list)
    entries_of: dict[str, list[Item]] = defaultdict(list)
    for side, items in ((lines_of, lines), (entries_of, entries)):
        for item in items:
            if item.references:
                side[_root(parents, min(item.references))].append(item)
    return [
        Component(tuple(lines_of[root]), tuple(entries_of[root]))
        for root in sorted(lines_of.keys() & entries_of.keys())
    ]


def _root(parents: dict[str, str], name: str) -> str:
    root = name
    while parents.setdefault(root, root) != root:
        root = parents[root]
    while parents[name] != root:  # shorten the way for the next one
        parents[name], name = root, parents[name]
    return root


def _join(parents: dict[str, str], one: str, other: str) -> None:
    first, second = _root(parents, one), _root(parents, other)
    parents[max(first, second)] = min(first, second)


def groups_of(rule: MatchingRule, lines: Sequence[Item], entries: Sequence[Item], budget: Budget) -> list[Found]:
    """Find matches among items that share references; no item is in two of them."""
    found: list[Found] = []
    for component in components_of(lines, entries):
        if len(component.lines) + len(component.entries) > COMPONENT_ITEMS_MAX:
            budget.exhausted = True
            continue
        whole = _whole(rule, component)
        found += [whole] if whole is not None else disjoint(_inside(rule, component, budget))
    return found


def _whole(rule: MatchingRule, component: Component) -> Found | None:
    """Match all of a component when its sides add up to the same."""
    items = (*component.lines, *component.entries)
    line_minor = sum(line.amount_minor for line in component.lines)
    entry_minor = sum(entry.amount_minor for entry in component.entries)
    one_way = all(item.amount_minor > 0 for item in items) or all(item.amount_minor < 0 for item in items)
    if len(items) < 3 or not one_way or not is_tolerated(rule, line_minor, entry_minor):
        return None
    return found_in_time(rule, component.lines, component.entries)


def _inside(rule: MatchingRule, component: Component, budget: Budget) -> list[Found]:
    found: list[Found | None] = []
    for entry in component.entries:
        parts = [line for line in component.lines if _fits(rule, line, entry)]
        subset = only_subset(entry.amount_minor, parts, parts_max=rule.parts_max, budget=budget)
        found.append(None if subset is None else found_in_time(rule, subset, (entry,)))
    for line in component.lines:
        parts = [entry for entry in component.entries if _fits(rule, line, entry)]
        subset = only_subset(line.amount_minor, parts, parts_max=rule.parts_max, budget=budget)
        found.append(None if subset is None else found_in_time(rule, (line,), subset))
    return [one for one in found if one is not None]


def _fits(rule: MatchingRule, line: Item, entry: Item) -> bool:
    return in_window(rule, line.day - entry.day) and not line.references.isdisjoint(entry.references)


def found_in_time(rule: MatchingRule, lines: Sequence[Item], entries: Sequence[Item]) -> Found | None:
    """Make a match of several items; None when a line is too far from an entry in time."""
    distances = [line.day - entry.day for line in lines for entry in entries]
    if not all(in_window(rule, days) for days in distances):
        return None
    score_permille = score_of(
        rule,
        days=max(map(abs, distances)),
        line_minor=sum(line.amount_minor for line in lines),
        entry_minor=sum(entry.amount_minor for entry in entries),
    )
    return Found(rule.name, score_permille, _numbers(lines), _numbers(entries))


def _numbers(items: Sequence[Item]) -> tuple[int, ...]:
    return tuple(sorted(item.no for item in items))


def disjoint(found: Sequence[Found]) -> list[Found]:
    """Keep the matches none of whose items is in another one: two claims to one item are a doubt about both."""
    unique = list(dict.fromkeys(found))
    line_claims = Counter(no for one in unique for no in one.lines)
    entry_claims = Counter(no for one in unique for no in one.entries)
    return [
        one
        for one in unique
        if all(line_claims[no] == 1 for no in one.lines) and all(entry_claims[no] == 1 for no in one.entries)
    ]
