"""A month of bank statement lines and book entries with planted anomalies, from a seed, and what should be found.

month = statement_month(7, lines=10_000)
month.lines, month.entries, month.matches, month.breaks
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from contracts.commands import BreakKind
from projectors.reconciliation.matching.items import EntryKey, OpenEntry, OpenLine
from projectors.reconciliation.matching.outcome import Outcome

FIRST_DAY: Final = date(2026, 3, 1)
DAYS: Final = 31
CURRENCY: Final = "EUR"
OTHER_CURRENCY: Final = "USD"
COUNTERPARTIES: Final = 400
PRICES: Final = (499, 999, 1_250, 1_999, 4_900, 9_900, 12_000)
DUPLICATE_ID: Final = "z"  # sorts behind the line it repeats

Names = tuple[frozenset[str], frozenset[EntryKey]]


class Planted(Struct, frozen=True):
    """How many of each anomaly per thousand lines; at least one unless zero."""

    duplicates: int = 6
    splits: int = 8
    merges: int = 8
    wrong_amounts: int = 6
    missing_in_book: int = 10
    missing_in_statement: int = 10
    wrong_currencies: int = 3
    ambiguous: int = 3
    ambiguous_parts: int = 3
    contested_parts: int = 3
    likely_splits: int = 3
    likely_merges: int = 3
    near_amounts: int = 3
    mistyped_references: int = 3


class StatementMonth(Struct):
    """Both sides of a month, and the truth about them."""

    lines: list[OpenLine] = field(default_factory=list)
    entries: list[OpenEntry] = field(default_factory=list)
    matches: set[Names] = field(default_factory=set)
    breaks: set[tuple[BreakKind, Names]] = field(default_factory=set)
    suggestions: set[Names] = field(default_factory=set)


# What a statement of one currency can hold when texts are sealed and the book's entries name no counterparty.
PLAIN: Final = Planted(
    splits=0,
    merges=0,
    wrong_currencies=0,
    ambiguous_parts=0,
    contested_parts=0,
    near_amounts=0,
)


def statement_month(seed: int, *, lines: int, planted: Planted | None = None, texts: bool = True) -> StatementMonth:
    """Make a month with about this many lines. ``texts``: some references stand in the text of a line only."""
    return _Maker(seed, texts=texts).month(lines, planted or Planted())


def names(lines: Iterable[OpenLine], entries: Iterable[OpenEntry]) -> Names:
    """Name what belongs together."""
    return frozenset(line.line_id for line in lines), frozenset(entry.key for entry in entries)


def found_suggestions(outcome: Outcome) -> set[Names]:
    """Give an outcome's suggestions in the form of the truth."""
    return {(frozenset(match.line_ids), frozenset(match.entries)) for match in outcome.suggestions}


def found_matches(outcome: Outcome) -> set[Names]:
    """Give an outcome's matches in the form of the truth."""
    return {(frozenset(match.line_ids), frozenset(match.entries)) for match in outcome.matches}


def found_breaks(outcome: Outcome) -> set[tuple[BreakKind, Names]]:
    """Give an outcome's breaks in the form of the truth."""
    return {(found.kind, (frozenset(found.line_ids), frozenset(found.entries))) for found in outcome.breaks}


