"""What is still open while rules take their turn, and what a rule found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from projectors.reconciliation.matching.items import Item


class Found(NamedTuple):
    """Lines and entries, by number, that a rule holds for the same money."""

    rule: str
    score_permille: int
    lines: tuple[int, ...]
    entries: tuple[int, ...]


class Pool:
    """The items of one currency that no match has taken yet."""

    def __init__(self, lines: Sequence[Item], entries: Sequence[Item]) -> None:
        self.lines = lines
        self.entries = entries
        self.taken: list[Found] = []
        self._open_lines = set(range(len(lines)))
        self._open_entries = set(range(len(entries)))

    def open_lines(self) -> list[Item]:
        """Open lines in canonical order."""
        return [item for item in self.lines if item.no in self._open_lines]

    def open_entries(self) -> list[Item]:
        """Open entries in canonical order."""
        return [item for item in self.entries if item.no in self._open_entries]

    def is_open(self, found: Found) -> bool:
        """Whether nothing of it has been taken."""
        return self._open_lines.issuperset(found.lines) and self._open_entries.issuperset(found.entries)

    def take(self, founds: Iterable[Found]) -> None:
        """Take matches out of the pool. Raises AssertionError for an item that is gone: no item matches twice."""
        for found in founds:
            assert self.is_open(found), f"{found} was matched before"
            self._open_lines.difference_update(found.lines)
            self._open_entries.difference_update(found.entries)
            self.taken.append(found)
