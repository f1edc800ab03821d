"""Which few of many amounts add up to one: a bounded search that says when there is more than one answer.

Subset sum is hard in general, so the search is kept small by named bounds, and a search that ran into one of them
counts as "not certain", never as "none".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from projectors.reconciliation.matching.items import NO_LIKENESS, Item

STEPS_MAX: Final = 20_000  # of one search
STEPS_TOTAL_MAX: Final = 2_000_000  # of all searches for one currency
POOL_MAX: Final = 48  # items that one search may choose from


class Budget(Struct):
    """Steps that are left to all searches together, and whether a search ended before it was done."""

    steps_left: int = STEPS_TOTAL_MAX
    exhausted: bool = False


class _Search(Struct):
    """One search on its way: at most two answers are of interest, the second only as a doubt."""

    amounts: list[int]
    alike: list[bool]  # whether the item could stand for the one before it
    most: list[int]  # sum of the amounts from here on
    parts_max: int
    steps_left: int
    found: list[tuple[int, ...]]


def only_subset(target_minor: int, items: Sequence[Item], *, parts_max: int, budget: Budget) -> tuple[Item, ...] | None:
    """Find the one set of 2 to ``parts_max`` items that adds up to the target; None without one, or with several.

    Only items of the target's sign and of smaller amount can be parts. Sets that differ by items alike in all but the
    day are one set: the earliest items stand for it.
    """
    size = abs(target_minor)
    fit = [item for item in items if item.amount_minor * target_minor > 0 and abs(item.amount_minor) < size]
    if len(fit) < 2:
        return None
    if len(fit) > POOL_MAX or budget.steps_left <= 0:
        budget.exhausted = True
        return None
    fit.sort(key=lambda item: (-abs(item.amount_minor), item.likeness or NO_LIKENESS, item.no))
    amounts = [abs(item.amount_minor) for item in fit]
    search = _Search(
        amounts=amounts,
        alike=[
            at > 0 and fit[at].likeness is not None and fit[at].likeness == fit[at - 1].likeness
            for at in range(len(fit))
        ],
        most=[sum(amounts[at:]) for at in range(len(amounts) + 1)],
        parts_max=parts_max,
        steps_left=min(STEPS_MAX, budget.steps_left),
        found=[],
    )
    before = search.steps_left
    _extend(search, size, 0, ())
    budget.steps_left -= before - search.steps_left
    if search.steps_left <= 0:
        budget.exhausted = True
        return None
    return tuple(fit[at] for at in search.found[0]) if len(search.found) == 1 else None


def _extend(search: _Search, left_minor: int, start: int, chosen: tuple[int, ...]) -> None:
    """Try every further item, largest first; give up as soon as what is left cannot reach the target any more."""
    if left_minor == 0:
        search.found.append(chosen)
        return
    if len(chosen) == search.parts_max:
        return
    for at in range(start, len(search.amounts)):
        search.steps_left -= 1
        if search.steps_left <= 0 or len(search.found) > 1 or search.most[at] < left_minor:
            return
        if search.amounts[at] * (search.parts_max - len(chosen)) < left_minor:
            return
        repeats_the_one_before = at > start and search.alike[at]
        if search.amounts[at] <= left_minor and not repeats_the_one_before:
            _extend(search, left_minor - search.amounts[at], at + 1, (*chosen, at))
