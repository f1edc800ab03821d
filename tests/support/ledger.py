"""Examples for tests of the write model: a book in memory, and a small bank whose every corner has a name.

    bank = a_bank()                                   # funded accounts, holds and transfers in every status
    bank.do(move("alice", "bob", 100))                # the events, or an AssertionError saying why it was refused
    bank.attempt(capture(bank.open_hold))             # the events, or a Refused
    bank.available("alice")

The book runs on ``decide`` and ``evolve`` alone: no database, no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from contracts import commands as c
from contracts import events as e
from contracts.money import AMOUNT_MINOR_MAX
from contracts.rejections import Refused
from ledger.domain.book import Line, decide, entries_of, evolve
from ledger.domain.state import Account, Moment, Original, State
from tests.support.payments import assessed

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TODAY = NOON.date()
MORNING = NOON - timedelta(hours=4)
TOMORROW = NOON + timedelta(days=1)
CLOSED_THROUGH = TODAY - timedelta(days=30)
BEYOND_ANY_HOLD = NOON + timedelta(days=401)


class BookInMemory:
    """A book on the pure functions: commands in, events out, the state moved."""

    def __init__(self, *, now: datetime = MORNING) -> None:
        self.state = State()
        self.now = now
        self.subject = "clerk"
        self.position = 0
        self.events: list[e.EventData] = []
        self.lines: list[Line] = []

    @property
    def moment(self) -> Moment:
        """Where the next decision stands."""
        return Moment(self.position + 1, self.now, self.now.date(), self.subject)

    def attempt(self, command: Any) -> tuple[e.EventData, ...] | Refused:
        """Decide; if accepted, book."""
        decided = decide(assessed(command), self.state, self.moment)
        if isinstance(decided, Refused):
            return decided
        for event in decided:
            self.position += 1
            self.lines += entries_of(event, self.state, today=self.now.date())
            evolve(self.state, event, self.position)
            self._keep_original(event)
            self.events.append(event)
        return decided

    def _keep_original(self, event: e.EventData) -> None:
        """Make a booked transfer reversible, as the store does when it loads one."""
        booked: tuple[e.PostedPosting, ...] = getattr(event, "postings", ())
        if booked:
            postings = tuple(
                c.Posting(account_id=p.account_id, side=p.side, amount_minor=p.amount_minor, currency=p.currency)
                for p in booked
            )
            is_reversal = isinstance(event, e.TransferReversed)
            self.state.originals[self.position] = Original(self.position, postings, is_reversal, (0,) * len(postings))

    def do(self, *commands: Any) -> Any:
        """Book commands that must be accepted; give the last event."""
        for command in commands:
            decided = self.attempt(command)
            assert not isinstance(decided, Refused), f"{command} was refused: {decided}"
        return self.events[-1]

    def account(self, account_id: str) -> Account:
        """The account as it stands."""
        account = self.state.account(account_id)
        assert account is not None, f"{account_id} does not exist"
        return account

    def balances(self, *account_ids: str) -> list[tuple[int, int]]:
        """Posted and held of each account."""
        return [(self.account(name).posted_minor, self.account(name).held_minor) for name in account_ids]


class Bank(BookInMemory):
    """The bank that `a_bank` builds, with the names of what it made."""

    open_hold: str
    two_leg_hold: str
    partly_captured_hold: str
    captured_hold: str
    released_hold: str
    expired_hold: str
    overdue_hold: str
    hold_into_closed: str
    hold_from_frozen: str
    transfer: str
    reversed_transfer: str
    partly_reversed_transfer: str
    reversal: str
    captured_transfer: str
    frozen_transfer: str  # into an account that is frozen now
    closed_transfer: str  # out of an account that is closed now
    spent_transfer: str  # whose money is gone
    from_full_transfer: str  # out of an account that has reached its ceiling since
    huge_transfer: str  # whose reversal would leave the 64-bit range
    hold_beyond_ceiling: str
    hold_beyond_64_bits: str


def a_bank() -> Bank:
    """Accounts of every kind, holds and transfers in every status, a closed period; it is NOON."""
    bank = Bank()
    _open_accounts(bank)
    _make_transfers(bank)
    _make_holds(bank)
    _go_to_extremes(bank)
    bank.do(c.ClosePeriod(through=CLOSED_THROUGH))
    bank.do(c.CloseAccount(account_id="gone"), c.FreezeAccount(account_id="frozen", reason="fraud"))
    bank.now = NOON
    bank.do(c.ExpireHold(hold_id=bank.expired_hold))
    return bank


def _open_accounts(bank: Bank) -> None:
    bank.do(
        open_account("world", account_type="equity", overdraft="unlimited"),
        open_account("alice"),
        open_account("bob"),
        open_account("carol", overdraft="limited", credit_limit_minor=500, max_balance_minor=5_000),
        open_account("full", max_balance_minor=5_000),
        open_account("gone"),
        open_account("frozen"),
        open_account("till", account_type="asset"),
        open_account("safe", account_type="asset"),
        open_account("costs", account_type="expense"),
        open_account("fees", account_type="income", overdraft="unlimited"),
        open_account("dave:usd", currency="USD"),
        open_account("world:usd", currency="USD", account_type="equity", overdraft="unlimited"),
        c.DeclareAsset(currency="POINTS", scale=0),
        move("world", "alice", 10_000),
        move("till", "world", 4_000),
    )
    bank.frozen_transfer = bank.do(move("world", "frozen", 1_000)).transfer_id


def _make_transfers(bank: Bank) -> None:
    bank.transfer = bank.do(move("alice", "bob", 700)).transfer_id
    bank.reversed_transfer = bank.do(move("alice", "bob", 50)).transfer_id
    bank.reversal = bank.do(reverse(bank.reversed_transfer)).reversal_id
    bank.partly_reversed_transfer = bank.do(move("alice", "bob", 300)).transfer_id
    bank.do(reverse(bank.partly_reversed_transfer, debit("bob", 100), credit("alice", 100)))


def _make_holds(bank: Bank) -> None:
    bank.open_hold = bank.do(hold(leg("alice", "bob", 1_000))).hold_id
    bank.two_leg_hold = bank.do(hold(leg("alice", "bob", 200), leg("alice", "fees", 10))).hold_id
    bank.partly_captured_hold = bank.do(hold(leg("alice", "bob", 100))).hold_id
    bank.do(capture(bank.partly_captured_hold, 40))
    bank.captured_hold = bank.do(hold(leg("alice", "bob", 5))).hold_id
    bank.captured_transfer = bank.do(capture(bank.captured_hold)).transfer_id
    bank.released_hold = bank.do(hold(leg("alice", "bob", 5))).hold_id
    bank.do(c.ReleaseHold(hold_id=bank.released_hold))
    bank.overdue_hold = bank.do(hold(leg("alice", "bob", 20), until=NOON)).hold_id
    bank.expired_hold = bank.do(hold(leg("alice", "bob", 30), until=NOON)).hold_id
    bank.hold_into_closed = bank.do(hold(leg("alice", "gone", 7))).hold_id
    bank.hold_from_frozen = bank.do(hold(leg("frozen", "bob", 9))).hold_id


def _go_to_extremes(bank: Bank) -> None:
    bank.do(move("world", "gone", 7))
    bank.closed_transfer = bank.do(move("gone", "alice", 7)).transfer_id
    bank.do(open_account("erin"))
    bank.spent_transfer = bank.do(move("world", "erin", 100)).transfer_id
    bank.do(move("erin", "alice", 100), move("world", "full", 100))
    bank.from_full_transfer = bank.do(move("full", "alice", 100)).transfer_id
    bank.hold_beyond_ceiling = bank.do(hold(leg("alice", "full", 3))).hold_id
    bank.do(move("world", "full", 5_000))
    for name in ("least", "most"):
        bank.do(open_account(name, account_type="equity", overdraft="unlimited"))
    bank.hold_beyond_64_bits = bank.do(hold(leg("fees", "most", 5))).hold_id
    bank.do(move("least", "most", AMOUNT_MINOR_MAX))
    bank.huge_transfer = bank.do(move("most", "least", AMOUNT_MINOR_MAX)).transfer_id
    bank.do(move("least", "most", AMOUNT_MINOR_MAX))


def open_account(
    account_id: str, *, currency: str = "EUR", account_type: Any = "liability", **terms: Any
) -> c.OpenAccount:
    """Open an account; a customer's wallet that cannot be overdrawn unless said otherwise."""
    return c.OpenAccount(account_id=account_id, currency=currency, account_type=account_type, **terms)


