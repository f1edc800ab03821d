"""A book written by hand, event by event: exact bytes, hash chain, entries, and the balances they add up to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

from contracts import events as e
from contracts.commands import HoldLeg, Side
from contracts.envelope import HASH_OF_NOTHING, Actor, Origin, chain, encode_actor, encode_event
from contracts.ids import transfer_id

BEGIN = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
SCALES = {"EUR": 2, "JPY": 0}
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class BookAccount(Struct):
    """An account while the book is written; balances in its normal side."""

    account_id: str
    account_no: int
    currency: str
    account_type: str
    normal_side: Side
    status: str = "open"
    posted_minor: int = 0
    held_minor: int = 0


class BookHold(Struct):
    """A hold while the book is written."""

    hold_id: str
    legs: tuple[HoldLeg, ...]
    remaining_minor: list[int]
    status: str = "open"


class EntryRow(Struct, frozen=True):
    """One row of the table `entries`."""

    account_no: int
    position: int
    leg: int
    currency: str
    amount_minor: int
    held_minor: int
    effective_date: date


class Line(Struct, frozen=True):
    """One event with its exact bytes, its place in the chain, and the entries the writer would store with it."""

    position: int
    body: bytes
    hash: bytes
    recorded_at: datetime
    data: e.EventData
    entries: tuple[EntryRow, ...] = ()


def every_second(position: int) -> datetime:
    """Record one event a second, at instants with microseconds."""
    return BEGIN + timedelta(seconds=position, microseconds=position % 1000)


class PlainBook:
    """A ledger in memory that writes what it is told to; it checks nothing."""

    def __init__(self, *, ledger: str = "main", recorded_at: Callable[[int], datetime] = every_second) -> None:
        self.ledger = ledger
        self.lines: list[Line] = []
        self.accounts: dict[str, BookAccount] = {}
        self.holds: dict[str, BookHold] = {}
        self.transfers: list[tuple[str, tuple[e.PostedPosting, ...]]] = []
        self._recorded_at = recorded_at
        self._hash = HASH_OF_NOTHING
        self._entries: list[EntryRow] = []
        self._actor = encode_actor(Actor(subject="svc:demo", tenant="acme", address="127.0.0.1"))

    @property
    def position(self) -> int:
        """Position of the last event written."""
        return len(self.lines)

    def append(self, data: e.EventData) -> Line:
        """Append one event with the entries collected for it."""
        position = self.position + 1
        recorded_at = self._recorded_at(position)
        origin = Origin(
            ledger=self.ledger, actor_json=self._actor, key=f"key-{position}", trace=TRACE, occurred_at=recorded_at
        )
        body = encode_event(data, position=position, recorded_at=recorded_at, origin=origin)
        self._hash = chain(self._hash, body)
        line = Line(position, body, self._hash, recorded_at, data, tuple(self._entries))
        self._entries = []
        self.lines.append(line)
        return line

    def open_account(self, account_id: str, currency: str, account_type: str = "liability") -> BookAccount:
        """Open an account; everything but equity may not be overdrawn."""
        side: Side = "debit" if account_type in ("asset", "expense") else "credit"
        account = BookAccount(account_id, self.position + 1, currency, account_type, side)
        self.accounts[account_id] = account
        self.append(
            e.AccountOpened(
                account_id=account_id,
                currency=currency,
                scale=SCALES.get(currency, 2),
                account_type=account_type,  # type: ignore[arg-type]
                normal_side=side,
                overdraft="unlimited" if account_type == "equity" else "forbidden",
                credit_limit_minor=0,
                max_balance_minor=None,
                metadata={"customer": account_id} if account_type == "liability" else None,
            )
        )
        return account

    def post(self, debit: str, credit: str, amount_minor: int, *, reference: str | None = None) -> Line:
        """Post a transfer of two postings."""
        return self._post([(debit, "debit", amount_minor), (credit, "credit", amount_minor)], reference)

    def _post(self, moves: list[tuple[str, Side, int]], reference: str | None = None) -> Line:
        name = transfer_id(self.position + 1)
        postings = self._move(moves)
        self.transfers.append((name, postings))
        return self.append(
            e.TransferPosted(
                transfer_id=name,
                postings=postings,
                effective_date=self._today(),
                reference=reference,
                metadata=None,
            )
        )

    def _today(self) -> date:
        return self._recorded_at(self.position + 1).date()

    def _move(
        self, moves: Sequence[tuple[str, Side, int]], held_minor: Sequence[int] = ()
    ) -> tuple[e.PostedPosting, ...]:
        """Move balances and collect the entries; ``held_minor``: change of what is held, per move."""
        postings = []
        for leg, (account_id, side, amount_minor) in enumerate(moves):
            account = self.accounts[account_id]
            held = held_minor[leg] if held_minor else 0
            account.posted_minor += amount_minor if side == account.normal_side else -amount_minor
            account.held_minor += held
            self._enter(account, amount_minor if side == "debit" else -amount_minor, held)
            postings.append(
                e.PostedPosting(
                    account_id=account_id,
                    side=side,
                    amount_minor=amount_minor,
                    currency=account.currency,
                    posted_minor=account.posted_minor,
                    held_minor=account.held_minor,
                )
            )
        return tuple(postings)

    def _enter(self, account: BookAccount, amount_minor: int, held_minor: int) -> None:
        self._entries.append(
            EntryRow(
                account.account_no,
                self.position + 1,
                len(self._entries),
                account.currency,
                amount_minor,
                held_minor,
                self._today(),
            )
        )

    def _hold_back(self, changes: Sequence[tuple[str, int]]) -> tuple[e.AccountBalance, ...]:
        """Change what is held on accounts and give the balances that leaves."""
        for account_id, held_minor in changes:
            if held_minor:
                self.accounts[account_id].held_minor += held_minor
                self._enter(self.accounts[account_id], 0, held_minor)
        return self._balances([account_id for account_id, _ in changes])

    def _balances(self, account_ids: Sequence[str]) -> tuple[e.AccountBalance, ...]:
        accounts = [self.accounts[account_id] for account_id in dict.fromkeys(account_ids)]
        return tuple(
            e.AccountBalance(
                account_id=account.account_id,
                currency=account.currency,
                posted_minor=account.posted_minor,
                held_minor=account.held_minor,
            )
            for account in accounts
        )
