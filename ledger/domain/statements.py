"""Statements of banks: imported once, without a gap, page by page, until they add up.

A statement continues the account's last one: it opens with the balance that the last one closed with. The header comes
first and says how many lines follow; nothing may be matched before the last one is there and everything adds up.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from contracts.commands import CloseReconciliation, ImportStatement, ImportStatementLines
from contracts.events import EventData, ReconciliationClosed, StatementImported, StatementLinesImported
from contracts.ids import statement_id, statement_line_id
from contracts.rejections import Refused, Rejection
from ledger.domain.contexts import Context, Touched
from ledger.domain.reconciled import (
    RECORDS,
    STATEMENT,
    STATEMENT_ACCOUNT,
    STATEMENT_LINE,
    STATEMENT_NAME,
    ReconciledLine,
    Statement,
    StatementAccount,
    StatementName,
    found,
    known,
)
from ledger.domain.state import Moment, State


def decide_import(command: ImportStatement, state: State, moment: Moment) -> StatementImported | Refused:
    """Begin to import a statement that continues the account's last one."""
    account = state.account(command.account_id)
    if account is None:
        return Refused(Rejection.ACCOUNT_NOT_FOUND, f"account {command.account_id} does not exist", "/account_id")
    if account.terms.currency != command.currency:
        return Refused(
            Rejection.CURRENCY_MISMATCH,
            f"account {command.account_id} holds {account.terms.currency}, the statement is in {command.currency}",
            "/currency",
        )
    refused = _seen_before(command, state) or _not_next(command, state)
    if refused is not None:
        return refused
    if command.line_count == 0 and command.opening_minor != command.closing_minor:
        return Refused(
            Rejection.STATEMENT_UNBALANCED,
            f"no line leads from {command.opening_minor} to {command.closing_minor}",
            "/closing_minor",
        )
    return StatementImported(
        statement_id=statement_id(moment.position),
        account_id=command.account_id,
        bank_statement_id=command.bank_statement_id,
        currency=command.currency,
        opening_minor=command.opening_minor,
        opening_on=command.opening_on,
        closing_minor=command.closing_minor,
        closing_on=command.closing_on,
        line_count=command.line_count,
        digest=command.digest,
        complete=command.line_count == 0,
    )


def _seen_before(command: ImportStatement, state: State) -> Refused | None:
    named = found(state, STATEMENT_NAME, _name_key(command.account_id, command.bank_statement_id), StatementName)
    if named is None:
        return None
    if named.digest != command.digest:
        return Refused(
            Rejection.STATEMENT_DIFFERS,
            f"{command.bank_statement_id} was imported as {named.statement_id} with another content",
            "/digest",
        )
    return Refused(
        Rejection.STATEMENT_ALREADY_IMPORTED,
        f"{command.bank_statement_id} was imported as {named.statement_id}",
        "/bank_statement_id",
    )


def _not_next(command: ImportStatement, state: State) -> Refused | None:
    """Refuse what does not continue the account's last statement; the first one may open with anything."""
    account = found(state, STATEMENT_ACCOUNT, command.account_id, StatementAccount)
    if account is None:
        return None
    last = known(state, STATEMENT, account.last_statement_id, Statement)
    if not last.complete:
        return Refused(
            Rejection.STATEMENT_INCOMPLETE,
            f"{last.statement_id} before it has {last.imported_lines} of its {last.line_count} lines",
        )
    if command.closing_on < account.last_closing_on:
        return Refused(
            Rejection.STATEMENT_GAP,
            f"it closes on {command.closing_on}, the account's last statement on {account.last_closing_on}",
            "/closing_on",
        )
    if command.opening_minor != account.last_closing_minor:
        return Refused(
            Rejection.STATEMENT_GAP,
            f"it opens with {command.opening_minor}, but {last.statement_id} closed with {account.last_closing_minor}",
            "/opening_minor",
        )
    return None


def decide_lines(command: ImportStatementLines, state: State, moment: Moment) -> StatementLinesImported | Refused:
    """Add the next page of lines; with the last one the statement has to add up."""
    statement = found(state, STATEMENT, command.statement_id, Statement)
    if statement is None:
        return Refused(Rejection.STATEMENT_NOT_FOUND, f"{command.statement_id} does not exist", "/statement_id")
    if command.first_number != statement.imported_lines + 1:
        return Refused(
            Rejection.STATEMENT_PAGE_OUT_OF_ORDER,
            f"line {statement.imported_lines + 1} of {statement.line_count} is next, not {command.first_number}",
            "/first_number",
        )
    count = statement.imported_lines + len(command.lines)
    if count > statement.line_count:
        return Refused(
            Rejection.STATEMENT_PAGE_OUT_OF_ORDER,
            f"with these it would have {count} lines, but {statement.line_count} were announced",
            "/lines",
        )
    complete = count == statement.line_count
    total_minor = statement.imported_minor + sum(line.amount_minor for line in command.lines)
    if complete and statement.opening_minor + total_minor != statement.closing_minor:
        return Refused(
            Rejection.STATEMENT_UNBALANCED,
            f"opening {statement.opening_minor} and lines {total_minor} do not make closing {statement.closing_minor}",
            "/lines",
        )
    return StatementLinesImported(
        statement_id=command.statement_id,
        account_id=statement.account_id,
        currency=statement.currency,
        first_number=command.first_number,
        lines=command.lines,
        complete=complete,
    )


