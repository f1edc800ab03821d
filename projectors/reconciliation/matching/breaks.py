"""What is left after matching, each item under exactly one name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from contracts.commands import BreakKind
from projectors.reconciliation.matching.groups import Component, components_of
from projectors.reconciliation.matching.items import Fingerprint, Item
from projectors.reconciliation.matching.pool import Found, Pool

DUPLICATE_DAYS_MAX: Final = 7  # a bank repeats a line within a week; what comes back later is another payment


class Left(NamedTuple):
    """Items, by number, that have no match, and why."""

    kind: BreakKind
    lines: tuple[int, ...]
    entries: tuple[int, ...]
    like_line: int | None = None


class Doubts(NamedTuple):
    """Items that have several candidates about as good, or more than a search looks at."""

    lines: frozenset[int]
    entries: frozenset[int]


def duplicates_in(pool: Pool) -> dict[int, int]:
    """Find open lines that repeat another one: a matched one, or an open one before it. Keys repeat values."""
    open_lines = {line.no for line in pool.open_lines()}
    firsts: dict[Fingerprint, list[Item]] = {}
    duplicates: dict[int, int] = {}
    # Matched lines first: whichever of two equal lines was matched is the one that the other repeats.
    for line in sorted(pool.lines, key=lambda line: (line.no in open_lines, line.no)):
        if line.fingerprint is None:
            continue
        known = firsts.setdefault(line.fingerprint, [])
        like = next((first for first in known if abs(first.day - line.day) <= DUPLICATE_DAYS_MAX), None)
        if like is not None and line.no in open_lines:
            duplicates[line.no] = like.no
        else:
            known.append(line)
    return duplicates


class _Remainder:
    """Open items that no break has named yet."""

    def __init__(self, pool: Pool) -> None:
        self.lines = {line.no: line for line in pool.open_lines()}
        self.entries = {entry.no: entry for entry in pool.open_entries()}
        self.named: list[Left] = []

    def name(self, left: Left) -> None:
        """Put items under a name, unless one of them has one already."""
        if self.lines.keys() >= set(left.lines) and self.entries.keys() >= set(left.entries):
            self.named.append(left)
            for no in left.lines:
                del self.lines[no]
            for no in left.entries:
                del self.entries[no]


def left_in(pool: Pool, *, likely: Iterable[Found], near: Iterable[Found], doubts: Doubts) -> list[Left]:
    """Name everything open. ``likely``: splits and merges nobody has confirmed; ``near``: pairs of unequal amount."""
    rest = _Remainder(pool)
    for no, like in sorted(duplicates_in(pool).items()):
        rest.name(Left("duplicate_line", (no,), (), like))
    for component in components_of(list(rest.lines.values()), list(rest.entries.values())):
        kind = _kind_of(component)
        if kind is not None:
            rest.name(Left(kind, _numbers(component.lines), _numbers(component.entries)))
    for no in sorted(doubts.lines & rest.lines.keys()):
        rest.name(Left("unknown", (no,), ()))
    for no in sorted(doubts.entries & rest.entries.keys()):
        rest.name(Left("unknown", (), (no,)))
    for found in likely:
        rest.name(Left("merge" if len(found.lines) == 1 else "split", found.lines, found.entries))
    for found in near:
        rest.name(Left("wrong_amount", found.lines, found.entries))
    for no in sorted(rest.lines):
        rest.name(Left("missing_in_book", (no,), ()))
    for no in sorted(rest.entries):
        rest.name(Left("missing_in_statement", (), (no,)))
    return rest.named


def _kind_of(component: Component) -> BreakKind | None:
    """Say what items that share references look like; None when they go opposite ways (a payment and its return)."""
    amounts = [item.amount_minor for item in (*component.lines, *component.entries)]
    if not (all(minor > 0 for minor in amounts) or all(minor < 0 for minor in amounts)):
        return None
    match len(component.lines), len(component.entries):
        case 1, 1:
            return "wrong_amount" if amounts[0] != amounts[1] else "unknown"
        case _, 1:
            return "split"
        case 1, _:
            return "merge"
        case _:
            return "unknown"


def _numbers(items: Sequence[Item]) -> tuple[int, ...]:
    return tuple(item.no for item in items)