class _Maker:
    def __init__(self, seed: int, *, texts: bool) -> None:
        self._random = random.Random(seed)
        self._texts = texts
        self._made = StatementMonth()
        self._position = 100
        self._lines = 0
        self._amounts: set[int] = set()

    def month(self, lines: int, planted: Planted) -> StatementMonth:
        for kind in Planted.__struct_fields__:
            permille = getattr(planted, kind)
            for _ in range(max(1, permille * lines // 1000) if permille else 0):
                getattr(self, f"_plant_{kind}")()
        while len(self._made.lines) < lines:
            self._plant_ordinary()
        self._random.shuffle(self._made.lines)
        self._random.shuffle(self._made.entries)
        return self._made

    def _day(self) -> date:
        return FIRST_DAY + timedelta(days=self._random.randrange(DAYS))

    def _unique(self, *, least: int = 100) -> int:
        """An amount nobody else has, either way."""
        while True:  # ends: there are two million amounts, and a month has some ten thousand
            minor = self._random.randrange(least, 2_000_000)
            if minor not in self._amounts:
                self._amounts.add(minor)
                return minor if self._random.random() < 0.7 else -minor

    def _counterparty(self) -> str:
        return f"payee_{self._random.randrange(COUNTERPARTIES):04x}"

    def _entry(self, amount_minor: int, day: date, *, reference: str | None, counterparty: str | None) -> OpenEntry:
        self._position += self._random.randrange(1, 4)
        entry = OpenEntry(
            position=self._position,
            leg=self._random.randrange(2),
            effective_on=day,
            amount_minor=amount_minor,
            currency=CURRENCY,
            end_to_end_id=reference,
            transfer_id=f"xfer_{self._position}",
            counterparty=counterparty,
        )
        self._made.entries.append(entry)
        return entry

    def _line(self, amount_minor: int, day: date, *, reference: str | None, counterparty: str | None) -> OpenLine:
        self._lines += 1
        in_text = reference is not None and self._texts and self._random.random() < 0.1
        line = OpenLine(
            line_id=f"2026-03/{self._lines:06}",
            booked_on=day,
            value_on=day,
            amount_minor=amount_minor,
            currency=CURRENCY,
            references=() if reference is None or in_text else (reference.lower(), "NOTPROVIDED"),
            counterparty=counterparty,
            text=f"your order {reference} of {day:%d %b}" if in_text else "",
        )
        self._made.lines.append(line)
        return line

    def _reference(self) -> str:
        return f"PAY-{self._random.randrange(10**9):09}-{len(self._made.entries)}"

    def _later(self, day: date) -> date:
        return day + timedelta(days=self._random.randrange(3))

    def _expect(self, lines: list[OpenLine], entries: list[OpenEntry]) -> None:
        self._made.matches.add(names(lines, entries))

    def _expect_break(self, kind: BreakKind, lines: list[OpenLine], entries: list[OpenEntry]) -> None:
        self._made.breaks.add((kind, names(lines, entries)))

    def _plant_ordinary(self) -> tuple[OpenLine, OpenEntry]:
        """A line with its entry: nine in ten by reference, the others by counterparty or nothing but the amount."""
        day, chance = self._day(), self._random.random()
        reference = self._reference() if chance < 0.9 else None
        counterparty = self._counterparty() if chance < 0.95 else None
        common = reference is not None and self._random.random() < 0.5
        amount_minor = self._random.choice(PRICES) if common else self._unique()
        entry = self._entry(amount_minor, day, reference=reference, counterparty=counterparty)
        line = self._line(amount_minor, self._later(day), reference=reference, counterparty=counterparty)
        self._expect([line], [entry])
        return line, entry

    def _plant_duplicates(self) -> None:
        day, reference, counterparty, minor = self._day(), self._reference(), self._counterparty(), self._unique()
        entry = self._entry(minor, day, reference=reference, counterparty=counterparty)
        line = self._line(minor, self._later(day), reference=reference, counterparty=counterparty)
        again = replace(line, line_id=line.line_id + DUPLICATE_ID, booked_on=self._later(line.booked_on))
        self._made.lines.append(again)
        self._expect([line], [entry])
        self._expect_break("duplicate_line", [again], [])

    def _shares(self, minor: int) -> list[int]:
        """Cut an amount into two to four unequal shares."""
        sign = 1 if minor > 0 else -1
        cuts = sorted(self._random.sample(range(1, abs(minor)), self._random.randrange(1, 4)))
        return [sign * (stop - start) for start, stop in zip([0, *cuts], [*cuts, abs(minor)], strict=True)]

    def _plant_splits(self) -> None:
        day, counterparty, minor = self._day(), self._counterparty(), self._unique(least=10_000)
        reference = self._reference() if self._random.random() < 0.5 else None
        entry = self._entry(minor, day, reference=reference, counterparty=counterparty)
        lines = [
            self._line(share, self._later(day), reference=reference, counterparty=counterparty)
            for share in self._shares(minor)
        ]
        self._expect(lines, [entry])

    def _plant_merges(self) -> None:
        day, counterparty, minor = self._day(), self._counterparty(), self._unique(least=10_000)
        shares = self._shares(minor)
        references = [f"{self._reference()}-{at}" for at in range(len(shares))]
        told = self._random.random() < 0.5
        entries = [
            self._entry(share, day, reference=reference if told else None, counterparty=counterparty)
            for share, reference in zip(shares, references, strict=True)
        ]
        line = self._line(minor, self._later(day), reference=None, counterparty=counterparty)
        if told:
            self._made.lines[-1] = line = replace(line, references=tuple(references))
        self._expect([line], entries)

    def _plant_wrong_amounts(self) -> None:
        day, reference, counterparty, minor = self._day(), self._reference(), self._counterparty(), self._unique()
        sign = 1 if minor > 0 else -1
        entry = self._entry(minor, day, reference=reference, counterparty=counterparty)
        wrong = minor + sign * self._random.choice((-9, 9, 90, 1_000))
        line = self._line(wrong, self._later(day), reference=reference, counterparty=counterparty)
        self._expect_break("wrong_amount", [line], [entry])

    def _plant_missing_in_book(self) -> None:
        reference = self._reference() if self._random.random() < 0.7 else None
        line = self._line(self._unique(), self._day(), reference=reference, counterparty=self._counterparty())
        self._expect_break("missing_in_book", [line], [])

    def _plant_missing_in_statement(self) -> None:
        reference = self._reference() if self._random.random() < 0.7 else None
        entry = self._entry(self._unique(), self._day(), reference=reference, counterparty=self._counterparty())
        self._expect_break("missing_in_statement", [], [entry])

    def _plant_wrong_currencies(self) -> None:
        """The same reference and number, in another currency: not the same money."""
        day, reference, counterparty, minor = self._day(), self._reference(), self._counterparty(), self._unique()
        entry = self._entry(minor, day, reference=reference, counterparty=counterparty)
        line = self._line(minor, self._later(day), reference=reference, counterparty=counterparty)
        self._made.lines[-1] = line = replace(line, currency=OTHER_CURRENCY)
        self._expect_break("missing_in_book", [line], [])
        self._expect_break("missing_in_statement", [], [entry])

    def _plant_ambiguous(self) -> None:
        """Two equal lines that nothing tells apart, and one entry: nobody can say which."""
        day, minor = self._day(), self._unique()
        entry = self._entry(minor, day, reference=None, counterparty=None)
        for line in [self._line(minor, day, reference=None, counterparty=None) for _ in range(2)]:
            self._expect_break("unknown", [line], [])
        self._expect_break("unknown", [], [entry])

    def _plant_likely_splits(self) -> None:
        """Nothing says that these lines are parts of one entry, except that they add up to it."""
        day, minor = self._day(), self._unique(least=10_000)
        entry = self._entry(minor, day, reference=None, counterparty=None)
        lines = [self._line(share, day, reference=None, counterparty=None) for share in self._shares(minor)[:3]]
        rest = minor - sum(line.amount_minor for line in lines[:-1])
        self._made.lines[-1] = lines[-1] = replace(lines[-1], amount_minor=rest)
        self._expect_break("split", lines, [entry])

    def _plant_likely_merges(self) -> None:
        day, minor = self._day(), self._unique(least=10_000)
        first = self._entry(minor // 3, day, reference=None, counterparty=None)
        second = self._entry(minor - minor // 3, day, reference=None, counterparty=None)
        line = self._line(minor, day, reference=None, counterparty=None)
        self._expect_break("merge", [line], [first, second])

    def _plant_near_amounts(self) -> None:
        """A counterparty that pays seldom pays nearly what it should, without a reference."""
        day, counterparty, minor = self._day(), f"payee_rare_{self._position}", self._unique(least=10_000)
        entry = self._entry(minor, day, reference=None, counterparty=counterparty)
        line = self._line(minor - minor // 50, day, reference=None, counterparty=counterparty)
        self._expect_break("wrong_amount", [line], [entry])

    def _plant_mistyped_references(self) -> None:
        """One sign of the reference is wrong: a suggestion, and until a person takes it, missing on both sides."""
        day, reference, minor = self._day(), self._reference(), self._unique()
        entry = self._entry(minor, day, reference=reference, counterparty=None)
        line = self._line(minor, self._later(day), reference=reference, counterparty=None)
        self._made.lines[-1] = line = replace(line, references=("X" + reference[1:],), text="")
        self._made.suggestions.add(names([line], [entry]))
        self._expect_break("missing_in_book", [line], [])
        self._expect_break("missing_in_statement", [], [entry])

    def _plant_ambiguous_parts(self) -> None:
        """Three lines, two of them equal, of which either with the third makes the entry: nobody can say which."""
        day, counterparty, minor = self._day(), f"payee_rare_{self._position}", self._unique(least=10_000)
        entry = self._entry(minor, day, reference=None, counterparty=counterparty)
        for share in (minor // 3, minor // 3, minor - minor // 3):
            line = self._line(share, day, reference=None, counterparty=counterparty)
            self._expect_break("missing_in_book", [line], [])
        self._expect_break("missing_in_statement", [], [entry])

    def _plant_contested_parts(self) -> None:
        """Two lines that make up either of two equal entries."""
        day, counterparty, minor = self._day(), f"payee_rare_{self._position}", self._unique(least=10_000)
        for _ in range(2):
            entry = self._entry(minor, day, reference=None, counterparty=counterparty)
            self._expect_break("missing_in_statement", [], [entry])
        for share in (minor // 3, minor - minor // 3):
            line = self._line(share, day, reference=None, counterparty=counterparty)
            self._expect_break("missing_in_book", [line], [])
