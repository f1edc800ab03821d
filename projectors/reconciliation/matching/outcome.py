"""The answer: matches, suggestions, breaks; and the sum that has to come out.

Every line and every entry is in exactly one match or in exactly one break, so the two balances always explain each
other:

    ledger - unmatched entries + matched differences = statement - unmatched lines
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from contracts.commands import BreakKind
from projectors.reconciliation.matching.items import EntryKey, OpenEntry, OpenLine

MatchShape = Literal["one_to_one", "split", "merge", "group"]


class Match(Struct, frozen=True, kw_only=True):
    """Lines and entries that are the same money, by which rule, and how sure that is.

    ``shape``: split is one entry in several lines, merge several entries in one line. ``difference_minor``: the lines
    less the entries; zero unless the rule tolerates one.
    """

    rule: str
    shape: MatchShape
    score_permille: int
    currency: str
    line_ids: tuple[str, ...]
    entries: tuple[EntryKey, ...]
    difference_minor: int


class Break(Struct, frozen=True, kw_only=True):
    """Lines or entries, or both, without a match, and what they look like.

    ``difference_minor``: the lines less the entries, which is what the break adds to the difference between the
    balances. ``like_line_id``: the line that a duplicate repeats.
    """

    kind: BreakKind
    currency: str
    line_ids: tuple[str, ...]
    entries: tuple[EntryKey, ...]
    difference_minor: int
    like_line_id: str | None = None


class Outcome(Struct, frozen=True, kw_only=True):
    """Everything found. ``exhausted``: a search ended at one of its bounds, so there may be more to find."""

    matches: tuple[Match, ...]
    suggestions: tuple[Match, ...]
    breaks: tuple[Break, ...]
    exhausted: bool = False


class Explanation(Struct, frozen=True, kw_only=True):
    """How ledger and statement balance of one currency lead to each other."""

    currency: str
    ledger_minor: int
    statement_minor: int
    unmatched_entries_minor: int
    unmatched_lines_minor: int
    matched_difference_minor: int

    @property
    def unexplained_minor(self) -> int:
        """What is left when everything known is taken off: zero, or the difference that the openings began with."""
        explained_statement = self.statement_minor - self.unmatched_lines_minor
        explained_ledger = self.ledger_minor - self.unmatched_entries_minor + self.matched_difference_minor
        return explained_statement - explained_ledger


def shape_of(lines: int, entries: int) -> MatchShape:
    """Name a match by how many lines and entries it has."""
    if lines == 1:
        return "one_to_one" if entries == 1 else "merge"
    return "split" if entries == 1 else "group"


def explain(
    lines: Sequence[OpenLine],
    entries: Sequence[OpenEntry],
    outcome: Outcome,
    *,
    currency: str,
    opening_ledger_minor: int = 0,
    opening_statement_minor: int = 0,
) -> Explanation:
    """Add up both sides of one currency beside what the breaks and matches say about them."""
    line_minor = {line.line_id: line.amount_minor for line in lines if line.currency == currency}
    entry_minor = {entry.key: entry.amount_minor for entry in entries if entry.currency == currency}
    breaks = [found for found in outcome.breaks if found.currency == currency]
    return Explanation(
        currency=currency,
        ledger_minor=opening_ledger_minor + sum(entry_minor.values()),
        statement_minor=opening_statement_minor + sum(line_minor.values()),
        unmatched_entries_minor=sum(entry_minor[key] for found in breaks for key in found.entries),
        unmatched_lines_minor=sum(line_minor[line_id] for found in breaks for line_id in found.line_ids),
        matched_difference_minor=sum(m.difference_minor for m in outcome.matches if m.currency == currency),
    )
