"""The book against itself, one page at a time: what is stored beside the events must follow from their bytes.

Each page proves that its events are chained, that every balance an event says follows from the one before it, and that
the entries are exactly the changes. All pages together prove that for the whole book; the balances that the next
decision is made on are compared where an account was last moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from contracts.audits import AuditDifference
from contracts.envelope import HASH_OF_NOTHING, chain
from contracts.events import AccountBalance, AccountOpened, PostedPosting
from projectors.auditor.findings import NOTHING, READABLE, WHOLE, Subject
from projectors.events import Event, Unreadable, decode_event

BOOK: Final = "book"
Figures = tuple[int, int]  # posted, held, in the account's normal side
EMPTY: Final[Figures] = (0, 0)


class StoredEvent(NamedTuple):
    """One row of the book."""

    position: int
    body: bytes
    hash: bytes


class EntryRow(NamedTuple):
    """One row beside the book, with its account's id."""

    position: int
    leg: int
    account_id: str
    currency: str
    amount_minor: int
    held_minor: int


class AccountRow(NamedTuple):
    """An account beside the book. ``last_position``: of its newest entry, or of the event that opened it."""

    account_id: str
    account_no: int
    currency: str
    normal_sign: int
    status: str
    posted_minor: int
    held_minor: int
    last_position: int


class BookPage(NamedTuple):
    """Consecutive events and what stands beside them, of one snapshot.

    ``before``: the figures, before the page, of the accounts that it moves; ``accounts``: those accounts as they are.
    """

    first: int
    last: int
    previous_hash: bytes | None
    events: Sequence[StoredEvent]
    entries: Sequence[EntryRow]
    before: Mapping[str, Figures]
    accounts: Mapping[str, AccountRow]


def balances_of(event: Event) -> Iterator[PostedPosting | AccountBalance]:
    """Give every balance that an event says, in the order in which it came to be."""
    data: Any = event.data
    yield from getattr(data, "postings", ())
    yield from getattr(data, "balances", ())


def figures_of(event: Event) -> dict[str, Figures]:
    """Give the balances that an event left, by account."""
    figures = {said.account_id: (said.posted_minor, said.held_minor) for said in balances_of(event)}
    if isinstance(event.data, AccountOpened):
        figures[event.data.account_id] = EMPTY
    return figures


def touched_by(events: Iterable[Event]) -> dict[str, int]:
    """Give the accounts that the events move or open, and where each was last."""
    return {account_id: event.position for event in events for account_id in figures_of(event)}


def audit_book(page: BookPage, *, ledger: str) -> list[AuditDifference]:
    """Compare one page with itself."""
    differences: list[AuditDifference] = []
    hashed = HASH_OF_NOTHING if page.first == 1 else page.previous_hash
    events: list[Event] = []
    stored = {row.position: row for row in page.events}
    for position in range(page.first, page.last + 1):
        subject = Subject(side="book", model=BOOK, name=f"event {position}", position=position)
        row = stored.get(position)
        if row is None:
            differences.append(subject.differs(WHOLE, found=NOTHING, expected="1 value"))
            hashed = None
            continue
        if hashed is not None:
            wanted = chain(hashed, row.body)
            differences += subject.compare("hash", found=row.hash.hex(), expected=wanted.hex())
        hashed = row.hash
        try:
            events.append(decode_event(position, row.body, ledger=ledger))
        except Unreadable as fault:
            differences.append(subject.differs(READABLE, found=fault.category, expected="an event"))
    return differences + _audit_entries(page, events) + _audit_balances(page, events)


def _audit_entries(page: BookPage, events: Sequence[Event]) -> list[AuditDifference]:
    """Every event's balances follow from the ones before, and the entries are the changes."""
    differences: list[AuditDifference] = []
    now = dict(page.before)
    lines: list[EntryRow] = []
    for event in events:
        booked, wrong = _lines_of(event, now, page.accounts)
        lines += booked
        differences += wrong
    found, expected = _by_entry(page.entries), _by_entry(lines)
    for position, name, account_id in sorted(found.keys() | expected.keys()):
        key = (position, name, account_id)
        subject = Subject(
            side="book",
            model=BOOK,
            name=f"entry {position} {name}",
            position=position,
            account_id=account_id,
            currency=_currency(page, account_id),
        )
        differences += subject.compare_all(found=found.get(key, {}), expected=expected.get(key, {}))
    return differences


