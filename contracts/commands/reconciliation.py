"""Commands of reconciliation: statements come in, lines meet entries, and what is left is a break until it is settled.

Amounts of lines are signed from the account holder's view: money in is positive, as a debit of our account at the bank
is. Names and texts arrive sealed; ``counterparty`` is a token that tells equal parties apart and names nobody.
"""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from contracts.commands.command import Command, Reason
from contracts.ids import AccountId, BreakId, StatementId, StatementLineId
from contracts.money import AMOUNT_MINOR_MAX, CurrencyCode
from contracts.sealed import Sealed

PAGE_LINES_MAX = 250  # a page with every text sealed stays well below the largest event
STATEMENT_LINES_MAX = 500_000
MATCHES_MAX = 250
MATCH_ITEMS_MAX = 100
DIFFERENCE_PERMILLE_MAX = 50  # what no rule may tolerate more of: a larger difference is a break

BreakKind = Literal[
    "missing_in_book",
    "missing_in_statement",
    "duplicate_line",
    "wrong_amount",
    "split",
    "merge",
    "unknown",
]

_ONE_LINE = r"^[^\x00-\x1f\x7f\u2028\u2029]+\Z"
SignedMinor = Annotated[int, Meta(ge=-AMOUNT_MINOR_MAX, le=AMOUNT_MINOR_MAX)]
BankStatementId = Annotated[
    str, Meta(min_length=1, max_length=70, pattern=_ONE_LINE, description="The statement's name at the bank.")
]
BankReference = Annotated[str, Meta(min_length=1, max_length=140, pattern=_ONE_LINE)]
CounterpartyToken = Annotated[
    str,
    Meta(
        pattern=r"^payee_[0-9a-f]{8,64}\Z",
        description="Keyed hash of a counterparty: equal for equal parties, and no name.",
        examples=["payee_4bf92f3577b34da6a3ce929d0e0e4736"],
    ),
]
Assignee = Annotated[str, Meta(min_length=1, max_length=128, pattern=_ONE_LINE, description="Subject of a person.")]


class LineDetails(Struct, frozen=True, kw_only=True):
    """One booked line of a bank's statement.

    ``data_subject`` names the key under which the texts are sealed. Events carry this; they are tolerant where commands
    are strict.
    """

    booked_on: date
    amount_minor: SignedMinor
    value_on: date | None = None
    code: BankReference | None = None
    reversal: bool = False
    references: Annotated[tuple[BankReference, ...], Meta(max_length=16)] = ()
    counterparty: CounterpartyToken | None = None
    counterparty_masked: Annotated[str, Meta(max_length=40)] | None = None
    data_subject: Annotated[str, Meta(max_length=128)] | None = None
    sealed_counterparty: Sealed | None = None
    sealed_text: Sealed | None = None


class GivenLine(LineDetails, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line as it is imported."""


class ImportStatement(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="import_statement"):
    """Begin to import a statement: which account, its balances, how many lines will follow.

    ``digest`` is the SHA-256 of the statement's content in hex, so that the same statement can be told from another one
    under its name. Sent by Bursar's own door for uploaded files.
    """

    account_id: AccountId
    bank_statement_id: BankStatementId
    currency: CurrencyCode
    opening_minor: SignedMinor
    opening_on: date
    closing_minor: SignedMinor
    closing_on: date
    line_count: Annotated[int, Meta(ge=0, le=STATEMENT_LINES_MAX)]
    digest: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class ImportStatementLines(
    Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="import_statement_lines"
):
    """Add the next lines of a statement, in the bank's order. Sent by Bursar's own door for uploaded files."""

    statement_id: StatementId
    first_number: Annotated[int, Meta(ge=1, le=STATEMENT_LINES_MAX)]
    lines: Annotated[tuple[GivenLine, ...], Meta(min_length=1, max_length=PAGE_LINES_MAX)]


class EntryRef(Struct, frozen=True, kw_only=True):
    """An entry of the book: the position of its event and its leg there, from 0."""

    position: Annotated[int, Meta(ge=1, le=AMOUNT_MINOR_MAX)]
    leg: Annotated[int, Meta(ge=0, le=999)]


class GivenEntry(EntryRef, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry as a command names it."""


LineIds = Annotated[tuple[StatementLineId, ...], Meta(max_length=MATCH_ITEMS_MAX)]
Entries = Annotated[tuple[GivenEntry, ...], Meta(max_length=MATCH_ITEMS_MAX)]


class ProposedMatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lines and entries that are the same money, the rule that says so and how sure it is.

    ``difference_minor``: the lines less the entries, as the one who proposes it added them up.
    """

    line_ids: Annotated[tuple[StatementLineId, ...], Meta(min_length=1, max_length=MATCH_ITEMS_MAX)]
    entries: Annotated[tuple[GivenEntry, ...], Meta(min_length=1, max_length=MATCH_ITEMS_MAX)]
    rule: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}\Z")]
    score_permille: Annotated[int, Meta(ge=0, le=1000)]
    difference_minor: SignedMinor = 0


class RecordMatches(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="record_matches"):
    """Record matches of one account, all or none. A break that holds one of their items is resolved."""

    account_id: AccountId
    matches: Annotated[tuple[ProposedMatch, ...], Meta(min_length=1, max_length=MATCHES_MAX)]


class UnmatchLine(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="unmatch_line"):
    """Undo the match that a line is in, for all its lines and entries."""

    line_id: StatementLineId
    reason: Reason


class OpenBreak(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="open_break"):
    """Name lines or entries that have no match, and what they look like. ``like_line_id``: what a duplicate repeats."""

    account_id: AccountId
    kind: BreakKind
    line_ids: LineIds = ()
    entries: Entries = ()
    like_line_id: StatementLineId | None = None


class AssignBreak(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="assign_break"):
    """Give a break to somebody."""

    break_id: BreakId
    assignee: Assignee


class ProposeWriteOff(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="propose_write_off"):
    """Propose to book a break's difference against another account. A second person has to approve it."""

    break_id: BreakId
    write_off_account_id: AccountId
    reason: Reason


class ApproveWriteOff(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="approve_write_off"):
    """Book a proposed write-off, today. Not by the one who proposed it."""

    break_id: BreakId


class RejectWriteOff(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="reject_write_off"):
    """Turn a proposed write-off down; the break is open again."""

    break_id: BreakId
    reason: Reason


class CloseReconciliation(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="close_reconciliation"):
    """Close the day on which a statement ends: every line has a match or a break, and the balances explain each other.

    ``ledger_minor``: the account's balance in the book at the end of that day, debit positive. ``unmatched_*``: sums of
    what has no match. ``matched_difference_minor``: sum of the differences that matches tolerate.
    """

    statement_id: StatementId
    ledger_minor: SignedMinor
    unmatched_entries_minor: SignedMinor
    unmatched_lines_minor: SignedMinor
    matched_difference_minor: SignedMinor = 0
