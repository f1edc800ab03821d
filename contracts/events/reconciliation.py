"""Events of reconciliation."""

from datetime import date
from typing import Final, Literal

from msgspec import Struct

from contracts.commands import BreakKind, EntryRef, LineDetails
from contracts.events.event import EventData, PostedPosting

BreakStatus = Literal["open", "assigned", "write_off_proposed", "written_off", "resolved"]


class StatementImported(EventData, frozen=True, kw_only=True):
    """A statement continues the account's last one; its lines follow. ``complete``: it has none."""

    statement_id: str
    account_id: str
    bank_statement_id: str
    currency: str
    opening_minor: int
    opening_on: date
    closing_minor: int
    closing_on: date
    line_count: int
    digest: str
    complete: bool


class StatementLinesImported(EventData, frozen=True, kw_only=True):
    """The next lines of a statement. ``complete``: these were the last ones, and the statement adds up."""

    statement_id: str
    account_id: str
    currency: str
    first_number: int
    lines: tuple[LineDetails, ...]
    complete: bool


class RecordedMatch(Struct, frozen=True, kw_only=True):
    """A match with its name."""

    match_id: str
    line_ids: tuple[str, ...]
    entries: tuple[EntryRef, ...]
    rule: str
    score_permille: int
    difference_minor: int


class MatchesRecorded(EventData, frozen=True, kw_only=True):
    """Lines and entries are the same money. ``resolved_breaks``: breaks that this settles."""

    account_id: str
    matches: tuple[RecordedMatch, ...]
    resolved_breaks: tuple[str, ...]


class LineUnmatched(EventData, frozen=True, kw_only=True):
    """A match was undone; its lines and entries are open again."""

    line_id: str
    reason: str
    account_id: str
    match_id: str
    line_ids: tuple[str, ...]
    entries: tuple[EntryRef, ...]


class BreakOpened(EventData, frozen=True, kw_only=True):
    """Lines or entries have no match. ``difference_minor``: the lines less the entries."""

    break_id: str
    account_id: str
    currency: str
    kind: BreakKind
    line_ids: tuple[str, ...]
    entries: tuple[EntryRef, ...]
    like_line_id: str | None
    difference_minor: int
    opened_on: date
    status: BreakStatus


class BreakAssigned(EventData, frozen=True, kw_only=True):
    """A break is somebody's."""

    break_id: str
    account_id: str
    assignee: str
    status: BreakStatus


class WriteOffProposed(EventData, frozen=True, kw_only=True):
    """Somebody wants to book a break's difference against another account."""

    break_id: str
    account_id: str
    write_off_account_id: str
    reason: str
    difference_minor: int
    proposed_by: str
    status: BreakStatus


class WriteOffApproved(EventData, frozen=True, kw_only=True):
    """A second person approved: the difference is booked, and the break's items match with the new entry."""

    break_id: str
    account_id: str
    write_off_account_id: str
    transfer_id: str
    postings: tuple[PostedPosting, ...]
    effective_date: date
    proposed_by: str
    approved_by: str
    match: RecordedMatch
    status: BreakStatus


class WriteOffRejected(EventData, frozen=True, kw_only=True):
    """A proposed write-off was turned down or taken back."""

    break_id: str
    account_id: str
    reason: str
    status: BreakStatus


class ReconciliationClosed(EventData, frozen=True, kw_only=True):
    """Book and bank agree for a day, except for what is named: the evidence of the day."""

    statement_id: str
    account_id: str
    currency: str
    closed_on: date
    statement_minor: int
    ledger_minor: int
    unmatched_entries_minor: int
    unmatched_lines_minor: int
    matched_difference_minor: int


EVENTS: Final[dict[tuple[str, int], type[EventData]]] = {
    ("statement_imported", 1): StatementImported,
    ("statement_lines_imported", 1): StatementLinesImported,
    ("matches_recorded", 1): MatchesRecorded,
    ("line_unmatched", 1): LineUnmatched,
    ("break_opened", 1): BreakOpened,
    ("break_assigned", 1): BreakAssigned,
    ("write_off_proposed", 1): WriteOffProposed,
    ("write_off_approved", 1): WriteOffApproved,
    ("write_off_rejected", 1): WriteOffRejected,
    ("reconciliation_closed", 1): ReconciliationClosed,
}