def _by_entry(rows: Iterable[EntryRow]) -> dict[tuple[int, str, str], dict[str, Any]]:
    """Give what was posted leg by leg, and what holds reserve by account: a leg may carry both."""
    entries: dict[tuple[int, str, str], dict[str, Any]] = {}
    for row in rows:
        if row.amount_minor:
            posted = {"currency": row.currency, "amount_minor": row.amount_minor}
            entries[row.position, f"leg {row.leg}", row.account_id] = posted
        if row.held_minor:
            held = entries.setdefault((row.position, "held", row.account_id), {"held_minor": 0})
            held["held_minor"] += row.held_minor
    return {key: entry for key, entry in entries.items() if entry.get("held_minor") != 0}


def _lines_of(
    event: Event, now: dict[str, Figures], accounts: Mapping[str, AccountRow]
) -> tuple[list[EntryRow], list[AuditDifference]]:
    """Move ``now`` past an event; give the entries it must have booked, and where it says another balance."""
    lines: list[EntryRow] = []
    differences: list[AuditDifference] = []
    sums: dict[str, int] = {}
    if isinstance(event.data, AccountOpened):
        now[event.data.account_id] = EMPTY
    subject = Subject(side="book", model=BOOK, name=f"event {event.position}", position=event.position)
    for said in balances_of(event):
        account = accounts.get(said.account_id)
        before = now.get(said.account_id)
        if account is None or before is None:
            differences.append(subject.differs("account_id", found=said.account_id, expected="an account of the book"))
            continue
        posted_minor, held_minor = before
        if isinstance(said, PostedPosting):
            amount_minor = said.amount_minor if said.side == "debit" else -said.amount_minor
            sums[said.currency] = sums.get(said.currency, 0) + amount_minor
            posted_minor += account.normal_sign * amount_minor
            lines.append(EntryRow(event.position, len(lines), said.account_id, said.currency, amount_minor, 0))
        else:
            if said.held_minor != held_minor:
                change_minor = said.held_minor - held_minor
                lines.append(EntryRow(event.position, len(lines), said.account_id, account.currency, 0, change_minor))
            held_minor = said.held_minor
        of_account = Subject(
            side="book",
            model=BOOK,
            name=f"event {event.position}",
            position=event.position,
            account_id=said.account_id,
            currency=account.currency,
        )
        differences += of_account.compare("posted_minor", found=said.posted_minor, expected=posted_minor)
        now[said.account_id] = (said.posted_minor, held_minor)
    for currency, sum_minor in sorted(sums.items()):
        differences += subject.compare(f"sum in {currency}", found=sum_minor, expected=0)
    return lines, differences


def _audit_balances(page: BookPage, events: Sequence[Event]) -> list[AuditDifference]:
    """The balances beside the book are those that the newest event of the account left."""
    differences: list[AuditDifference] = []
    left: dict[str, Figures] = {}
    for event in events:
        left |= figures_of(event)
    for account_id, (posted_minor, held_minor) in left.items():
        account = page.accounts.get(account_id)
        if account is None or not page.first <= account.last_position <= page.last:
            continue  # moved again later: compared in that page
        subject = Subject(
            side="book",
            model=BOOK,
            name=f"account {account_id}",
            position=account.last_position,
            account_id=account_id,
            currency=account.currency,
        )
        differences += subject.compare_all(
            found={"posted_minor": account.posted_minor, "held_minor": account.held_minor},
            expected={"posted_minor": posted_minor, "held_minor": held_minor},
        )
    return differences


def _currency(page: BookPage, account_id: str) -> str | None:
    account = page.accounts.get(account_id)
    return None if account is None else account.currency
