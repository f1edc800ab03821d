"""One line with one entry: candidates by reference or by amount, and the pairs that leave no doubt.

A pair is taken only when each is the other's best and neither has a second candidate about as good. Two equally good
candidates are a doubt, and a doubt is for a person; except when the candidates are alike in everything but the day:
then the nearest and earliest go first.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from rapidfuzz.distance import Levenshtein

from projectors.reconciliation.matching.items import Item
from projectors.reconciliation.matching.rules import (
    PERMILLE,
    MatchingRule,
    in_window,
    is_tolerated,
    score_of,
    tolerated_minor,
)

CANDIDATES_MAX: Final = 64  # a line with more candidates by amount has none, and neither have they
ROUNDS_MAX: Final = 64  # every round settles what the round before has made clear
SIMILAR_PERMILLE_MIN: Final = 800  # two references of ten characters may differ in two


class Pair(NamedTuple):
    """A line and an entry, by number, with their score."""

    score_permille: int
    line: int
    entry: int


class Candidates(NamedTuple):
    """Pairs that a rule allows, and the items that have too many candidates to have any."""

    pairs: list[Pair]
    crowded_lines: list[int]
    crowded_entries: list[int]


def candidates_of(rule: MatchingRule, lines: Sequence[Item], entries: Sequence[Item]) -> Candidates:
    """Find every pair that the rule allows, among items in canonical order."""
    crowded_lines: list[int] = []
    crowded_entries: list[int] = []
    if rule.reference == "required":
        couples = list(_by_reference(lines, entries))
    else:
        couples, crowded_lines, crowded_entries = _by_amount(rule, lines, entries)
    pairs = [
        Pair(
            score_of(rule, days=line.day - entry.day, line_minor=line.amount_minor, entry_minor=entry.amount_minor),
            line.no,
            entry.no,
        )
        for line, entry in couples
        if in_window(rule, line.day - entry.day)
        and is_tolerated(rule, line.amount_minor, entry.amount_minor)
        and agrees(rule, line, entry)
    ]
    return Candidates(pairs, crowded_lines, crowded_entries)


def agrees(rule: MatchingRule, line: Item, entry: Item) -> bool:
    """Whether references and counterparty of two items are as the rule wants them."""
    if rule.same_counterparty and (line.counterparty is None or line.counterparty != entry.counterparty):
        return False
    match rule.reference:
        case "required":
            return not line.references.isdisjoint(entry.references)
        case "similar":
            return _similar(line.references, entry.references)
        case "no_conflict":
            return not (line.references and entry.references)
        case "ignored":
            return True


def _similar(ours: Iterable[str], theirs: Iterable[str]) -> bool:
    return any(
        Levenshtein.normalized_similarity(one, other) * PERMILLE >= SIMILAR_PERMILLE_MIN
        for one in ours
        for other in theirs
    )


def _by_reference(lines: Sequence[Item], entries: Sequence[Item]) -> Iterator[tuple[Item, Item]]:
    holders: dict[str, list[Item]] = defaultdict(list)
    for entry in entries:
        for reference in entry.references:
            holders[reference].append(entry)
    for line in lines:
        found = {entry.no: entry for reference in line.references for entry in holders.get(reference, ())}
        for no in sorted(found):
            yield line, found[no]


class _Ranked:
    """Entries in order of counterparty (where it counts), amount and day, and how many lines crowd each of them."""

    def __init__(self, rule: MatchingRule, entries: Iterable[Item]) -> None:
        self._rule = rule
        self.entries = sorted(entries, key=lambda entry: (*self._key(entry), entry.no))
        self._keys = [self._key(entry) for entry in self.entries]
        self._crowd = [0] * (len(self.entries) + 1)

    def _key(self, item: Item) -> tuple[str, int, int]:
        return (item.counterparty or "") if self._rule.same_counterparty else "", item.amount_minor, item.day

    def range_of(self, line: Item) -> range | None:
        """Where a line's candidates stand; None when there are too many, which is remembered of each of them."""
        counterparty, amount_minor, day = self._key(line)
        tolerated = tolerated_minor(self._rule, amount_minor)
        start = bisect_left(self._keys, (counterparty, amount_minor - tolerated, day - self._rule.days_late_max))
        stop = bisect_right(self._keys, (counterparty, amount_minor + tolerated, day + self._rule.days_early_max))
        if stop - start <= CANDIDATES_MAX:
            return range(start, stop)
        self._crowd[start] += 1
        self._crowd[stop] -= 1
        return None

    def crowded(self) -> set[int]:
        """Numbers of the entries that are among too many."""
        claims = accumulate(self._crowd)
        return {entry.no for entry, count in zip(self.entries, claims, strict=False) if count}


def _by_amount(
    rule: MatchingRule, lines: Sequence[Item], entries: Sequence[Item]
) -> tuple[list[tuple[Item, Item]], list[int], list[int]]:
    """Find entries by amount and day, and what is crowded: where too many would do, none of them is a candidate."""
    if rule.same_counterparty:
        lines = [line for line in lines if line.counterparty is not None]
    everything = _Ranked(rule, entries)
    bare = everything
    if rule.reference == "no_conflict":
        bare = _Ranked(rule, (entry for entry in entries if not entry.references))
    ranges = []
    crowded_lines = []
    for line in lines:
        ranked = bare if line.references else everything
        found = ranked.range_of(line)
        if found is None:
            crowded_lines.append(line.no)
        else:
            ranges.append((line, ranked, found))
    crowded = everything.crowded() | bare.crowded()
    couples = [
        (line, ranked.entries[at])
        for line, ranked, found in ranges
        for at in found
        if ranked.entries[at].no not in crowded
    ]
    return couples, crowded_lines, sorted(crowded)


def unambiguous(
    pairs: Iterable[Pair], *, lines: Sequence[Item], entries: Sequence[Item], margin_permille: int
) -> list[Pair]:
    """Choose pairs that are each other's best beyond doubt; then those that have become so, in further rounds."""
    chosen: list[Pair] = []
    left = sorted(pairs, key=lambda pair: (-pair.score_permille, pair.line, pair.entry))
    for _ in range(ROUNDS_MAX):
        of_line = _best(left, lambda pair: pair.line, lambda pair: entries[pair.entry], margin_permille)
        of_entry = _best(left, lambda pair: pair.entry, lambda pair: lines[pair.line], margin_permille)
        clear = [pair for pair in of_line.values() if pair is not None and of_entry[pair.entry] == pair]
        if not clear:
            break
        chosen += clear
        gone_lines = {pair.line for pair in clear}
        gone_entries = {pair.entry for pair in clear}
        left = [pair for pair in left if pair.line not in gone_lines and pair.entry not in gone_entries]
    return chosen


def _best(
    ranked: Iterable[Pair], own: Callable[[Pair], int], other: Callable[[Pair], Item], margin_permille: int
) -> dict[int, Pair | None]:
    """Give each item's best pair, or None where another one is about as good. ``ranked`` is in order, best first."""
    best: dict[int, Pair | None] = {}
    first: dict[int, Pair] = {}
    for pair in ranked:
        no = own(pair)
        if no not in first:
            first[no] = best[no] = pair
        elif first[no].score_permille - pair.score_permille < margin_permille and not _alike(
            other(first[no]), other(pair)
        ):
            best[no] = None
    return best


def _alike(one: Item, other: Item) -> bool:
    return one.likeness is not None and one.likeness == other.likeness
