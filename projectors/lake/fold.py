"""Events to rows of the lake. Pure: the rows of a batch follow from its events and the facts about their accounts.

A posting does not repeat what never changes about its account (scale, type), so those facts come with the call: from
the events that opened the accounts, whichever batch they were in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal

import pyarrow as pa

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
from projectors.events import Event, bookings
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
    changed = {event.data.account_id for event in events if type(event.data) in STATUS_AFTER}  # type: ignore[attr-defined]
    return changed | {posting.account_id for _, booking in bookings(events) for posting in booking.postings}


def entries_table(events: Sequence[Event], facts: Facts) -> pa.Table:
    """Give one row per posting, sorted by account: readers ask for accounts, and sorted columns are small."""
    return _table("entries", _entry_rows(events, facts)).sort_by(
        [("account_id", "ascending"), ("position", "ascending")]
    )


def accounts_table(events: Sequence[Event], facts: Facts) -> pa.Table:
    """Give one row per change of an account's status."""
    return _table(ACCOUNTS_TABLE, _account_rows(events, facts))


def payments_table(events: Sequence[Event], facts: Facts) -> pa.Table:
    """Give one row per event about a payment. Nothing of it needs the facts about accounts."""
    return _table(PAYMENTS_TABLE, _payment_rows(events))


def things_table(events: Sequence[Event], facts: Facts) -> pa.Table:
    """Give one row per event and thing that it says something of, see projectors/lake/things.py."""
    return _table(THINGS_TABLE, thing_rows(events))


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


def _entry_rows(events: Sequence[Event], facts: Facts) -> Iterator[tuple[Any, ...]]:
    for event, booking in bookings(events):
        recorded_at = event.envelope.recorded_at
        effective_date = event.data.effective_date  # type: ignore[attr-defined]  # every event that books has one
        for leg, posting in enumerate(booking.postings):
            account = facts[posting.account_id]
            yield (
                event.position,
                leg,
                event.envelope.type,
                booking.transfer_id,
                posting.account_id,
                posting.currency,
                account.scale,
                account.account_type,
                posting.amount_minor if posting.side == "debit" else -posting.amount_minor,
                posting.posted_minor,
                effective_date,
                recorded_at,
                booking.reference,
                booking.reverses,
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
    return pa.Table.from_arrays(arrays, schema=schema).sort_by(SORT_ORDER[name])
