"""Verify the records against the events: what every context remembers must be what its events add up to.

The evolutions are run again, over the whole book in order, on a state that begins empty. A decision was made on the
records that were loaded for it; here everything is always there. So this finds an edited record and a missing one, and
also an evolution that looked at a record which nobody had loaded.

It keeps all records, accounts and holds in memory: about a kilobyte for each.
"""

from typing import Any, Final

import asyncpg
import msgspec

from contracts.events import EventData, TransferReversed
from contracts.findings import Check, Difference, PaymentFold
from ledger.domain.book import RECORDS, evolve
from ledger.domain.payments.life_cycle import PAYMENT, Payment
from ledger.domain.records import Record
from ledger.domain.state import State
from ledger.domain.transfers import move_balances
from ledger.store.load import QUERIES

NAME: Final = "records: what the contexts remember equals a fold of the events"
PAGE_RECORDS: Final = 2_000

_decoders: Final = {kind: msgspec.json.Decoder(struct) for kind, struct in RECORDS.items()}


class RecordsFold:
    """The records as the events say they are, and where each payment last changed."""

    def __init__(self) -> None:
        self._state = State()
        self._changed_at: dict[str, int] = {}

    @property
    def records(self) -> dict[tuple[str, str], Record]:
        """Every record, by kind and id."""
        return {key: record for key, record in self._state.records.items() if record is not None}

    @property
    def payments(self) -> dict[str, PaymentFold]:
        """What readers are told of each payment."""
        return {
            identifier: PaymentFold(
                status=record.status,
                amount_minor=record.amount_minor,
                refunded_minor=record.refunded_minor,
                returned_minor=record.returned_minor,
                changed_at=self._changed_at[identifier],
            )
            for (_, identifier), record in self.records.items()
            if isinstance(record, Payment)
        }

    def apply(self, event: EventData, position: int) -> Difference | None:
        """Move past the next event; one that cannot follow on those before it is a difference."""
        try:
            if isinstance(event, TransferReversed):  # keeps no record, and needs the original for what it does keep
                move_balances(self._state, event.postings)
            else:
                evolve(self._state, event, position)
        except (AssertionError, KeyError, ValueError) as fault:
            return Difference(f"event {position}: evolution", f"{type(fault).__name__}: {fault}", "a lawful next event")
        payment_id: Any = getattr(event, "payment_id", None)
        if (PAYMENT, payment_id) in self._state.records and hasattr(event, "status"):
            self._changed_at[payment_id] = position
        return None


async def verify_records(connection: asyncpg.Connection, fold: RecordsFold) -> Check:
    """Compare every record of the table with the fold; call inside the transaction in which the book was folded."""
    expected = fold.records
    seen = 0
    async for row in connection.cursor(QUERIES["scan_records"], prefetch=PAGE_RECORDS):
        seen += 1
        key = (row["kind"], row["id"])
        difference = _difference(row, expected.pop(key, None))
        if difference is not None:
            return Check(NAME, seen, difference)
    if expected:
        kind, identifier = min(expected)
        return Check(NAME, seen, Difference(f"record {kind} {identifier}", "nothing", "a record of the book"))
    return Check(NAME, seen)


def _difference(row: asyncpg.Record, expected: Record | None) -> Difference | None:
    """Name the first field of a stored record that the events say otherwise."""
    where = f"record {row['kind']} {row['id']}"
    if expected is None:
        return Difference(where, "a record", "nothing")
    try:
        found = _decoders[row["kind"]].decode(row["state"])
    except (KeyError, msgspec.MsgspecError) as fault:
        return Difference(where, f"{type(fault).__name__}: {fault}", "a record that this program knows")
    for name in expected.__struct_fields__:
        stored, folded = getattr(found, name), getattr(expected, name)
        if stored != folded:
            return Difference(f"{where}: {name}", str(stored), str(folded))
    if row["due_at"] != expected.due_at:
        return Difference(f"{where}: due_at of its row", str(row["due_at"]), str(expected.due_at))
    return None
