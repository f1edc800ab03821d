"""Every way in which reconciliation refuses, as a table: the reason and the field to blame; and nothing changed."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import date
from typing import Final, NamedTuple

import pytest

from contracts import commands as c
from contracts import events as e
from contracts.rejections import Refused
from contracts.rejections import Rejection as R
from ledger.domain.breaks import BREAK_REFUSALS, BREAK_TRANSITIONS
from tests.reconciliation.refusals import REACHED_ELSEWHERE, REFUSALS_OF_RECONCILIATION
from tests.support.ledger import open_account
from tests.support.reconciling import (
    BANK,
    CUSTOMERS,
    WRITE_OFFS,
    Office,
    an_office,
    close,
    line,
    match,
    next_lines,
    open_break,
    record,
    statement,
)

EARLIER: Final = date(2026, 1, 31)
BREAK_EVENTS: Final = (e.BreakAssigned, e.WriteOffProposed, e.WriteOffApproved, e.WriteOffRejected)


class Desk(Office):
    """An office with something in every state. Names are what a row needs."""

    january: str
    february: str
    opened: str
    proposed: str
    settled: str
    even: str
    matched_entry: c.GivenEntry
    free_entry: c.GivenEntry
    broken_entry: c.GivenEntry
    customers_entry: c.GivenEntry


def a_desk() -> Desk:
    """January is closed; of February's lines 1 is matched, 2 and 3 are in breaks, 4 was written off, 5 is free."""
    office = an_office()
    office.__class__ = Desk
    assert isinstance(office, Desk)
    desk = office
    paid = desk.pay_in(100)
    desk.january = desk.take_in(statement("jan", 0, 100, on=EARLIER), line(100, on=EARLIER))
    desk.do(record(match(desk.line_ids[0], entry=paid)), close(desk.january, 100))
    desk.matched_entry, desk.free_entry = desk.pay_in(700), desk.pay_in(55)
    desk.customers_entry = c.GivenEntry(position=desk.free_entry.position, leg=1)
    desk.february = desk.take_in(
        statement("feb", 100, 1_110, lines=5), line(700), line(200), line(40), line(15), line(55), page=5
    )
    desk.do(record(match(desk.line_ids[1], entry=desk.matched_entry)))
    desk.opened = desk.do(open_break(desk.line_ids[2])).break_id
    desk.proposed = desk.do(open_break(desk.line_ids[3])).break_id
    desk.settled = desk.do(open_break(desk.line_ids[4])).break_id
    for break_id in (desk.proposed, desk.settled):
        desk.do(c.ProposeWriteOff(break_id=break_id, write_off_account_id=WRITE_OFFS, reason="small"))
    desk.as_person("noor").do(c.ApproveWriteOff(break_id=desk.settled))
    desk.as_person("mia")
    desk.broken_entry, returned = desk.pay_in(80), desk.pay_in(-80)
    desk.even = desk.do(open_break(entries=(desk.broken_entry, returned), kind="unknown")).break_id
    return desk


class Row(NamedTuple):
    """One case."""

    command: Callable[[Desk], c.Command]
    rejection: R
    pointer: str | None


