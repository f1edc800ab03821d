"""Events to rows of the lake. Pure: the rows of a batch follow from its events and the facts about their accounts.

A posting does not repeat what never changes about its account (scale, type), so those facts come with the call: from
the events that opened the accounts, whichever batch they were in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, count, repeat
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from contracts.events import (
    AccountClosed,
    AccountFrozen,
    AccountOpened,
    AccountUnfrozen,
    PaymentFacts,
    PaymentInitiated,
)
from contracts.lake import THINGS_TABLE, LakeColumn
from contracts.read_models import ACCOUNTS_TABLE, ENTRIES_TABLE, LAKE_TABLES, PAYMENTS_TABLE
from projectors.events import BOOKS, Event
from projectors.lake.things import thing_rows

Facts = Mapping[str, AccountOpened]

STATUS_AFTER: Final[Mapping[type, str]] = {
    AccountOpened: "open",
    AccountClosed: "closed",
    AccountFrozen: "frozen",
    AccountUnfrozen: "open",
}

_ARROW_TYPES: Final = {
    "int64": pa.int64(),
    "int16": pa.int16(),
    "string": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


def arrow_schema(columns: Sequence[LakeColumn]) -> pa.Schema:
    """Give the Arrow schema of a lake table."""
    return pa.schema([pa.field(c.name, _ARROW_TYPES[c.type], nullable=c.nullable) for c in columns])


SORT_ORDER: Final[Mapping[str, list[tuple[str, Literal["ascending", "descending"]]]]] = {
    ENTRIES_TABLE: [("account_id", "ascending"), ("position", "ascending"), ("leg", "ascending")],
    ACCOUNTS_TABLE: [("account_id", "ascending"), ("position", "ascending")],
    PAYMENTS_TABLE: [("payment_id", "ascending"), ("position", "ascending")],
    THINGS_TABLE: [
        ("kind", "ascending"),
        ("thing_id", "ascending"),
        ("position", "ascending"),
        ("ordinal", "ascending"),
    ],
}
"""Order of rows within a file: readers ask for accounts or payments, and sorted columns are small."""

SCHEMAS: Final = {name: arrow_schema(columns) for name, columns in LAKE_TABLES.items()}


def opened_accounts(events: Iterable[Event]) -> dict[str, AccountOpened]:
    """Give the facts that the events themselves establish."""
    return {event.data.account_id: event.data for event in events if isinstance(event.data, AccountOpened)}


def touched_accounts(events: Iterable[Event]) -> set[str]:
    """Name every account whose facts the rows of these events need."""
    touched: set[str] = set()
    for event in events:
        data: Any = event.data
        kind = type(data)
        if kind in BOOKS:
            touched.update([posting.account_id for posting in data.postings])
        elif kind in STATUS_AFTER:
            touched.add(data.account_id)
    return touched


def entries_table(events: Sequence[Event], facts: Facts) -> pa.Table:
    """Give one row per posting, sorted by account."""
    return sort_rows(ENTRIES_TABLE, _entries_in_order(events, facts))


def _entries_in_order(events: Sequence[Event], facts: Facts) -> pa.Table:
    """Give one row per posting, in the order of the book.

    Column by column: what the postings of an event share is converted once and then repeated, and an account's facts
    are looked up once for all its postings.
    """
    moving = [event for event in events if type(event.data) in BOOKS]
    booked = [BOOKS[type(event.data)](event.data) for event in moving]
    postings = [posting for booking in booked for posting in booking.postings]
    if not postings:
        return SCHEMAS[ENTRIES_TABLE].empty_table()
    legs = [len(booking.postings) for booking in booked]
    event_of = pa.array(chain.from_iterable(map(repeat, count(), legs)), pa.int64())
    account_of = pa.array([posting.account_id for posting in postings], pa.string()).dictionary_encode()
    accounts: list[Any] = account_of.dictionary.to_pylist()

    def of_event(name: str, values: list[Any]) -> Any:
        return pa.array(values, SCHEMAS[ENTRIES_TABLE].field(name).type).take(event_of)

    def of_account(name: str, values: list[Any]) -> Any:
        return pa.array(values, SCHEMAS[ENTRIES_TABLE].field(name).type).take(account_of.indices)

    columns = (
        of_event("position", [event.position for event in moving]),
        pa.array(chain.from_iterable(map(range, legs)), pa.int16()),
        of_event("event_type", [event.envelope.type for event in moving]),
        of_event("transfer_id", [booking.transfer_id for booking in booked]),
        of_account("account_id", accounts),
        pa.array([posting.currency for posting in postings], pa.string()),
        of_account("scale", [facts[name].scale for name in accounts]),
        of_account("account_type", [facts[name].account_type for name in accounts]),
        pa.array([p.amount_minor if p.side == "debit" else -p.amount_minor for p in postings], pa.int64()),
        pa.array([posting.posted_minor for posting in postings], pa.int64()),
        of_event("effective_date", [event.data.effective_date for event in moving]),  # type: ignore[attr-defined]
        of_event("recorded_at", [event.envelope.recorded_at for event in moving]),
        of_event("reference", [booking.reference for booking in booked]),
        of_event("reverses", [booking.reverses for booking in booked]),
    )
    return pa.Table.from_arrays(columns, schema=SCHEMAS[ENTRIES_TABLE])


def accounts_table(events: Sequence[Event], facts: Facts) -> pa.Table:
    """Give one row per change of an account's status."""
    return sort_rows(ACCOUNTS_TABLE, _accounts_in_order(events, facts))


