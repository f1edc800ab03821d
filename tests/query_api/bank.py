"""A small bank whose every figure can be checked by hand, as a book of real events.

    bank = Bank(ledger)
    bank.open("customers:alice", "liability")
    bank.transfer("assets:cash", "customers:alice", 10_00, day=date(2026, 1, 2))

`Bank` keeps balances the plain way, beside the events, so that tests have something independent to compare with.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import asyncpg

from contracts import events as e
from contracts.commands import AccountType, HoldLeg, InstructedAmount, Side
from contracts.desk import DeskKeys
from contracts.envelope import HASH_OF_NOTHING, Actor, Origin, chain, encode_actor, encode_event
from contracts.ids import hold_id, payment_id, transfer_id
from contracts.read_models import LAKE_WRITE_ORDER, WALLETS_VERSION, WalletsKeys
from projectors.apply import Outcome
from projectors.desk.target import DeskTarget
from projectors.events import Batch, Event, decode_event
from projectors.lake.fold import SCHEMAS, opened_accounts
from projectors.lake.tables import append, create_table, position_of
from projectors.lake.target import ROWS_OF
from projectors.wallets.target import WalletsTarget
from tests.support import payments

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DEBIT_NORMAL = ("asset", "expense")
FLOOR_OF = {"forbidden": 0, "unlimited": None}


class Bank:
    """Events in order, and what they add up to. Positions start at 1."""

    def __init__(self, ledger: str = "main") -> None:
        self.ledger = ledger
        self.events: list[tuple[e.EventData, bytes]] = []
        self.accounts: dict[str, e.AccountOpened] = {}
        self.opened_position: dict[str, int] = {}
        self.posted: dict[str, int] = {}
        self.held: dict[str, int] = {}
        self.entries: list[tuple[int, int, str, int, int, date]] = []  # position, leg, account, amount, held, day

    @property
    def position(self) -> int:
        """The head of the book."""
        return len(self.events)

    def recorded_at(self, position: int) -> datetime:
        """When the event at a position was recorded: one per minute."""
        return START + timedelta(minutes=position)

    def open(
        self,
        account_id: str,
        account_type: AccountType,
        currency: str = "EUR",
        *,
        overdraft: str = "unlimited",
        customer_id: str | None = None,
    ) -> int:
        """Open an account."""
        normal_side: Side = "debit" if account_type in DEBIT_NORMAL else "credit"
        opened = e.AccountOpened(
            account_id=account_id,
            currency=currency,
            scale=0 if currency == "JPY" else 2,
            account_type=account_type,
            normal_side=normal_side,
            overdraft=overdraft,  # type: ignore[arg-type]
            credit_limit_minor=0,
            max_balance_minor=None,
            metadata={"segment": "retail"} if account_id.startswith("customers:") else None,
            customer_id=customer_id,
        )
        position = self._append(opened)
        self.accounts[account_id] = opened
        self.opened_position[account_id] = position
        self.posted[account_id] = self.held[account_id] = 0
        return position

    def freeze(self, account_id: str) -> int:
        """Freeze an account."""
        return self._append(e.AccountFrozen(account_id=account_id, reason="test"))

    def transfer(self, debit: str, credit: str, amount_minor: int, *, day: date, reference: str | None = None) -> str:
        """Book a transfer of two postings."""
        booked = transfer_id(self.position + 1)
        self._append(
            e.TransferPosted(
                transfer_id=booked,
                postings=self._post(debit, credit, amount_minor, day),
                effective_date=day,
                reference=reference,
                metadata=None,
            )
        )
        return booked

    def reverse(self, original: str, debit: str, credit: str, amount_minor: int, *, day: date) -> str:
        """Undo a transfer: `debit` and `credit` are the reversal's own sides."""
        booked = transfer_id(self.position + 1)
        self._append(
            e.TransferReversed(
                reversal_id=booked,
                transfer_id=original,
                postings=self._post(debit, credit, amount_minor, day),
                effective_date=day,
                reference=None,
                reason="test",
                metadata=None,
            )
        )
        return booked

    def hold(self, debit: str, credit: str, amount_minor: int) -> str:
        """Place a hold of one leg."""
        placed = hold_id(self.position + 1)
        self._hold(debit, amount_minor)
        self._append(
            e.HoldPlaced(
                hold_id=placed,
                legs=(
                    HoldLeg(
                        debit_account_id=debit,
                        credit_account_id=credit,
                        amount_minor=amount_minor,
                        currency=self.accounts[debit].currency,
                    ),
                ),
                expires_at=START + timedelta(days=7),
                reference="reserved",
                metadata=None,
                balances=(self._balance(debit),),
            )
        )
        return placed

    def release(self, hold: str, debit: str, amount_minor: int) -> int:
        """Give a hold back."""
        self._hold(debit, -amount_minor)
        return self._append(e.HoldReleased(hold_id=hold, reason=None, balances=(self._balance(debit),)))

    def pay(self, debtor: str, creditor: str, amount_minor: int, *, day: date, settles: bool = True) -> str:
        """Initiate a payment of euros; it settles, or is rejected for lack of funds."""
        paid = payment_id(self.position + 1)
        amount = InstructedAmount(currency="EUR", value=f"{amount_minor // 100}.{amount_minor % 100:02}")
        facts = payments.facts(f"E2E-{paid}", debtor, creditor, amount, amount_minor)
        self._append(payments.initiated(paid, facts, amount))
        if settles:
            booked = transfer_id(self.position + 1)
            postings = self._post(debtor, creditor, amount_minor, day)
            self._append(payments.settled(paid, facts, postings, transfer_id=booked, day=day))
        else:
            self._append(payments.rejected(paid, facts, detail="insufficient funds"))
        return paid

    async def write_book(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        """Put everything into an empty PostgreSQL book; its own trigger adds up the balances."""
        numbers = self.opened_position
        hashes = self.hashes()
        await connection.executemany(
            "INSERT INTO events (position, event, hash) VALUES ($1, $2, $3)",
            [(number + 1, body.decode(), hashes[number]) for number, (_, body) in enumerate(self.events)],
        )
        await connection.executemany(
            "INSERT INTO accounts (account_no, account_id, currency, scale, account_type, normal_sign, floor_minor)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [
                (
                    numbers[name],
                    name,
                    terms.currency,
                    terms.scale,
                    terms.account_type,
                    1 if terms.normal_side == "debit" else -1,
                    FLOOR_OF[terms.overdraft],
                )
                for name, terms in self.accounts.items()
            ],
        )
        rows = [
            (numbers[name], position, leg, self.accounts[name].currency, amount, held, day)
            for position, leg, name, amount, held, day in self.entries
        ]
        await connection.execute(
            "INSERT INTO entries (account_no, position, leg, currency, amount_minor, held_minor, effective_date)"
            " SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::text[], $5::bigint[], $6::bigint[],"
            " $7::date[])",
            *[list(column) for column in zip(*rows, strict=True)],
        )
        frozen = [data.account_id for data, _ in self.events if isinstance(data, e.AccountFrozen)]
        await connection.execute("UPDATE accounts SET status = 'frozen' WHERE account_id = ANY ($1)", frozen)
        await connection.execute(
            "INSERT INTO head (ledger, position, hash, recorded_at) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT ((true)) DO UPDATE SET position = $2, hash = $3, recorded_at = $4",
            self.ledger,
            self.position,
            hashes[-1],
            self.recorded_at(self.position),
        )

    def batch(self, first: int, last: int) -> Batch:
        """The events of a range of positions, as a projector gets them."""
        return Batch([self._event(position) for position in range(first, last + 1)], False)

    async def write_wallets(self, redis_url: str, *, to: int | None = None, version: int = WALLETS_VERSION) -> None:
        """Bring the Redis model to a position, as the projectors do."""
        target = WalletsTarget(redis_url, WalletsKeys(self.ledger, version))
        first = await target.checkpoint() + 1
        assert await target.apply(self.batch(first, to or self.position)) is Outcome.APPLIED
        await target.close()

    async def write_desk(self, redis_url: str, *, to: int | None = None) -> None:
        """Bring the desk to a position, as the projectors do."""
        target = DeskTarget(redis_url, DeskKeys(self.ledger))
        first = await target.checkpoint() + 1
        assert await target.apply(self.batch(first, to or self.position)) is Outcome.APPLIED
        await target.close()

    def write_lake(self, lake_dir: Path, *, to: int | None = None) -> None:
        """Bring the lake to a position, as the projectors do: accounts first."""
        last = to or self.position
        known = opened_accounts(self.batch(1, last).events)
        for name in LAKE_WRITE_ORDER:
            table = create_table(lake_dir / self.ledger / name, SCHEMAS[name])
            events = self.batch(position_of(table) + 1, last).events
            assert append(table, ROWS_OF[name](events, known), to=last, recorded_at=self.recorded_at(last))

    def _event(self, position: int) -> Event:
        return decode_event(position, self.events[position - 1][1], ledger=self.ledger)

    def hashes(self) -> list[bytes]:
        """The chain, one hash per event."""
        hashes, last = [], HASH_OF_NOTHING
        for _, body in self.events:
            last = chain(last, body)
            hashes.append(last)
        return hashes

    def happen(self, data: e.EventData, *, actor: str = "teller") -> int:
        """Let something happen that moves no money."""
        return self._append(data, actor=actor)

    def _append(self, data: e.EventData, *, actor: str = "teller") -> int:
        position = self.position + 1
        origin = Origin(
            ledger=self.ledger,
            actor_json=encode_actor(Actor(subject=actor, tenant="t1")),
            key=f"key-{position}",
            trace=None,
            occurred_at=self.recorded_at(position),
        )
        body = encode_event(data, position=position, recorded_at=self.recorded_at(position), origin=origin)
        self.events.append((data, body))
        return position

    def _post(self, debit: str, credit: str, amount_minor: int, day: date) -> tuple[e.PostedPosting, ...]:
        return (self._side(debit, "debit", amount_minor, day, 0), self._side(credit, "credit", amount_minor, day, 1))

    def _side(self, account_id: str, side: Side, amount_minor: int, day: date, leg: int) -> e.PostedPosting:
        terms = self.accounts[account_id]
        self.posted[account_id] += amount_minor if side == terms.normal_side else -amount_minor
        signed = amount_minor if side == "debit" else -amount_minor
        self.entries.append((self.position + 1, leg, account_id, signed, 0, day))
        return e.PostedPosting(
            account_id=account_id,
            side=side,
            amount_minor=amount_minor,
            currency=terms.currency,
            posted_minor=self.posted[account_id],
            held_minor=self.held[account_id],
        )

    def _hold(self, account_id: str, change_minor: int) -> None:
        self.held[account_id] += change_minor
        today = self.recorded_at(self.position + 1).date()
        self.entries.append((self.position + 1, 0, account_id, 0, change_minor, today))

    def _balance(self, account_id: str) -> e.AccountBalance:
        return e.AccountBalance(
            account_id=account_id,
            currency=self.accounts[account_id].currency,
            posted_minor=self.posted[account_id],
            held_minor=self.held[account_id],
        )


