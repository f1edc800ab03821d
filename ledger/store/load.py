"""What a decision needs from the book: the head, states of the keys it touches, outcomes of the keys it was sent

under.
"""

from collections.abc import Collection
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from asyncpg import Connection, Record
from asyncpg.pool import PoolConnectionProxy
from msgspec import Struct

from contracts.commands import Posting
from contracts.envelope import decode_data, decode_envelope
from contracts.events import TransferReversed
from ledger.domain.book import RECORDS
from ledger.domain.records import RecordKey
from ledger.domain.state import Account, AccountTerms, HeldLeg, Hold, Original, State
from runtime.sql_files import load_queries

QUERIES: Final = load_queries(Path(__file__).parent / "sql" / "queries.sql")

_decode_legs = msgspec.json.Decoder(tuple[HeldLeg, ...]).decode
_record_decoders: Final = {kind: msgspec.json.Decoder(struct) for kind, struct in RECORDS.items()}
_decode_figures = msgspec.json.Decoder(tuple[int, ...]).decode


AnyConnection = Connection | PoolConnectionProxy


class Head(Struct, frozen=True):
    """Where the book ends."""

    ledger: str
    position: int
    hash: bytes
    batch: int
    recorded_at: datetime | None
    closed_through: date


class WrongLedger(RuntimeError):
    """The database holds another ledger than the one this process was told to serve."""


class KnownOutcome(Struct, frozen=True):
    """What a key was answered before: the event (accepted) or the refusal, and what was asked."""

    digest: bytes
    answer: bytes | None
    first_event: bytes | None
    first_position: int | None
    last_position: int | None
    refusal: bytes | None
    command: bytes | None


async def create_head(connection: AnyConnection, *, ledger: str) -> None:
    """Make an empty book the book of ``ledger``, as the database's owner. Raises WrongLedger for another's book."""
    await connection.execute(QUERIES["create_head"], ledger)
    await read_head(connection, ledger=ledger)


async def read_head(connection: AnyConnection, *, ledger: str) -> Head:
    """Read the head. Raises WrongLedger when the book is another ledger's, or nobody's yet."""
    row = await connection.fetchrow(QUERIES["read_head"])
    if row is None:
        raise WrongLedger(f"this database holds no ledger yet; run `bursar migrate --ledger {ledger}` first")
    head = _head_of(row)
    if head.ledger != ledger:
        raise WrongLedger(f"this database holds ledger {head.ledger!r}, not {ledger!r}; check database_url and ledger")
    return head


async def lock_head(connection: Connection, *, ledger: str) -> Head:
    """Read the head and hold its lock until the transaction ends."""
    return _head_of(await connection.fetchrow(QUERIES["lock_head"], ledger))


def _head_of(row: Record | None) -> Head:
    assert row is not None, "the head row was created at start"
    recorded_at = row["recorded_at"]
    # PostgreSQL's -infinity, the head of an empty book, arrives as a naive minimum.
    return Head(
        ledger=row["ledger"],
        position=row["position"],
        hash=row["hash"],
        batch=row["batch"],
        recorded_at=recorded_at if recorded_at.year > 1 else None,
        closed_through=row["closed_through"],
    )


async def load_accounts(connection: Connection, state: State, account_ids: Collection[str]) -> None:
    """Put the named accounts that exist into ``state``; an account already there is newer and stays."""
    for row in await connection.fetch(QUERIES["load_accounts"], list(account_ids)):
        state.accounts.setdefault(row["account_id"], account_of(row))


def account_of(row: Record) -> Account:
    """Turn a row of ``accounts`` into the domain's account."""
    no, account_id, currency, scale, account_type, sign, floor, ceiling, customer_id, status, posted, held = row
    terms = AccountTerms(no, account_id, currency, scale, account_type, sign, floor, ceiling, customer_id)
    return Account(terms, status, posted, held)


async def load_holds(connection: Connection, state: State, numbers: Collection[int]) -> None:
    """Put the numbered holds that exist into ``state``."""
    for row in await connection.fetch(QUERIES["load_holds"], list(numbers)):
        legs = _decode_legs(row["legs"])
        state.holds.setdefault(
            row["hold_no"], Hold(row["hold_no"], row["status"], row["expires_at"], legs, row["reference"])
        )


async def load_originals(connection: Connection, state: State, positions: Collection[int]) -> None:
    """Put the transfers booked at these positions into ``state``; positions that booked nothing are left out."""
    for row in await connection.fetch(QUERIES["load_originals"], list(positions)):
        original = original_of(row["position"], row["event"].encode(), row["reversed_minor"])
        if original is not None:
            state.originals.setdefault(original.no, original)


def original_of(position: int, event: bytes, reversed_minor: str | None) -> Original | None:
    """Read the booked postings out of an event; None when it booked none."""
    data = decode_data(decode_envelope(event))
    booked: Any = getattr(data, "postings", None)
    if booked is None:
        return None
    postings = tuple(
        Posting(account_id=p.account_id, side=p.side, amount_minor=p.amount_minor, currency=p.currency) for p in booked
    )
    figures = tuple(0 for _ in postings) if reversed_minor is None else _decode_figures(reversed_minor)
    return Original(position, postings, isinstance(data, TransferReversed), figures)


async def load_records(connection: AnyConnection, state: State, keys: Collection[RecordKey]) -> None:
    """Put the records under these keys into ``state``, and None for a key that has none."""
    kinds, identifiers = zip(*keys, strict=True)
    for row in await connection.fetch(QUERIES["load_records"], kinds, identifiers):
        record = _record_decoders[row["kind"]].decode(row["state"])
        state.records.setdefault((row["kind"], row["id"]), record)
    for key in keys:
        state.records.setdefault(key, None)


async def load_assets(connection: Connection, state: State) -> None:
    """Put all declared assets into ``state``: they are few."""
    for row in await connection.fetch(QUERIES["load_assets"]):
        state.assets.setdefault(row["currency"], row["scale"])


async def load_outcomes(connection: Connection, key_hashes: Collection[bytes]) -> dict[bytes, KnownOutcome]:
    """Find what these keys were answered before."""
    return {
        row["key_hash"]: KnownOutcome(
            digest=row["digest"],
            answer=row["answer"].encode() if row["answer"] is not None else None,
            first_event=row["first_event"].encode() if row["first_event"] is not None else None,
            first_position=row["first_position"],
            last_position=row["last_position"],
            refusal=row["refusal"],
            command=row["command"],
        )
        for row in await connection.fetch(QUERIES["load_outcomes"], list(key_hashes))
    }