def payments_table(events: Sequence[Event], facts: Facts) -> pa.Table:
    """Give one row per event about a payment. Nothing of it needs the facts about accounts."""
    return sort_rows(PAYMENTS_TABLE, _payments_in_order(events, facts))


def things_table(events: Sequence[Event], facts: Facts) -> pa.Table:
    """Give one row per event and thing that it says something of, see projectors/lake/things.py."""
    return sort_rows(THINGS_TABLE, _things_in_order(events, facts))


def _accounts_in_order(events: Sequence[Event], facts: Facts) -> pa.Table:
    return _table(ACCOUNTS_TABLE, _account_rows(events, facts))


def _payments_in_order(events: Sequence[Event], facts: Facts) -> pa.Table:
    return _table(PAYMENTS_TABLE, _payment_rows(events))


def _things_in_order(events: Sequence[Event], facts: Facts) -> pa.Table:
    return _table(THINGS_TABLE, thing_rows(events))


ROWS_IN_ORDER: Final[Mapping[str, Callable[[Sequence[Event], Facts], pa.Table]]] = {
    ACCOUNTS_TABLE: _accounts_in_order,
    THINGS_TABLE: _things_in_order,
    PAYMENTS_TABLE: _payments_in_order,
    ENTRIES_TABLE: _entries_in_order,
}
"""The rows of each table in the order of the book: pieces that follow one another are put together, then sorted."""


def sort_rows(name: str, rows: pa.Table) -> pa.Table:
    """Sort rows that are in the order of the book, as a file of their table has them.

    Sorting is stable, and sorting by a number is cheaper than by text: of entries only the account is left to sort by,
    by its rank among those that there are.
    """
    if name != ENTRIES_TABLE:
        return rows.sort_by(SORT_ORDER[name])
    account_of = rows.column("account_id").combine_chunks().dictionary_encode()
    accounts: list[Any] = account_of.dictionary.to_pylist()
    rank = {account: at for at, account in enumerate(sorted(accounts))}
    ranks = pa.array([rank[account] for account in accounts], pa.int64())
    return rows.take(pc.array_sort_indices(ranks.take(account_of.indices)))


def _payment_rows(events: Sequence[Event]) -> Iterator[tuple[Any, ...]]:
    for event in events:
        data: Any = event.data
        initiated = data if isinstance(data, PaymentInitiated) else None
        facts = _facts_of(initiated) if initiated is not None else getattr(data, "facts", None)
        if not isinstance(facts, PaymentFacts):
            continue
        yield (
            event.position,
            data.payment_id,
            event.envelope.type,
            data.status,
            facts.payment_type,
            facts.rail,
            facts.customer_id,
            facts.payee_id,
            facts.currency,
            facts.amount_minor,
            None if initiated is None else initiated.fee_minor,
            getattr(data, "reason_code", None),
            facts.initiated_at,
            event.envelope.recorded_at,
            getattr(getattr(data, "instruction", None), "attempt", None),
        )


def _facts_of(initiated: PaymentInitiated) -> PaymentFacts:
    """Say of a new payment what every later event about it says."""
    outside = initiated.creditor or initiated.debtor
    return PaymentFacts(
        payment_type=initiated.payment_type,
        rail=initiated.rail,
        currency=initiated.instructed_amount.currency,
        amount_minor=initiated.amount_minor,
        end_to_end_id=initiated.end_to_end_id,
        initiated_at=initiated.initiated_at,
        customer_id=initiated.customer_id,
        payee_id=None if outside is None else outside.payee_id,
    )


def _account_rows(events: Sequence[Event], facts: Facts) -> Iterator[tuple[Any, ...]]:
    for event in events:
        status = STATUS_AFTER.get(type(event.data))
        if status is None:
            continue
        account = facts[event.data.account_id]  # type: ignore[attr-defined]  # every event in STATUS_AFTER has one
        yield (
            event.position,
            account.account_id,
            account.currency,
            account.scale,
            account.account_type,
            account.normal_side,
            status,
            account.overdraft,
            account.credit_limit_minor if account.overdraft == "limited" else None,
            account.max_balance_minor,
            event.envelope.type,
            event.envelope.recorded_at,
        )


def _table(name: str, rows: Iterable[tuple[Any, ...]]) -> pa.Table:
    schema = SCHEMAS[name]
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