def small_bank(ledger: str = "main") -> Bank:
    """The bank of most tests: three months, two currencies, holds, payments, a reversal, a frozen account.

    EUR: 1000.00 into alice on 5 January, 300.00 to bob on 10 January, a fee of 20.00 from alice on 31 January, undone
    on 2 February, 50.00 alice to bob by payment on 3 February, one payment rejected, 100.00 of alice held. JPY: 5000
    into carol. So alice ends with 650.00 posted and 100.00 held, bob with 350.00.
    """
    bank = Bank(ledger)
    bank.open("assets:cash:eur", "asset")
    bank.open("assets:cash:jpy", "asset", "JPY")
    bank.open("customers:alice:eur", "liability")
    bank.open("customers:bob:eur", "liability")
    bank.open("customers:carol:jpy", "liability", "JPY")
    bank.open("income:fees:eur", "income")
    bank.transfer("assets:cash:eur", "customers:alice:eur", 1000_00, day=date(2026, 1, 5), reference="first deposit")
    bank.transfer("customers:alice:eur", "customers:bob:eur", 300_00, day=date(2026, 1, 10), reference="=rent")
    bank.transfer("assets:cash:jpy", "customers:carol:jpy", 5000, day=date(2026, 1, 10))
    fee = bank.transfer("customers:alice:eur", "income:fees:eur", 20_00, day=date(2026, 1, 31))
    bank.reverse(fee, "income:fees:eur", "customers:alice:eur", 20_00, day=date(2026, 2, 2))
    released = bank.hold("customers:alice:eur", "customers:bob:eur", 70_00)
    bank.hold("customers:alice:eur", "customers:bob:eur", 100_00)
    bank.release(released, "customers:alice:eur", 70_00)
    bank.pay("customers:alice:eur", "customers:bob:eur", 50_00, day=date(2026, 2, 3))
    bank.pay("customers:bob:eur", "customers:alice:eur", 9999_00, day=date(2026, 2, 3), settles=False)
    bank.freeze("customers:bob:eur")
    return bank
