"""A statement's way through the book: imported, matched, its breaks settled, its day closed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from contracts import commands as c
from contracts import events as e
from contracts.rejections import Refused, Rejection
from ledger.domain.reconciled import BREAK, MATCH, STATEMENT, STATEMENT_ACCOUNT, STATEMENT_LINE
from tests.support.ledger import NOON, TODAY, move
from tests.support.reconciling import (
    BANK,
    CUSTOMERS,
    LAST_DAY,
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


def state_of(office: Office, kind: str, identifier: str) -> Any:
    """A record as it stands."""
    found = office.state.record(kind, identifier)
    assert found is not None
    return found


def test_a_statement_comes_in_page_by_page_and_adds_up() -> None:
    office = an_office()
    stmt = office.take_in(statement("feb", 1_000, 1_450, lines=3), line(700), line(-300), line(50))

    kept = state_of(office, STATEMENT, stmt)
    assert (kept.complete, kept.imported_minor, kept.open_lines) == (True, 450, 3)
    pages = [event for event in office.events if isinstance(event, e.StatementLinesImported)]
    assert [(page.first_number, page.complete) for page in pages] == [(1, False), (3, True)]


def test_the_next_statement_opens_where_the_last_one_closed() -> None:
    office = an_office()
    office.take_in(statement("feb", 0, 700), line(700))
    march = office.take_in(statement("mar", 700, 700, lines=0, on=date(2026, 3, 1)))

    assert state_of(office, STATEMENT, march).complete
    assert state_of(office, STATEMENT_ACCOUNT, BANK).last_statement_id == march


def test_names_and_texts_stay_sealed() -> None:
    office = an_office()
    sealed = "sealed.v1.1." + "A" * 120
    payee = "payee_0123456789abcdef"
    given = line(700, counterparty=payee, counterparty_masked="··4711", sealed_counterparty=sealed, sealed_text=sealed)
    office.take_in(statement("feb", 0, 700), given)

    kept = office.events[-1].lines[0]  # type: ignore[attr-defined]
    assert (kept.sealed_counterparty, kept.sealed_text, kept.counterparty) == (sealed, sealed, payee)


def test_a_split_and_a_merge_are_matched_in_one_go() -> None:
    office = an_office()
    whole, one, other = office.pay_in(1_000), office.pay_in(-200), office.pay_in(-100)
    stmt = office.take_in(statement("feb", 0, 700, lines=3), line(400), line(600), line(-300))
    first, second, third = office.line_ids

    event = office.do(record(match(first, second, entry=whole), match(third, entries=(one, other))))

    assert [found.match_id for found in event.matches] == [f"match_{office.position}:{at}" for at in (0, 1)]
    assert state_of(office, STATEMENT, stmt).open_lines == 0
    assert state_of(office, STATEMENT_LINE, third).match_id == event.matches[1].match_id


def test_an_unmatched_line_may_be_matched_again() -> None:
    office = an_office()
    paid = office.pay_in(700)
    stmt = office.take_in(statement("feb", 0, 700), line(700))
    office.do(record(match(office.line_ids[0], entry=paid)))
    undone = office.do(c.UnmatchLine(line_id=office.line_ids[0], reason="another customer"))

    assert (undone.line_ids, [entry.position for entry in undone.entries]) == ((office.line_ids[0],), [paid.position])
    assert state_of(office, STATEMENT, stmt).open_lines == 1
    office.do(record(match(office.line_ids[0], entry=paid)))
    assert state_of(office, STATEMENT, stmt).open_lines == 0


def test_a_match_resolves_the_break_of_its_items_and_frees_the_others() -> None:
    """What else the break held has neither match nor break any more, and the next run names it anew."""
    office = an_office()
    stmt = office.take_in(statement("feb", 0, 900, lines=2), line(700), line(200))
    opened = office.do(open_break(*office.line_ids, kind="split"))
    assert (opened.difference_minor, opened.opened_on, opened.status) == (900, TODAY, "open")
    assert state_of(office, STATEMENT, stmt).open_lines == 0

    late = office.pay_in(700)
    event = office.do(record(match(office.line_ids[0], entry=late)))

    assert event.resolved_breaks == (opened.break_id,)
    assert state_of(office, BREAK, opened.break_id).status == "resolved"
    assert state_of(office, STATEMENT, stmt).open_lines == 1
    assert state_of(office, STATEMENT_LINE, office.line_ids[1]).break_id is None


def proposed_write_off(office: Office, amount_minor: int) -> str:
    """A line without an entry, and a proposal to write it off."""
    office.take_in(statement("feb", 0, amount_minor), line(amount_minor))
    opened = office.do(open_break(office.line_ids[0]))
    office.do(
        c.AssignBreak(break_id=opened.break_id, assignee="mia"),
        c.ProposeWriteOff(break_id=opened.break_id, write_off_account_id=WRITE_OFFS, reason="bank charge"),
    )
    break_id: str = opened.break_id
    return break_id


@pytest.mark.parametrize("amount_minor", [-35, 35])
def test_a_write_off_books_the_difference_and_matches_the_items_with_it(amount_minor: int) -> None:
    office = an_office()
    break_id = proposed_write_off(office, amount_minor)
    event = office.as_person("noor").do(c.ApproveWriteOff(break_id=break_id))

    assert (event.proposed_by, event.approved_by, event.status) == ("mia", "noor", "written_off")
    assert event.effective_date == TODAY
    assert office.account(BANK).posted_minor == amount_minor
    assert office.account(WRITE_OFFS).posted_minor == -amount_minor
    kept = state_of(office, MATCH, event.match.match_id)
    assert [(entry.position, entry.leg) for entry in kept.entries] == [(office.position, 0)]
    assert state_of(office, STATEMENT_LINE, office.line_ids[0]).match_id == event.match.match_id


def test_an_entry_that_never_reached_the_bank_is_written_off_the_other_way() -> None:
    office = an_office()
    paid = office.pay_in(700)
    opened = office.do(open_break(entries=(paid,), kind="missing_in_statement"))
    office.do(c.ProposeWriteOff(break_id=opened.break_id, write_off_account_id=WRITE_OFFS, reason="never sent"))
    office.as_person("noor").do(c.ApproveWriteOff(break_id=opened.break_id))

    assert office.account(BANK).posted_minor == 0
    assert office.account(WRITE_OFFS).posted_minor == 700


def test_nobody_approves_their_own_proposal() -> None:
    office = an_office()
    break_id = proposed_write_off(office, -35)
    refused = office.attempt(c.ApproveWriteOff(break_id=break_id))

    assert isinstance(refused, Refused)
    assert refused.rejection is Rejection.FOUR_EYES_REQUIRED
    office.as_person("noor").do(c.ApproveWriteOff(break_id=break_id))


def test_a_rejected_proposal_may_be_made_anew_by_the_other_one() -> None:
    office = an_office()
    break_id = proposed_write_off(office, -35)
    office.as_person("noor").do(
        c.RejectWriteOff(break_id=break_id, reason="ask the bank first"),
        c.ProposeWriteOff(break_id=break_id, write_off_account_id=WRITE_OFFS, reason="the bank agrees"),
    )
    office.as_person("mia").do(c.ApproveWriteOff(break_id=break_id))
    assert state_of(office, BREAK, break_id).proposed_by == "noor"


def test_a_day_is_closed_when_every_line_and_every_cent_is_explained() -> None:
    """Ledger 650 less the unsent 150, statement 465 less the bank's own 35 charge: both sides come to 500."""
    office = an_office()
    matched, unsent = office.pay_in(500), office.pay_in(150)
    stmt = office.take_in(statement("feb", 0, 465, lines=2), line(500), line(-35))
    office.do(record(match(office.line_ids[0], entry=matched)))

    assert refusal(office, close(stmt, 650, entries_minor=150, lines_minor=-35)) is Rejection.STATEMENT_LINES_OPEN
    office.do(open_break(office.line_ids[1]), open_break(entries=(unsent,), kind="missing_in_statement"))
    assert refusal(office, close(stmt, 650, entries_minor=150)) is Rejection.BALANCE_UNEXPLAINED
    closed = office.do(close(stmt, 650, entries_minor=150, lines_minor=-35))

    assert (closed.closed_on, closed.statement_minor) == (LAST_DAY, 465)
    assert state_of(office, STATEMENT_ACCOUNT, BANK).closed_through == LAST_DAY
    unmatch = c.UnmatchLine(line_id=office.line_ids[0], reason="second thoughts")
    assert refusal(office, unmatch) is Rejection.RECONCILIATION_CLOSED


def test_a_closed_month_takes_no_backdated_entry_and_a_late_correction_goes_to_the_open_one() -> None:
    office = an_office()
    break_id = proposed_write_off(office, -35)
    office.do(c.ClosePeriod(through=LAST_DAY))

    assert refusal(office, move(BANK, CUSTOMERS, 10, on=LAST_DAY)) is Rejection.PERIOD_CLOSED
    event = office.as_person("noor").do(c.ApproveWriteOff(break_id=break_id))
    assert event.effective_date == NOON.date() > LAST_DAY


def test_a_page_after_an_interruption_goes_on_where_it_stopped() -> None:
    office = an_office()
    header = office.do(statement("feb", 0, 300, lines=3))
    office.do(next_lines(header.statement_id, 1, line(100)))
    assert refusal(office, next_lines(header.statement_id, 1, line(100))) is Rejection.STATEMENT_PAGE_OUT_OF_ORDER
    office.do(next_lines(header.statement_id, 2, line(100), line(100)))
    assert state_of(office, STATEMENT, header.statement_id).complete


def refusal(office: Office, command: c.Command) -> Rejection:
    """Why this is refused, which it must be."""
    refused = office.attempt(command)
    assert isinstance(refused, Refused), refused
    return refused.rejection
