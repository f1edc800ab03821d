"""What reconciliation remembers: statements, their lines, entries that have met a line, matches, breaks.

A line or an entry is in at most one match, or else in at most one break; both say so in its own record, so that a
decision about a few items loads only those. What is left without either is counted per statement.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final, TypeVar

from msgspec.structs import replace

from contracts.commands import BreakKind, EntryRef
from contracts.events import BreakStatus
from contracts.ids import statement_of_line
from ledger.domain.contexts import Touched
from ledger.domain.records import Record, RecordKey
from ledger.domain.state import State

STATEMENT: Final = "statement"
STATEMENT_NAME: Final = "statement_name"
STATEMENT_LINE: Final = "statement_line"
STATEMENT_ACCOUNT: Final = "statement_account"
MATCHED_ENTRY: Final = "matched_entry"
MATCH: Final = "match"
BREAK: Final = "break"


class Statement(Record, frozen=True, kw_only=True):
    """A statement of one account.

    ``open_lines``: lines that have neither a match nor a break. ``unmatched_lines``: lines without a match.
    """

    statement_id: str
    account_id: str
    currency: str
    opening_minor: int
    opening_on: date
    closing_minor: int
    closing_on: date
    line_count: int
    imported_lines: int = 0
    imported_minor: int = 0
    open_lines: int = 0
    unmatched_lines: int = 0

    @property
    def complete(self) -> bool:
        """Whether all lines are there."""
        return self.imported_lines == self.line_count


class StatementName(Record, frozen=True, kw_only=True):
    """Which statement the bank's name stands for, and its content."""

    statement_id: str
    digest: str


class StatementAccount(Record, frozen=True, kw_only=True):
    """Where an account's statements have got to, and through which day it is reconciled."""

    last_statement_id: str
    last_closing_minor: int
    last_closing_on: date
    closed_through: date | None = None


class ReconciledLine(Record, frozen=True, kw_only=True):
    """A line of a statement, with what the matching job compares: it reads records, not history."""

    account_id: str
    currency: str
    amount_minor: int
    booked_on: date
    value_on: date | None = None
    references: tuple[str, ...] = ()
    counterparty: str | None = None
    match_id: str | None = None
    break_id: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it has neither a match nor a break."""
        return self.match_id is None and self.break_id is None


class ReconciledEntry(Record, frozen=True, kw_only=True):
    """An entry that is, or was, in a match or a break."""

    match_id: str | None = None
    break_id: str | None = None


class Match(Record, frozen=True, kw_only=True):
    """Lines and entries that are the same money. ``break_id``: the break whose write-off made it."""

    account_id: str
    line_ids: tuple[str, ...]
    entries: tuple[EntryRef, ...]
    break_id: str | None = None


class Break(Record, frozen=True, kw_only=True):
    """Lines or entries without a match."""

    account_id: str
    currency: str
    kind: BreakKind
    line_ids: tuple[str, ...]
    entries: tuple[EntryRef, ...]
    difference_minor: int
    opened_on: date
    status: BreakStatus = "open"
    assignee: str | None = None
    write_off_account_id: str | None = None
    proposed_by: str | None = None


RECORDS: Final[dict[str, type[Record]]] = {
    STATEMENT: Statement,
    STATEMENT_NAME: StatementName,
    STATEMENT_LINE: ReconciledLine,
    STATEMENT_ACCOUNT: StatementAccount,
    MATCHED_ENTRY: ReconciledEntry,
    MATCH: Match,
    BREAK: Break,
}

R = TypeVar("R", bound=Record)


def found(state: State, kind: str, identifier: str, struct: type[R]) -> R | None:
    """Find a record of a known struct."""
    record = state.record(kind, identifier)
    assert record is None or isinstance(record, struct)
    return record


def known(state: State, kind: str, identifier: str, struct: type[R]) -> R:
    """Find a record that a decision has seen before."""
    record = found(state, kind, identifier, struct)
    assert record is not None, f"{kind} {identifier} is not known"
    return record


def entry_key(entry: EntryRef) -> str:
    """Name the record of an entry."""
    return f"{entry.position}.{entry.leg}"


def entry_of(state: State, entry: EntryRef) -> ReconciledEntry:
    """Find what is remembered of an entry; nothing is remembered of most."""
    return found(state, MATCHED_ENTRY, entry_key(entry), ReconciledEntry) or ReconciledEntry()


def entry_minor(state: State, entry: EntryRef, *, account_id: str) -> int | None:
    """Read an entry's amount in the book, debit positive; None unless it is on this account."""
    original = state.original(entry.position)
    if original is None or entry.leg >= len(original.postings):
        return None
    posting = original.postings[entry.leg]
    if posting.account_id != account_id:
        return None
    return posting.amount_minor if posting.side == "debit" else -posting.amount_minor


def touch_items(touched: Touched, line_ids: Iterable[str], entries: Iterable[EntryRef]) -> None:
    """Name what has to be loaded for lines and entries: their records, their statements, the transfers behind them."""
    for line_id in line_ids:
        touched.records.update(((STATEMENT_LINE, line_id), (STATEMENT, statement_of_line(line_id))))
    for entry in entries:
        touched.records.add((MATCHED_ENTRY, entry_key(entry)))
        touched.originals.add(entry.position)


def follow_breaks(state: State, touched: Touched, line_ids: Iterable[str], entries: Iterable[EntryRef]) -> None:
    """Name the breaks that lines and entries are in, and what else those hold."""
    keys: list[RecordKey] = [(STATEMENT_LINE, line_id) for line_id in line_ids]
    keys += [(MATCHED_ENTRY, entry_key(entry)) for entry in entries]
    for key in keys:
        item = state.record(*key)
        if isinstance(item, (ReconciledLine, ReconciledEntry)) and item.break_id is not None:
            touched.records.add((BREAK, item.break_id))
            held = found(state, BREAK, item.break_id, Break)
            if held is not None:
                touch_items(touched, held.line_ids, held.entries)


def put_items(
    state: State,
    line_ids: Iterable[str],
    entries: Iterable[EntryRef],
    *,
    match_id: str | None = None,
    break_id: str | None = None,
) -> None:
    """Put lines and entries into a match or a break, or into neither, and count the lines that are in neither."""
    for line_id in line_ids:
        line = known(state, STATEMENT_LINE, line_id, ReconciledLine)
        moved = replace(line, match_id=match_id, break_id=break_id)
        state.records[STATEMENT_LINE, line_id] = moved
        statement = known(state, STATEMENT, statement_of_line(line_id), Statement)
        state.records[STATEMENT, statement.statement_id] = replace(
            statement,
            open_lines=statement.open_lines + moved.is_open - line.is_open,
            unmatched_lines=statement.unmatched_lines + (moved.match_id is None) - (line.match_id is None),
        )
    for entry in entries:
        state.records[MATCHED_ENTRY, entry_key(entry)] = ReconciledEntry(match_id=match_id, break_id=break_id)
