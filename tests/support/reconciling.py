"""A book with an account at a bank, statements of it, and who works on them.

office = an_office()
office.take_in(statement("march", 0, 700), line(700))
office.do(record(match(office.line_ids[0], entry=office.pay_in(700))))
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import Any, Final

from contracts import commands as c
from contracts import events as e
from contracts.ids import statement_line_id
from ledger.domain.state import Moment
from tests.support.ledger import NOON, BookInMemory, move, open_account

BANK: Final = "bank:eur"
CUSTOMERS: Final = "customers:eur"
WRITE_OFFS: Final = "costs:write-offs"
FIRST_DAY: Final = date(2026, 2, 1)
LAST_DAY: Final = date(2026, 2, 28)


class Office(BookInMemory):
    """The book, who is asking, and the lines that have come in so far."""

    def __init__(self) -> None:
        super().__init__()
        self.subject = "mia"
        self.line_ids: list[str] = []

    @property
    def moment(self) -> Moment:
        """Where the next decision stands, and for whom."""
        return Moment(self.position + 1, self.now, self.now.date(), self.subject)

    def as_person(self, subject: str) -> Office:
        """Let somebody else ask from now on."""
        self.subject = subject
        return self

    def take_in(self, header: c.ImportStatement, *lines: c.GivenLine, page: int = 2) -> str:
        """Import a whole statement, two lines a page; give its id."""
        imported: e.StatementImported = self.do(header)
        for start in range(0, len(lines), page):
            self.do(next_lines(imported.statement_id, start + 1, *lines[start : start + page]))
        self.line_ids += [statement_line_id(imported.statement_id, number) for number in range(1, len(lines) + 1)]
        return imported.statement_id

    def pay_in(self, amount_minor: int, *, on: date | None = None) -> c.GivenEntry:
        """Book money that came in at the bank (went out, if negative); give its entry on the bank account."""
        sides = (BANK, CUSTOMERS) if amount_minor > 0 else (CUSTOMERS, BANK)
        self.do(move(*sides, abs(amount_minor), on=on))
        return c.GivenEntry(position=self.position, leg=0 if amount_minor > 0 else 1)


def an_office() -> Office:
    """An office with empty accounts at NOON."""
    office = Office()
    office.now = NOON
    office.do(
        open_account(BANK, account_type="asset", overdraft="unlimited"),
        open_account(CUSTOMERS, overdraft="unlimited"),
        open_account(WRITE_OFFS, account_type="expense", overdraft="unlimited"),
        open_account("bank:usd", currency="USD", account_type="asset", overdraft="unlimited"),
    )
    return office


def statement(
    name: str, opening_minor: int, closing_minor: int, *, lines: int = 1, on: date = LAST_DAY, **terms: Any
) -> c.ImportStatement:
    """A statement's header; its digest follows from its name unless given."""
    return c.ImportStatement(
        account_id=terms.pop("account_id", BANK),
        bank_statement_id=name,
        currency=terms.pop("currency", "EUR"),
        opening_minor=opening_minor,
        opening_on=FIRST_DAY,
        closing_minor=closing_minor,
        closing_on=on,
        line_count=lines,
        digest=sha256(terms.pop("content", name).encode()).hexdigest(),
    )


def line(amount_minor: int, *, on: date = LAST_DAY, **details: Any) -> c.GivenLine:
    """A line."""
    return c.GivenLine(booked_on=on, amount_minor=amount_minor, **details)


def next_lines(statement_id: str, first_number: int, *lines: c.GivenLine) -> c.ImportStatementLines:
    """A page of lines."""
    return c.ImportStatementLines(statement_id=statement_id, first_number=first_number, lines=lines)


def match(
    *line_ids: str, entry: c.GivenEntry | None = None, entries: Sequence[c.GivenEntry] = (), difference_minor: int = 0
) -> c.ProposedMatch:
    """A match of lines with an entry, or with entries."""
    return c.ProposedMatch(
        line_ids=line_ids,
        entries=(entry,) if entry is not None else tuple(entries),
        rule="manual",
        score_permille=1000,
        difference_minor=difference_minor,
    )


def record(*matches: c.ProposedMatch, account_id: str = BANK) -> c.RecordMatches:
    """Record matches."""
    return c.RecordMatches(account_id=account_id, matches=matches)


def open_break(
    *line_ids: str,
    entries: Sequence[c.GivenEntry] = (),
    kind: c.BreakKind = "missing_in_book",
    account_id: str = BANK,
) -> c.OpenBreak:
    """Open a break."""
    return c.OpenBreak(account_id=account_id, kind=kind, line_ids=line_ids, entries=tuple(entries))


def close(
    statement_id: str, ledger_minor: int, *, entries_minor: int = 0, lines_minor: int = 0, difference_minor: int = 0
) -> c.CloseReconciliation:
    """Close the day of a statement."""
    return c.CloseReconciliation(
        statement_id=statement_id,
        ledger_minor=ledger_minor,
        unmatched_entries_minor=entries_minor,
        unmatched_lines_minor=lines_minor,
        matched_difference_minor=difference_minor,
    )
