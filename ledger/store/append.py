"""One batch into the book: head first, then rows, in the caller's transaction."""

from typing import Final

import msgspec
from asyncpg import Connection

from ledger.domain.state import State
from ledger.store.load import QUERIES, Head
from ledger.store.rows import Rows, legs_json

_encode: Final = msgspec.json.Encoder().encode

EVENT_COLUMNS: Final = ("position", "event", "hash")
ENTRY_COLUMNS: Final = ("account_no", "position", "leg", "currency", "amount_minor", "held_minor", "effective_date")
IDEMPOTENCY_COLUMNS: Final = ("key_hash", "digest", "first_position", "last_position", "refusal", "command")
ASSET_COLUMNS: Final = ("currency", "scale", "position")
HOLD_COLUMNS: Final = ("hold_no", "status", "expires_at", "legs", "reference")
ACCOUNT_COLUMNS: Final = (
    "account_no",
    "account_id",
    "currency",
    "scale",
    "account_type",
    "normal_sign",
    "floor_minor",
    "ceiling_minor",
    "metadata",
    "customer_id",
)


class HeadMoved(RuntimeError):
    """Another process wrote to the ledger since this batch was decided; decide again from the book."""


async def append_batch(connection: Connection, rows: Rows, *, before: Head, after: Head, state: State) -> None:
    """Write a decided batch and move the head from ``before`` to ``after``. Raises HeadMoved, writing nothing.

    ``state`` is the state after the batch: what it says of touched accounts, holds and reversals is stored. Balances
    are not: the entries move them.
    """
    moved = await connection.fetchval(
        QUERIES["advance_head"],
        before.ledger,
        before.batch,
        after.position,
        after.hash,
        after.recorded_at,
        after.closed_through,
    )
    if moved is None:
        raise HeadMoved(f"ledger {before.ledger}: batch {before.batch} is no longer the last")
    for table, columns, records in (
        ("assets", ASSET_COLUMNS, rows.assets),
        ("accounts", ACCOUNT_COLUMNS, rows.accounts),
        ("events", EVENT_COLUMNS, rows.events),
        ("entries", ENTRY_COLUMNS, rows.entries),
        ("idempotency", IDEMPOTENCY_COLUMNS, rows.idempotency),
        ("holds", HOLD_COLUMNS, rows.holds),
    ):
        if records:
            await connection.copy_records_to_table(table, columns=columns, records=records)
    await _store_states(connection, rows, state)


async def _store_states(connection: Connection, rows: Rows, state: State) -> None:
    if rows.touched_accounts:
        accounts = [state.account(account_id) for account_id in dict.fromkeys(rows.touched_accounts)]
        known = [account for account in accounts if account is not None]
        await connection.execute(QUERIES["set_account_status"], [a.terms.no for a in known], [a.status for a in known])
    if rows.touched_holds:
        holds = [hold for no in dict.fromkeys(rows.touched_holds) if (hold := state.hold(no)) is not None]
        await connection.execute(
            QUERIES["set_hold_states"],
            [hold.no for hold in holds],
            [hold.status for hold in holds],
            [hold.expires_at for hold in holds],
            [legs_json(state, hold.no) for hold in holds],
        )
    if rows.touched_originals:
        numbers = list(dict.fromkeys(rows.touched_originals))
        originals = [original for no in numbers if (original := state.original(no)) is not None]
        await connection.execute(
            QUERIES["set_reversed"],
            [original.no for original in originals],
            [str(list(original.reversed_minor)) for original in originals],
        )
    if state.records:  # the layer of this batch: exactly what it changed
        changed = [(*key, record) for key, record in state.records.items() if record is not None]
        await connection.execute(
            QUERIES["put_records"],
            [kind for kind, _, _ in changed],
            [identifier for _, identifier, _ in changed],
            [record.due_at for _, _, record in changed],
            [_encode(record).decode() for _, _, record in changed],
        )