NOBODY: Final = "stmt_999999"
NO_LINE: Final = f"{NOBODY}:1"
IMPORTS: Final = (
    Row(lambda d: statement("mar", 0, 1, account_id="nobody"), R.ACCOUNT_NOT_FOUND, "/account_id"),
    Row(lambda d: statement("mar", 0, 1, account_id="bank:usd"), R.CURRENCY_MISMATCH, "/currency"),
    Row(lambda d: statement("feb", 100, 1_110, lines=5), R.STATEMENT_ALREADY_IMPORTED, "/bank_statement_id"),
    Row(lambda d: statement("feb", 100, 1_110, lines=5, content="other"), R.STATEMENT_DIFFERS, "/digest"),
    Row(lambda d: statement("mar", 1_111, 1_112), R.STATEMENT_GAP, "/opening_minor"),
    Row(lambda d: statement("mar", 1_110, 1_112, on=EARLIER), R.STATEMENT_GAP, "/closing_on"),
    Row(lambda d: statement("mar", 1_110, 1_112, lines=0), R.STATEMENT_UNBALANCED, "/closing_minor"),
    Row(lambda d: next_lines(NOBODY, 1, line(1)), R.STATEMENT_NOT_FOUND, "/statement_id"),
    Row(lambda d: next_lines(d.february, 5, line(1)), R.STATEMENT_PAGE_OUT_OF_ORDER, "/first_number"),
    Row(lambda d: next_lines(d.february, 6, line(1)), R.STATEMENT_PAGE_OUT_OF_ORDER, "/lines"),
)
MATCHES: Final = (
    Row(lambda d: record(match(NO_LINE, entry=d.free_entry)), R.LINE_NOT_FOUND, "/matches/0/line_ids/0"),
    Row(lambda d: record(match(d.line_ids[5], entry=d.free_entry), account_id=CUSTOMERS), R.LINE_NOT_FOUND,
        "/matches/0/line_ids/0"),
    Row(lambda d: record(match(d.line_ids[1], entry=d.free_entry)), R.LINE_ALREADY_MATCHED, "/matches/0/line_ids/0"),
    Row(lambda d: record(match(d.line_ids[5], entry=d.free_entry), match(d.line_ids[5], entry=d.broken_entry)),
        R.LINE_ALREADY_MATCHED, "/matches/1/line_ids/0"),
    Row(lambda d: record(match(d.line_ids[5], d.line_ids[5], entry=d.free_entry)), R.LINE_ALREADY_MATCHED,
        "/matches/0/line_ids/1"),
    Row(lambda d: record(match(d.line_ids[5], entry=c.GivenEntry(position=999, leg=0))), R.ENTRY_NOT_FOUND,
        "/matches/0/entries/0"),
    Row(lambda d: record(match(d.line_ids[5], entry=c.GivenEntry(position=d.free_entry.position, leg=2))),
        R.ENTRY_NOT_FOUND, "/matches/0/entries/0"),
    Row(lambda d: record(match(d.line_ids[5], entry=d.customers_entry)), R.ENTRY_NOT_FOUND, "/matches/0/entries/0"),
    Row(lambda d: record(match(d.line_ids[5], entry=d.matched_entry)), R.ENTRY_ALREADY_MATCHED,
        "/matches/0/entries/0"),
    Row(lambda d: record(match(d.line_ids[5], entry=d.free_entry), match(d.line_ids[2], entry=d.free_entry)),
        R.ENTRY_ALREADY_MATCHED, "/matches/1/entries/0"),
    Row(lambda d: record(match(d.line_ids[5], entry=d.free_entry, difference_minor=1)), R.MATCH_DIFFERENCE_WRONG,
        "/matches/0/difference_minor"),
    Row(lambda d: record(match(d.line_ids[5], entry=d.broken_entry, difference_minor=-25)),
        R.MATCH_DIFFERENCE_TOO_LARGE, "/matches/0/difference_minor"),
    Row(lambda d: c.UnmatchLine(line_id=NO_LINE, reason="x"), R.LINE_NOT_FOUND, "/line_id"),
    Row(lambda d: c.UnmatchLine(line_id=d.line_ids[5], reason="x"), R.LINE_NOT_MATCHED, "/line_id"),
    Row(lambda d: c.UnmatchLine(line_id=d.line_ids[4], reason="x"), R.MATCH_WRITTEN_OFF, "/line_id"),
    Row(lambda d: c.UnmatchLine(line_id=d.line_ids[0], reason="x"), R.RECONCILIATION_CLOSED, None),
)  # fmt: skip
BREAKS: Final = (
    Row(lambda d: open_break(d.line_ids[5], account_id="nobody"), R.ACCOUNT_NOT_FOUND, "/account_id"),
    Row(lambda d: open_break(), R.BREAK_ITEMS_WRONG, None),
    Row(lambda d: open_break(d.line_ids[5], d.line_ids[5]), R.BREAK_ITEMS_WRONG, None),
    Row(lambda d: open_break(NO_LINE), R.LINE_NOT_FOUND, "/line_ids/0"),
    Row(lambda d: open_break(d.line_ids[1]), R.LINE_ALREADY_MATCHED, "/line_ids/0"),
    Row(lambda d: open_break(d.line_ids[2]), R.ALREADY_IN_BREAK, "/line_ids/0"),
    Row(lambda d: open_break(entries=(d.customers_entry,)), R.ENTRY_NOT_FOUND, "/entries/0"),
    Row(lambda d: open_break(entries=(d.matched_entry,)), R.ENTRY_ALREADY_MATCHED, "/entries/0"),
    Row(lambda d: open_break(entries=(d.broken_entry,)), R.ALREADY_IN_BREAK, "/entries/0"),
    Row(lambda d: c.AssignBreak(break_id="brk_999999", assignee="noor"), R.BREAK_NOT_FOUND, "/break_id"),
    Row(lambda d: c.AssignBreak(break_id=d.settled, assignee="noor"), R.BREAK_CLOSED, "/break_id"),
    Row(lambda d: c.AssignBreak(break_id=d.proposed, assignee="noor"), R.WRITE_OFF_PROPOSED, "/break_id"),
    Row(lambda d: propose("brk_999999"), R.BREAK_NOT_FOUND, "/break_id"),
    Row(lambda d: propose(d.settled), R.BREAK_CLOSED, "/break_id"),
    Row(lambda d: propose(d.proposed), R.WRITE_OFF_PROPOSED, "/break_id"),
    Row(lambda d: propose(d.even), R.NOTHING_TO_WRITE_OFF, "/break_id"),
    Row(lambda d: propose(d.opened, BANK), R.SAME_ACCOUNT, "/write_off_account_id"),
    Row(lambda d: propose(d.opened, "nobody"), R.ACCOUNT_NOT_FOUND, "/write_off_account_id"),
    Row(lambda d: propose(d.opened, "bank:usd"), R.CURRENCY_MISMATCH, "/write_off_account_id"),
    Row(lambda d: c.ApproveWriteOff(break_id="brk_999999"), R.BREAK_NOT_FOUND, "/break_id"),
    Row(lambda d: c.ApproveWriteOff(break_id=d.settled), R.BREAK_CLOSED, "/break_id"),
    Row(lambda d: c.ApproveWriteOff(break_id=d.opened), R.WRITE_OFF_NOT_PROPOSED, "/break_id"),
    Row(lambda d: c.ApproveWriteOff(break_id=d.proposed), R.FOUR_EYES_REQUIRED, "/break_id"),
    Row(lambda d: c.RejectWriteOff(break_id="brk_999999", reason="x"), R.BREAK_NOT_FOUND, "/break_id"),
    Row(lambda d: c.RejectWriteOff(break_id=d.settled, reason="x"), R.BREAK_CLOSED, "/break_id"),
    Row(lambda d: c.RejectWriteOff(break_id=d.opened, reason="x"), R.WRITE_OFF_NOT_PROPOSED, "/break_id"),
)
CLOSES: Final = (
    Row(lambda d: close(NOBODY, 0), R.STATEMENT_NOT_FOUND, "/statement_id"),
    Row(lambda d: close(d.january, 100), R.RECONCILIATION_CLOSED, "/statement_id"),
    Row(lambda d: close(d.february, 1_110), R.STATEMENT_LINES_OPEN, "/statement_id"),
)
ROWS: Final = (*IMPORTS, *MATCHES, *BREAKS, *CLOSES)


