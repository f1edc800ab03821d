"""Verify the book against itself, in one snapshot.

The events are the evidence: their bytes are hashed, their postings added up by code that shares nothing with the
deciders, and everything else (entries, balances, holds' reservations, records, head) must follow from them.
"""

from collections.abc import AsyncIterator
from typing import Any, Final

import asyncpg
import msgspec
from msgspec import Struct, field

from contracts.envelope import HASH_OF_NOTHING, UnknownEvent, chain, decode_data, decode_envelope
from contracts.events import AccountOpened, EventData
from contracts.findings import AccountFold, Check, Difference, compare
from ledger.store.load import QUERIES
from ledger.verify.records import RecordsFold, verify_records

PAGE_EVENTS: Final = 2_000

Line = tuple[int, int, str, int, int]  # position, leg, account_id, amount_minor, held_minor


class BookFold(Struct):
    """The book as the events say it is at ``position``."""

    ledger: str
    position: int = 0
    hash: bytes = HASH_OF_NOTHING
    entries: int = 0
    transfers: int = 0
    accounts: dict[str, AccountFold] = field(default_factory=dict)
    records: RecordsFold = field(default_factory=RecordsFold)


class BookProof(Struct, frozen=True):
    """The result: the fold, and the checks of the book."""

    fold: BookFold
    checks: list[Check]


async def verify_book(connection: asyncpg.Connection) -> BookProof:
    """Prove the book; call inside a REPEATABLE READ transaction so that all tables are seen at one position."""
    head = await connection.fetchrow(QUERIES["read_head"])
    fold = BookFold(head["ledger"] if head is not None else "")
    difference = await _fold_events(connection, fold)
    checks = [Check("events: positions without holes, hash chain, resulting balances", fold.position, difference)]
    if difference is None and head is not None:
        checks.append(Check("head: position and hash of the last event", 1, _head_difference(head, fold)))
    checks.append(await _verify_accounts(connection, fold))
    checks.append(await _verify_sums(connection, fold))
    checks.append(await verify_records(connection, fold.records))
    return BookProof(fold, checks)


async def _fold_events(connection: asyncpg.Connection, fold: BookFold) -> Difference | None:
    """Walk events and entries side by side up to the first disagreement."""
    entries = _entries(connection)
    pending = await anext(entries, None)
    async for row in _events(connection):
        position = row["position"]
        if position != fold.position + 1:
            return Difference(f"event after position {fold.position}", f"position {position}", f"{fold.position + 1}")
        body = row["event"].encode()
        hashed = chain(fold.hash, body)
        if hashed != row["hash"]:
            return Difference(f"event {position}: hash", row["hash"].hex(), hashed.hex())
        fold.position, fold.hash = position, hashed
        try:
            envelope = decode_envelope(body)
            data = decode_data(envelope)
        except (msgspec.MsgspecError, UnknownEvent) as error:
            return Difference(f"event {position}", str(error), "an event that this program knows")
        if (envelope.position, envelope.ledger) != (position, fold.ledger):
            return Difference(
                f"event {position}", f"says {envelope.ledger}/{envelope.position}", f"{fold.ledger}/{position}"
            )
        lines, wrong = _apply(fold, data, position)
        if wrong is not None:
            return wrong
        for line in lines:
            if pending != line:
                return Difference(f"entry at position {position}, leg {line[1]}", _shown(pending), _shown(line))
            pending = await anext(entries, None)
        fold.entries += len(lines)
        wrong = fold.records.apply(data, position)
        if wrong is not None:
            return wrong
    return None if pending is None else Difference("entries", _shown(pending), "no entry without an event")


def _apply(fold: BookFold, data: EventData, position: int) -> tuple[list[Line], Difference | None]:
    """Add one event up; give the entries it must have booked."""
    if isinstance(data, AccountOpened):
        sign = 1 if data.account_type in ("asset", "expense") else -1
        fold.accounts[data.account_id] = AccountFold(position, data.currency, sign)
        return [], None
    lines: list[Line] = []
    sums: dict[str, int] = {}
    postings: Any = getattr(data, "postings", ())
    balances: Any = getattr(data, "balances", ())
    fold.transfers += bool(postings)
    for leg, posting in enumerate(postings):
        account = fold.accounts[posting.account_id]
        amount_minor = posting.amount_minor if posting.side == "debit" else -posting.amount_minor
        account.posted_minor += account.normal_sign * amount_minor
        account.changed_at = position
        sums[posting.currency] = sums.get(posting.currency, 0) + amount_minor
        lines.append((position, leg, posting.account_id, amount_minor, 0))
        wrong = compare(
            f"event {position}: resulting balance of {posting.account_id}",
            found=posting.posted_minor,
            expected=account.posted_minor,
        )
        if wrong is not None:
            return lines, wrong
    for balance in balances:
        account = fold.accounts[balance.account_id]
        if balance.held_minor != account.held_minor:
            lines.append((position, len(lines), balance.account_id, 0, balance.held_minor - account.held_minor))
        account.held_minor, account.changed_at = balance.held_minor, position
        wrong = compare(
            f"event {position}: resulting balance of {balance.account_id}",
            found=balance.posted_minor,
            expected=account.posted_minor,
        )
        if wrong is not None:
            return lines, wrong
    if any(sums.values()):
        return lines, Difference(f"event {position}: postings", str(sums), "zero in every currency")
    return lines, None


async def _events(connection: asyncpg.Connection) -> AsyncIterator[asyncpg.Record]:
    async for row in connection.cursor(QUERIES["scan_events"], prefetch=PAGE_EVENTS):
        yield row


async def _entries(connection: asyncpg.Connection) -> AsyncIterator[Line]:
    async for row in connection.cursor(QUERIES["scan_entries"], prefetch=PAGE_EVENTS):
        yield tuple(row)


def _head_difference(head: asyncpg.Record, fold: BookFold) -> Difference | None:
    return compare("head: position", found=head["position"], expected=fold.position) or compare(
        "head: hash", found=head["hash"].hex(), expected=fold.hash.hex()
    )


async def _verify_accounts(connection: asyncpg.Connection, fold: BookFold) -> Check:
    """The balances beside the book are those of the events, for every account, and there is no other account."""
    seen = 0
    async for row in connection.cursor(QUERIES["scan_accounts"], prefetch=PAGE_EVENTS):
        seen += 1
        account = fold.accounts.get(row["account_id"])
        expected = None if account is None else (account.no, account.posted_minor, account.held_minor)
        found = (row["account_no"], row["posted_minor"], row["held_minor"])
        difference = compare(f"account {row['account_id']}: (number, posted, held)", found=found, expected=expected)
        if difference is not None:
            return Check("accounts: balances equal the events", seen, difference)
    return Check(
        "accounts: balances equal the events", seen, compare("accounts", found=seen, expected=len(fold.accounts))
    )


async def _verify_sums(connection: asyncpg.Connection, fold: BookFold) -> Check:
    """Per currency all entries add up to zero."""
    rows = await connection.fetch(QUERIES["sum_entries"])
    for row in rows:
        if row["amount_minor"] != 0:
            where = f"entries in {row['currency']}"
            return Check("entries: zero per currency", len(rows), Difference(where, str(row["amount_minor"]), "0"))
    return Check("entries: zero per currency", len(rows))


def _shown(line: Line | None) -> str:
    return "nothing" if line is None else msgspec.json.encode(line).decode()