def decide_close(command: CloseReconciliation, state: State, moment: Moment) -> ReconciliationClosed | Refused:
    """Close the day of a statement: no line is left unexplained, and neither is a cent between the balances."""
    statement = found(state, STATEMENT, command.statement_id, Statement)
    if statement is None:
        return Refused(Rejection.STATEMENT_NOT_FOUND, f"{command.statement_id} does not exist", "/statement_id")
    if not statement.complete:
        return Refused(
            Rejection.STATEMENT_INCOMPLETE,
            f"it has {statement.imported_lines} of its {statement.line_count} lines",
            "/statement_id",
        )
    account = known(state, STATEMENT_ACCOUNT, statement.account_id, StatementAccount)
    if account.closed_through is not None and statement.closing_on <= account.closed_through:
        return Refused(
            Rejection.RECONCILIATION_CLOSED,
            f"{statement.account_id} is reconciled through {account.closed_through}",
            "/statement_id",
        )
    if statement.open_lines:
        return Refused(
            Rejection.STATEMENT_LINES_OPEN,
            f"{statement.open_lines} lines have neither a match nor a break",
            "/statement_id",
        )
    in_book = command.ledger_minor - command.unmatched_entries_minor + command.matched_difference_minor
    at_bank = statement.closing_minor - command.unmatched_lines_minor
    if in_book != at_bank:
        return Refused(
            Rejection.BALANCE_UNEXPLAINED,
            f"without what is unmatched the book has {in_book} and the bank {at_bank} {statement.currency} minor units",
            "/ledger_minor",
        )
    return ReconciliationClosed(
        statement_id=command.statement_id,
        account_id=statement.account_id,
        currency=statement.currency,
        closed_on=statement.closing_on,
        statement_minor=statement.closing_minor,
        ledger_minor=command.ledger_minor,
        unmatched_entries_minor=command.unmatched_entries_minor,
        unmatched_lines_minor=command.unmatched_lines_minor,
        matched_difference_minor=command.matched_difference_minor,
    )


def _name_key(account_id: str, bank_statement_id: str) -> str:
    return f"{account_id} {bank_statement_id}"  # an account id has no space


def evolve_imported(state: State, event: StatementImported, position: int) -> None:
    """Remember the statement, its name, and that it is the account's last."""
    before = found(state, STATEMENT_ACCOUNT, event.account_id, StatementAccount)
    state.records[STATEMENT, event.statement_id] = Statement(
        statement_id=event.statement_id,
        account_id=event.account_id,
        currency=event.currency,
        opening_minor=event.opening_minor,
        opening_on=event.opening_on,
        closing_minor=event.closing_minor,
        closing_on=event.closing_on,
        line_count=event.line_count,
    )
    state.records[STATEMENT_NAME, _name_key(event.account_id, event.bank_statement_id)] = StatementName(
        statement_id=event.statement_id, digest=event.digest
    )
    state.records[STATEMENT_ACCOUNT, event.account_id] = StatementAccount(
        last_statement_id=event.statement_id,
        last_closing_minor=event.closing_minor,
        last_closing_on=event.closing_on,
        closed_through=None if before is None else before.closed_through,
    )


def evolve_lines(state: State, event: StatementLinesImported, position: int) -> None:
    """Remember every line, open."""
    statement = known(state, STATEMENT, event.statement_id, Statement)
    for number, line in enumerate(event.lines, start=event.first_number):
        state.records[STATEMENT_LINE, statement_line_id(event.statement_id, number)] = ReconciledLine(
            account_id=event.account_id,
            currency=event.currency,
            amount_minor=line.amount_minor,
            booked_on=line.booked_on,
            value_on=line.value_on,
            references=line.references,
            counterparty=line.counterparty,
        )
    state.records[STATEMENT, event.statement_id] = replace(
        statement,
        imported_lines=statement.imported_lines + len(event.lines),
        imported_minor=statement.imported_minor + sum(line.amount_minor for line in event.lines),
        open_lines=statement.open_lines + len(event.lines),
        unmatched_lines=statement.unmatched_lines + len(event.lines),
    )


def evolve_closed(state: State, event: ReconciliationClosed, position: int) -> None:
    """Move the end of what is reconciled."""
    account = known(state, STATEMENT_ACCOUNT, event.account_id, StatementAccount)
    state.records[STATEMENT_ACCOUNT, event.account_id] = replace(account, closed_through=event.closed_on)


def _touch_import(command: ImportStatement, touched: Touched) -> None:
    touched.accounts.add(command.account_id)
    touched.records.add((STATEMENT_NAME, _name_key(command.account_id, command.bank_statement_id)))
    touched.records.add((STATEMENT_ACCOUNT, command.account_id))


def _follow_import(command: ImportStatement, state: State, touched: Touched) -> None:
    account = found(state, STATEMENT_ACCOUNT, command.account_id, StatementAccount)
    if account is not None:
        touched.records.add((STATEMENT, account.last_statement_id))


def _touch_statement(command: ImportStatementLines | CloseReconciliation, touched: Touched) -> None:
    touched.records.add((STATEMENT, command.statement_id))


def _follow_statement(command: CloseReconciliation, state: State, touched: Touched) -> None:
    statement = found(state, STATEMENT, command.statement_id, Statement)
    if statement is not None:
        touched.records.add((STATEMENT_ACCOUNT, statement.account_id))


_EVOLVERS: Final[Mapping[type[EventData], Any]] = {
    StatementImported: evolve_imported,
    StatementLinesImported: evolve_lines,
    ReconciliationClosed: evolve_closed,
}

CONTEXT: Final = Context(
    deciders={
        ImportStatement: decide_import,
        ImportStatementLines: decide_lines,
        CloseReconciliation: decide_close,
    },
    evolvers=_EVOLVERS,
    touches={
        ImportStatement: _touch_import,
        ImportStatementLines: _touch_statement,
        CloseReconciliation: _touch_statement,
    },
    follows={ImportStatement: _follow_import, CloseReconciliation: _follow_statement},
    records=RECORDS,
)