def propose(break_id: str, account_id: str = WRITE_OFFS) -> c.ProposeWriteOff:
    """Propose a write-off."""
    return c.ProposeWriteOff(break_id=break_id, write_off_account_id=account_id, reason="small")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rejection.value)
def test_a_decision_refuses_for_the_right_reason_names_the_field_and_changes_nothing(row: Row) -> None:
    desk = a_desk()
    before = deepcopy((desk.state.records, desk.state.accounts, desk.position))

    refused = desk.attempt(row.command(desk))

    assert isinstance(refused, Refused), refused
    assert (refused.rejection, refused.pointer) == (row.rejection, row.pointer), refused.detail
    assert refused.detail
    assert (desk.state.records, desk.state.accounts, desk.position) == before


@pytest.mark.parametrize("command", REFUSALS_OF_RECONCILIATION, ids=lambda kind: kind.__name__)
def test_every_refusal_of_a_decision_is_reached(command: type[c.Command]) -> None:
    desk = a_desk()
    reached = {row.rejection for row in ROWS if type(row.command(desk)) is command}
    assert reached | REACHED_ELSEWHERE.get(command, set()) == REFUSALS_OF_RECONCILIATION[command]


def test_nothing_is_matched_broken_or_closed_before_the_statement_is_complete() -> None:
    office = an_office()
    paid = office.pay_in(100)
    header = office.do(statement("feb", 0, 300, lines=2))
    office.do(next_lines(header.statement_id, 1, line(100)))
    first = f"{header.statement_id}:1"
    after = statement("mar", 300, 300, lines=0)

    for command in (record(match(first, entry=paid)), open_break(first), close(header.statement_id, 300), after):
        refused = office.attempt(command)
        assert isinstance(refused, Refused)
        assert refused.rejection is R.STATEMENT_INCOMPLETE
    refused = office.attempt(next_lines(header.statement_id, 2, line(199)))
    assert isinstance(refused, Refused)
    assert refused.rejection is R.STATEMENT_UNBALANCED


def test_a_write_off_that_cannot_be_booked_is_refused_and_stays_proposed() -> None:
    """Its account has closed meanwhile."""
    office = an_office()
    office.take_in(statement("feb", 0, -35), line(-35))
    opened = office.do(open_break(office.line_ids[0]))
    office.do(open_account("spare", account_type="expense"), propose(opened.break_id, "spare"))
    office.do(c.CloseAccount(account_id="spare"))

    refused = office.as_person("noor").attempt(c.ApproveWriteOff(break_id=opened.break_id))
    assert isinstance(refused, Refused)
    assert (refused.rejection, refused.pointer) == (R.ACCOUNT_CLOSED, "/break_id")


def test_every_break_status_either_moves_or_refuses_at_every_event() -> None:
    statuses = {status for status, _ in BREAK_REFUSALS} | set(BREAK_TRANSITIONS.values())
    every = {(status, event) for status in statuses for event in BREAK_EVENTS}
    moves = {key for key in BREAK_TRANSITIONS if key[0] is not None}

    assert moves | BREAK_REFUSALS.keys() == every
    assert not moves & BREAK_REFUSALS.keys()
