"""What is compared: lines of a bank statement, entries of the book, and both brought to one form.

Amounts are signed the same way on both sides: positive is money that came in (a credit on the bank's statement, a debit
of our account at the bank).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, NamedTuple

from msgspec import Struct

from projectors.reconciliation.matching.rules import DatedBy

REFERENCE_CHARS_MIN: Final = 4  # shorter ones name nothing
REFERENCE_ITEMS_MAX: Final = 64  # a reference that more items of one side carry identifies none of them
TOKEN_CHARS_MIN: Final = 6  # a word of the text counts as a reference only from this length, and with a digit
# What banks write where no reference was given (SWIFT and EPC practice).
NO_REFERENCE: Final = frozenset({"NOTPROVIDED", "NONREF", "NOREF", "NOREFERENCE", "NONE", "UNKNOWN"})

_NOT_ALPHANUMERIC = re.compile(r"[^A-Z0-9]+")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_/.-]*")

Likeness = tuple[int, tuple[str, ...], str]  # amount, references, counterparty
Fingerprint = tuple[Likeness, str]  # and the text, where there are no references
NO_LIKENESS: Final[Likeness] = (0, (), "")


class EntryKey(NamedTuple):
    """Which entry of the book: the position of its event and its leg there."""

    position: int
    leg: int


class OpenLine(Struct, frozen=True, kw_only=True):
    """One booked line of a statement. ``counterparty`` is a token for equality (a keyed hash), not a name."""

    line_id: str
    booked_on: date
    amount_minor: int
    currency: str
    value_on: date | None = None
    references: tuple[str, ...] = ()
    counterparty: str | None = None
    text: str = ""


class OpenEntry(Struct, frozen=True, kw_only=True):
    """One entry of the reconciled account, debit positive."""

    position: int
    leg: int
    effective_on: date
    amount_minor: int
    currency: str
    reference: str | None = None
    end_to_end_id: str | None = None
    other_references: tuple[str, ...] = ()
    transfer_id: str | None = None
    counterparty: str | None = None

    @property
    def key(self) -> EntryKey:
        """Its name in the book."""
        return EntryKey(self.position, self.leg)


class Item(Struct, frozen=True):
    """A line or an entry in the form in which they are compared.

    ``no`` is its place among its side in canonical order. ``likeness`` is equal for items that no rule could tell apart
    by more than their day; ``fingerprint`` for lines that look like one and the same line. None: like no other.
    """

    no: int
    day: int
    amount_minor: int
    references: frozenset[str]
    counterparty: str | None
    likeness: Likeness | None
    fingerprint: Fingerprint | None


class ItemTwice(ValueError):
    """Two lines have one id, or two entries one position and leg: the input itself is wrong."""


def normal_reference(text: str) -> str | None:
    """Bring a reference to the form that is compared; None when it names nothing."""
    plain = _NOT_ALPHANUMERIC.sub("", text.upper())
    return None if len(plain) < REFERENCE_CHARS_MIN or plain in NO_REFERENCE else plain


def in_order(lines: Iterable[OpenLine], entries: Iterable[OpenEntry]) -> tuple[list[OpenLine], list[OpenEntry]]:
    """Sort both sides canonically, so that the order of input decides nothing. Raises ItemTwice."""
    ordered_lines = sorted(lines, key=lambda line: (line.booked_on, line.amount_minor, line.line_id))
    ordered_entries = sorted(entries, key=lambda entry: (entry.effective_on, entry.amount_minor, entry.key))
    for names in ([line.line_id for line in ordered_lines], [entry.key for entry in ordered_entries]):
        name, count = next(iter(Counter(names).most_common(1)), ("", 0))
        if count > 1:
            raise ItemTwice(f"{name} is there {count} times")
    return ordered_lines, ordered_entries


def items_of(
    lines: Sequence[OpenLine], entries: Sequence[OpenEntry], *, dated_by: DatedBy
) -> tuple[list[Item], list[Item]]:
    """Bring both sides of one currency, in canonical order, to one form."""
    entry_references = [_references_of_entry(entry) for entry in entries]
    known = frozenset().union(*(names | own for names, own in entry_references)) if entries else frozenset()
    line_references = [_references_of_line(line, known) for line in lines]
    crowded = _crowded(line_references) | _crowded([names for names, _ in entry_references])
    return (
        [_line_item(no, line, line_references[no] - crowded, dated_by) for no, line in enumerate(lines)],
        [
            _entry_item(no, entry, names - crowded, own)
            for no, (entry, (names, own)) in enumerate(zip(entries, entry_references, strict=True))
        ],
    )


def _references_of_entry(entry: OpenEntry) -> tuple[frozenset[str], frozenset[str]]:
    """Give the references that a payer may have said, and the one that is ours alone."""
    return _normal([entry.reference, entry.end_to_end_id, *entry.other_references]), _normal([entry.transfer_id])


def _references_of_line(line: OpenLine, known: frozenset[str]) -> frozenset[str]:
    """Take the stated references, and words of the text that are references of entries."""
    words = [word for word in _WORD.findall(line.text) if len(word) >= TOKEN_CHARS_MIN]
    return _normal(line.references) | (_normal(word for word in words if any(map(str.isdigit, word))) & known)


def _normal(texts: Iterable[str | None]) -> frozenset[str]:
    return frozenset(normal for text in texts if text is not None and (normal := normal_reference(text)) is not None)


def _crowded(references: Iterable[frozenset[str]]) -> frozenset[str]:
    counts = Counter(reference for names in references for reference in names)
    return frozenset(reference for reference, count in counts.items() if count > REFERENCE_ITEMS_MAX)


def _line_item(no: int, line: OpenLine, references: frozenset[str], dated_by: DatedBy) -> Item:
    day = line.value_on if dated_by == "value_on" and line.value_on is not None else line.booked_on
    likeness = _likeness(line.amount_minor, references, line.counterparty)
    fingerprint: Fingerprint | None = None if likeness is None else (likeness, "")
    if likeness is None and line.counterparty is not None and line.text:
        fingerprint = ((line.amount_minor, (), line.counterparty), line.text)
    return Item(
        no=no,
        day=day.toordinal(),
        amount_minor=line.amount_minor,
        references=references,
        counterparty=line.counterparty,
        likeness=likeness,
        fingerprint=fingerprint,
    )


def _entry_item(no: int, entry: OpenEntry, names: frozenset[str], own: frozenset[str]) -> Item:
    return Item(
        no=no,
        day=entry.effective_on.toordinal(),
        amount_minor=entry.amount_minor,
        references=names | own,
        counterparty=entry.counterparty,
        likeness=_likeness(entry.amount_minor, names, entry.counterparty),
        fingerprint=None,
    )


def _likeness(amount_minor: int, references: frozenset[str], counterparty: str | None) -> Likeness | None:
    return (amount_minor, tuple(sorted(references)), counterparty or "") if references else None