def debit(account_id: str, amount_minor: int, currency: str = "EUR") -> c.Posting:
    """A debit."""
    return c.Posting(account_id=account_id, side="debit", amount_minor=amount_minor, currency=currency)


def credit(account_id: str, amount_minor: int, currency: str = "EUR") -> c.Posting:
    """A credit."""
    return c.Posting(account_id=account_id, side="credit", amount_minor=amount_minor, currency=currency)


def post(*postings: c.Posting, on: date | None = None) -> c.PostTransfer:
    """A transfer of these postings."""
    return c.PostTransfer(postings=postings, effective_date=on)


def move(
    debited: str, credited: str, amount_minor: int, *, currency: str = "EUR", on: date | None = None
) -> c.PostTransfer:
    """A transfer of two postings."""
    return post(debit(debited, amount_minor, currency), credit(credited, amount_minor, currency), on=on)


def reverse(transfer_id: str, *postings: c.Posting, on: date | None = None) -> c.ReverseTransfer:
    """Reverse all that is left of a transfer, or these postings."""
    return c.ReverseTransfer(transfer_id=transfer_id, postings=postings or None, effective_date=on)


def leg(debited: str, credited: str, amount_minor: int, currency: str = "EUR") -> c.HoldLeg:
    """One leg of a hold."""
    return c.HoldLeg(debit_account_id=debited, credit_account_id=credited, amount_minor=amount_minor, currency=currency)


def hold(*legs: c.HoldLeg, until: datetime = TOMORROW) -> c.PlaceHold:
    """Place a hold."""
    return c.PlaceHold(legs=legs, expires_at=until)


def capture(hold_id: str, *amounts_minor: int, final: bool = False, on: date | None = None) -> c.CaptureHold:
    """Capture all that is left of a hold, or these amounts."""
    return c.CaptureHold(hold_id=hold_id, amounts_minor=amounts_minor or None, final=final, effective_date=on)


def pay(debtor: str, creditor: str, value: str, *, currency: str = "EUR") -> c.InitiatePayment:
    """Initiate a payment."""
    return c.InitiatePayment(
        debtor_account_id=debtor,
        creditor_account_id=creditor,
        instructed_amount=c.InstructedAmount(currency=currency, value=value),
        end_to_end_id="E2E-1",
    )


def sums(lines: Sequence[Line]) -> dict[str, int]:
    """Sum of all entries per currency; every figure must be zero."""
    totals: dict[str, int] = {}
    for _, _, currency, amount_minor, _, _ in lines:
        totals[currency] = totals.get(currency, 0) + amount_minor
    return totals
