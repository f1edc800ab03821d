"""What a decision looks at: accounts, holds, transfers to reverse, assets, records, the closed period; in layers.

A layer answers from what it holds and asks the layer below for the rest. The root is the committed state as loaded from
the book; a batch being committed is a layer on it, the batch decided meanwhile a layer on that one, and an atomic group
a layer for as long as it may still be refused as a whole. Values are frozen; a layer is thrown away or absorbed.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

from msgspec import Struct

from contracts.commands import AccountType, Posting
from contracts.currencies import SCALE_OF_CURRENCY
from contracts.events import HoldStatus
from ledger.domain.records import Record, RecordKey

DEBIT_NORMAL: Final = frozenset({"asset", "expense"})
DEBIT_NORMAL_SIGN: Final = 1
CREDIT_NORMAL_SIGN: Final = -1
NOTHING_CLOSED: Final = date.min


class AccountTerms(Struct, frozen=True, gc=False):
    """What was agreed when the account was opened. ``normal_sign``: +1 debit-normal, -1 credit-normal."""

    no: int
    account_id: str
    currency: str
    scale: int
    account_type: AccountType
    normal_sign: int
    floor_minor: int | None
    ceiling_minor: int | None
    customer_id: str | None = None


class Account(Struct, frozen=True, gc=False):
    """An account as of a position; balances in its normal side."""

    terms: AccountTerms
    status: str
    posted_minor: int
    held_minor: int


class HeldLeg(Struct, frozen=True, gc=False):
    """One leg of a hold and how much of it has been captured."""

    debit_account_id: str
    credit_account_id: str
    amount_minor: int
    currency: str
    captured_minor: int = 0

    @property
    def remaining_minor(self) -> int:
        """What may still be captured."""
        return self.amount_minor - self.captured_minor


class Hold(Struct, frozen=True, gc=False):
    """A hold as of a position."""

    no: int
    status: HoldStatus
    expires_at: datetime
    legs: tuple[HeldLeg, ...]
    reference: str | None = None


class Original(Struct, frozen=True, gc=False):
    """A booked transfer that somebody wants to reverse, with how much of each posting has been reversed."""

    no: int
    postings: tuple[Posting, ...]
    is_reversal: bool
    reversed_minor: tuple[int, ...]


class Moment(Struct, frozen=True, gc=False):
    """Where, when and for whom a decision is made: its first event's position, the instant, the principal."""

    position: int
    now: datetime
    today: date
    subject: str = ""

    def after(self, events: int) -> "Moment":
        """The same moment behind so many events."""
        return Moment(self.position + events, self.now, self.today, self.subject)


class State:
    """One layer of the book's state."""

    __slots__ = ("accounts", "assets", "closed_through", "holds", "originals", "parent", "records")

    def __init__(self, parent: "State | None" = None) -> None:
        self.parent = parent
        self.accounts: dict[str, Account] = {}
        self.holds: dict[int, Hold] = {}
        self.originals: dict[int, Original] = {}
        self.assets: dict[str, int] = {}
        self.records: dict[RecordKey, Record | None] = {}  # None: known not to exist
        self.closed_through: date = NOTHING_CLOSED if parent is None else parent.closed_through

    def account(self, account_id: str) -> Account | None:
        """Find an account in this layer or below."""
        found = self.accounts.get(account_id)
        return self.parent.account(account_id) if found is None and self.parent is not None else found

    def hold(self, no: int) -> Hold | None:
        """Find a hold in this layer or below."""
        found = self.holds.get(no)
        return self.parent.hold(no) if found is None and self.parent is not None else found

    def original(self, no: int) -> Original | None:
        """Find a reversible transfer in this layer or below."""
        found = self.originals.get(no)
        return self.parent.original(no) if found is None and self.parent is not None else found

    def record(self, kind: str, identifier: str) -> Record | None:
        """Find a record in this layer or below."""
        key = (kind, identifier)
        return self.records[key] if key in self.records else self._below(key)

    def _below(self, key: RecordKey) -> Record | None:
        return None if self.parent is None else self.parent.record(*key)

    def knows_record(self, key: RecordKey) -> bool:
        """Tell whether this layer or one below says what is under a key, be it nothing."""
        return key in self.records or (self.parent is not None and self.parent.knows_record(key))

    def scale_of(self, currency: str) -> int | None:
        """Decimal places of an ISO 4217 currency or a declared asset; None when unknown."""
        found = SCALE_OF_CURRENCY.get(currency, self.assets.get(currency))
        return self.parent.scale_of(currency) if found is None and self.parent is not None else found

    @property
    def size(self) -> int:
        """How many states this layer holds."""
        return len(self.accounts) + len(self.holds) + len(self.originals) + len(self.records)

    def bring_up(self, account_ids: Iterable[str]) -> None:
        """Copy accounts from below into this layer: a batch looks at each several times."""
        for account_id in account_ids:
            account = self.account(account_id)
            if account is not None:
                self.accounts[account_id] = account

    def absorb(self, upper: "State") -> None:
        """Take over everything the layer above says."""
        self.accounts.update(upper.accounts)
        self.holds.update(upper.holds)
        self.originals.update(upper.originals)
        self.assets.update(upper.assets)
        self.records.update(upper.records)
        self.closed_through = upper.closed_through
