"""Events to rows of the lake. Pure: the rows of a batch follow from its events and the facts about their accounts.

A posting does not repeat what never changes about its account (scale, type), so those facts come with the call: from
the events that opened the accounts, whichever batch they were in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from contracts.events import (
    AccountClosed,
    AccountFrozen,
    AccountOpened,
    AccountUnfrozen,
)
from contracts.lake import THINGS_TABLE, LakeColumn
from contracts.read_models import ACCOUNTS_TABLE, ENTRIES_TABLE, LAKE_TABLES, PAYMENTS_TABLE
from projectors.events import BOOKS, Event
from projectors.lake.payments import payment_columns
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


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


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
_POSTINGS: Final = pa.schema([field for field in SCHEMAS[ENTRIES_TABLE] if field.name not in ("scale", "account_type")])


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
    """Give one row per posting, sorted by account: readers ask for accounts, and sorted columns are small."""
    return _with_facts(_postings(events), facts)


def accounts_table(events: Sequence[Event], facts: Facts) -> pa.Table:
    """Give one row per change of an account's status."""
    return _table(ACCOUNTS_TABLE, zip(*_account_rows(events, facts), strict=True)).sort_by(SORT_ORDER[ACCOUNTS_TABLE])


def payments_table(events: Sequence[Event], facts: Facts) -> pa.Table:
    """Give one row per event about a payment. Nothing of it needs the facts about accounts."""
    return _payments(events).sort_by(SORT_ORDER[PAYMENTS_TABLE])


def things_table(events: Sequence[Event], facts: Facts) -> pa.Table:
    """Give one row per event and thing that it says something of, see projectors/lake/things.py."""
    return _things(events).sort_by(SORT_ORDER[THINGS_TABLE])


class Gathered:
    """The tables of many events, which come a page at a time and need not be kept.

    What follows from the accounts is asked for once, at the end: most accounts are on many pages.
    """

    def __init__(self) -> None:
        self._postings: list[pa.Table] = [_POSTINGS.empty_table()]
        self._payments: list[pa.Table] = [SCHEMAS[PAYMENTS_TABLE].empty_table()]
        self._things: list[pa.Table] = [SCHEMAS[THINGS_TABLE].empty_table()]
        self._changes: list[Event] = []

    def take(self, events: Sequence[Event]) -> None:
        """Take the events that follow."""
        self._postings.append(_postings(events))
        self._payments.append(_payments(events))
        self._things.append(_things(events))
        self._changes += [event for event in events if type(event.data) in STATUS_AFTER]

    def touched_accounts(self) -> set[str]:
        """Name every account whose facts the rows need."""
        posted: list[Any] = pc.unique(pa.concat_tables(self._postings).column("account_id")).to_pylist()
        return touched_accounts(self._changes).union(posted)

    def opened_accounts(self) -> dict[str, AccountOpened]:
        """Give the facts that the events themselves establish."""
        return opened_accounts(self._changes)

    def tables(self, facts: Facts) -> Iterator[tuple[str, pa.Table]]:
        """Give each table by its name, sorted. Once: what is gathered is forgotten on the way, for it is large."""
        yield ACCOUNTS_TABLE, accounts_table(self._changes, facts)
        yield THINGS_TABLE, _together(self._things).sort_by(SORT_ORDER[THINGS_TABLE])
        yield PAYMENTS_TABLE, _together(self._payments).sort_by(SORT_ORDER[PAYMENTS_TABLE])
        yield ENTRIES_TABLE, _with_facts(_together(self._postings), facts)


def _together(pieces: list[pa.Table]) -> pa.Table:
    """Put tables together and empty the list."""
    table = pa.concat_tables(pieces).combine_chunks()
    pieces.clear()
    return table


def _postings(events: Sequence[Event]) -> pa.Table:
    """Give one row per posting in the order of the book, without what follows from its account.

    Column by column: what the postings of an event share is converted once and then repeated.
    """
    moving = [event for event in events if type(event.data) in BOOKS]
    booked = [BOOKS[type(event.data)](event.data) for event in moving]
    postings = [posting for booking in booked for posting in booking.postings]
    if not postings:
        return _POSTINGS.empty_table()
    begins = pa.array(accumulate([len(booking.postings) for booking in booked], initial=0), pa.int32())
    event_of = pc.list_parent_indices(pa.ListArray.from_arrays(begins, pa.nulls(len(postings))))
    legs = pc.subtract(pa.array([*range(len(postings))], pa.int32()), begins.take(event_of))

    def of_event(name: str, values: list[Any]) -> Any:
        return _array(values, _POSTINGS.field(name).type).take(event_of)

    columns = (
        of_event("position", [event.position for event in moving]),
        legs.cast(pa.int16()),
        of_event("event_type", [event.envelope.type for event in moving]),
        of_event("transfer_id", [booking.transfer_id for booking in booked]),
        pa.array([posting.account_id for posting in postings], pa.string()),
        pa.array([posting.currency for posting in postings], pa.string()),
        pa.array([p.amount_minor if p.side == "debit" else -p.amount_minor for p in postings], pa.int64()),
        pa.array([posting.posted_minor for posting in postings], pa.int64()),
        of_event("effective_date", [event.data.effective_date for event in moving]),  # type: ignore[attr-defined]
        of_event("recorded_at", [event.envelope.recorded_at for event in moving]),
        of_event("reference", [booking.reference for booking in booked]),
        of_event("reverses", [booking.reverses for booking in booked]),
    )
    return pa.Table.from_arrays(columns, schema=_POSTINGS)


def _with_facts(postings: pa.Table, facts: Facts) -> pa.Table:
    """Make entries of postings: add what follows from the account, once for all its postings, and sort by it.

    Postings are in the order of the book and sorting is stable, so only the account is left to sort by, as a number.
    """
    account_of: Any = postings.column("account_id").combine_chunks().dictionary_encode()
    accounts = account_of.dictionary.to_pylist()
    rank: Any = pc.array_sort_indices(pc.array_sort_indices(account_of.dictionary))  # of an account among these
    order = pc.array_sort_indices(rank.take(account_of.indices))
    account_of = account_of.indices.take(order)
    rows = postings.take(order)
    follows: dict[str, list[Any]] = {
        "scale": [facts[name].scale for name in accounts],
        "account_type": [facts[name].account_type for name in accounts],
    }
    schema = SCHEMAS[ENTRIES_TABLE]
    columns = [
        pa.array(follows[field.name], field.type).take(account_of) if field.name in follows else rows.column(field.name)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _payments(events: Sequence[Event]) -> pa.Table:
    return _table(PAYMENTS_TABLE, payment_columns(events))


def _things(events: Sequence[Event]) -> pa.Table:
    return _table(THINGS_TABLE, zip(*thing_rows(events), strict=True))


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


def _table(name: str, columns: Iterable[Sequence[Any]]) -> pa.Table:
    """Make a table of its columns; of none an empty one."""
    schema = SCHEMAS[name]
    filled: list[Any] = list(columns) or [()] * len(schema)
    arrays = [_array(column, field.type) for column, field in zip(filled, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _array(values: Sequence[Any], kind: pa.DataType) -> Any:
    """Make a column. Arrow takes intervals three times as fast as instants, which it asks for their time zone."""
    if kind == _ARROW_TYPES["timestamp"]:
        since = [None if value is None else value - _EPOCH for value in values]
        return pa.array(since, pa.duration("us")).cast(pa.int64()).cast(kind)
    return pa.array(values, kind)
