"""The book against itself: one page after the other, and every single edit of it is found."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from contracts.audits import AuditDifference
from contracts.envelope import HASH_OF_NOTHING, chain
from projectors.auditor.book_side import AccountRow, BookPage, EntryRow, Figures, StoredEvent, audit_book, figures_of
from projectors.events import decode_event
from tests.support.book import RandomBook

EVENTS = 200
PAGE = 60


def page_of(book: RandomBook, first: int, last: int) -> BookPage:
    """The page as the database would give it."""
    lines = book.lines
    names = {account.account_no: account.account_id for account in book.accounts.values()}
    before: dict[str, Figures] = {}
    for line in lines[: first - 1]:
        before |= figures_of(decode_event(line.position, line.body, ledger=book.ledger))
    newest: dict[str, int] = {}
    for line in lines:
        newest |= {names[entry.account_no]: entry.position for entry in line.entries}
    return BookPage(
        first=first,
        last=last,
        previous_hash=lines[first - 2].hash if first > 1 else None,
        events=[StoredEvent(line.position, line.body, line.hash) for line in lines[first - 1 : last]],
        entries=[
            EntryRow(row.position, row.leg, names[row.account_no], row.currency, row.amount_minor, row.held_minor)
            for line in lines[first - 1 : last]
            for row in line.entries
        ],
        before=before,
        accounts={
            account.account_id: AccountRow(
                account.account_id,
                account.account_no,
                account.currency,
                1 if account.normal_side == "debit" else -1,
                account.status,
                account.posted_minor,
                account.held_minor,
                newest.get(account.account_id, account.account_no),
            )
            for account in book.accounts.values()
        },
    )


@pytest.fixture(scope="module")
def book() -> RandomBook:
    """A book that nobody changes."""
    written = RandomBook(seed=5)
    written.write(EVENTS)
    return written


def audit(page: BookPage) -> list[AuditDifference]:
    return audit_book(page, ledger="main")


def test_every_page_of_a_sound_book_is_sound(book: RandomBook) -> None:
    for first in range(1, book.position + 1, PAGE):
        assert audit(page_of(book, first, min(first + PAGE - 1, book.position))) == []


def _event(page: BookPage, at: int, **values: Any) -> BookPage:
    events = list(page.events)
    events[at] = events[at]._replace(**values)
    return page._replace(events=events)


def forged(page: BookPage, at: int) -> BookPage:
    """An amount changed in an event, and the chain made anew behind it: only the figures give it away."""
    events = list(page.events)
    at = next(
        index
        for index in range(at, len(events))
        if b'"amount_minor":' in events[index].body and b"transfer_posted" in events[index].body
    )
    hashed = events[at - 1].hash if at else HASH_OF_NOTHING
    body = events[at].body.replace(b'"amount_minor":', b'"amount_minor":1', 1)
    for index in range(at, len(events)):
        body = body if index == at else events[index].body
        hashed = chain(hashed, body)
        events[index] = StoredEvent(events[index].position, body, hashed)
    return page._replace(events=events)


def _entry(page: BookPage, at: int, name: str) -> BookPage:
    entries = list(page.entries)
    entries[at] = entries[at]._replace(**{name: getattr(entries[at], name) + 1})
    return page._replace(entries=entries)


def _balance(page: BookPage, name: str) -> BookPage:
    account_id = next(
        account_id for account_id, row in page.accounts.items() if page.first <= row.last_position <= page.last
    )
    row = page.accounts[account_id]
    return page._replace(accounts={**page.accounts, account_id: row._replace(**{name: getattr(row, name) + 1})})


EDITS: dict[str, Callable[[BookPage, int], BookPage]] = {
    "a byte of an event": lambda page, at: _event(page, at, body=page.events[at].body.replace(b"acme", b"acmf")),
    "a hash": lambda page, at: _event(page, at, hash=bytes(32)),
    "an amount and the chain": forged,
    "an event is gone": lambda page, at: page._replace(events=[*page.events[:at], *page.events[at + 1 :]]),
    "an entry's amount": lambda page, at: _entry(page, at, "amount_minor"),
    "what an entry reserves": lambda page, at: _entry(page, at, "held_minor"),
    "an entry is gone": lambda page, at: page._replace(entries=[*page.entries[:at], *page.entries[at + 1 :]]),
    "an entry too many": lambda page, at: page._replace(entries=[*page.entries, page.entries[at]._replace(leg=99)]),
    "a balance": lambda page, at: _balance(page, "posted_minor"),
    "what holds reserve": lambda page, at: _balance(page, "held_minor"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_found(book: RandomBook, edit: str) -> None:
    page = page_of(book, 101, book.position)
    at = random.Random(edit).randrange(20, 60)
    edited = EDITS[edit](page, at)
    assert edited != page
    found = audit(edited)
    assert found
    assert {difference.side for difference in found} == {"book"}


def test_a_difference_of_a_balance_names_account_and_currency(book: RandomBook) -> None:
    page = page_of(book, 101, book.position)
    [difference] = audit(_balance(page, "posted_minor"))
    assert difference.account_id is not None
    assert difference.currency == book.accounts[difference.account_id].currency
    assert int(difference.found) == int(difference.expected) + 1
