"""Every event: what happened, in the past tense, with everything a reader needs.

These names are the storage format: renaming a field rewrites history. Two rules, both tested:

* ``data`` carries every field of the command that caused it under the same name, so that a reused idempotency key can
  be told which field differs by looking at the event alone;
* ``data`` carries the resulting balances, so that a projector never looks anything up.

Events are tolerant (an unknown field is ignored): an older projector survives a newer optional field. Anything else is
a new version.
"""

from datetime import date, datetime
from typing import Final, Literal

from msgspec import Struct

from contracts.commands import AccountType, CurrencyAmount, Leg, Overdraft, Side

HoldStatus = Literal["open", "captured", "released", "expired"]
PaymentStatus = Literal["RCVD", "ACSC", "RJCT"]


class PostedPosting(Struct, frozen=True, gc=False):
    """A posting with the balance it left on its account (normal side, after the whole transfer up to this posting)."""

    account_id: str
    side: Side
    amount_minor: int
    currency: str
    posted_minor: int
    held_minor: int


class AccountBalance(Struct, frozen=True, gc=False, kw_only=True):
    """The balance an event left on an account, in its normal side."""

    account_id: str
    currency: str
    posted_minor: int
    held_minor: int


class EventData(Struct, frozen=True, kw_only=True):
    """Root of all event bodies."""


class AssetDeclared(EventData, frozen=True, kw_only=True):
    """An asset outside ISO 4217 may be used from now on."""

    currency: str
    scale: int


class AccountOpened(EventData, frozen=True, kw_only=True):
    """An account exists."""

    account_id: str
    currency: str
    scale: int
    account_type: AccountType
    normal_side: Side
    overdraft: Overdraft
    credit_limit_minor: int
    max_balance_minor: int | None
    metadata: dict[str, str] | None


class AccountClosed(EventData, frozen=True, kw_only=True):
    """An account takes no more movements, for good."""

    account_id: str
    reason: str | None


class AccountFrozen(EventData, frozen=True, kw_only=True):
    """An account takes no movements for now."""

    account_id: str
    reason: str | None


class AccountUnfrozen(EventData, frozen=True, kw_only=True):
    """A frozen account moves again."""

    account_id: str
    reason: str | None


class TransferPosted(EventData, frozen=True, kw_only=True):
    """A transfer was booked."""

    transfer_id: str
    postings: tuple[PostedPosting, ...]
    effective_date: date
    reference: str | None
    metadata: dict[str, str] | None


class TransferReversed(EventData, frozen=True, kw_only=True):
    """All or a part of the transfer ``transfer_id`` was undone by the new transfer ``reversal_id``."""

    reversal_id: str
    transfer_id: str
    postings: tuple[PostedPosting, ...]
    effective_date: date
    reference: str | None
    reason: str | None
    metadata: dict[str, str] | None


class HoldPlaced(EventData, frozen=True, kw_only=True):
    """Money was reserved."""

    hold_id: str
    legs: tuple[Leg, ...]
    expires_at: datetime
    reference: str | None
    metadata: dict[str, str] | None
    balances: tuple[AccountBalance, ...]


class HoldExtended(EventData, frozen=True, kw_only=True):
    """A hold's deadline moved."""

    hold_id: str
    expires_at: datetime


class HoldCaptured(EventData, frozen=True, kw_only=True):
    """Held money was booked. ``remaining_minor`` has one figure per leg; ``status`` is the hold's after this."""

    hold_id: str
    transfer_id: str
    amounts_minor: tuple[int, ...]
    final: bool
    effective_date: date
    reference: str | None
    postings: tuple[PostedPosting, ...]
    balances: tuple[AccountBalance, ...]
    remaining_minor: tuple[int, ...]
    status: HoldStatus


class HoldReleased(EventData, frozen=True, kw_only=True):
    """What was left of a hold was given back on request."""

    hold_id: str
    reason: str | None
    balances: tuple[AccountBalance, ...]


class HoldExpired(EventData, frozen=True, kw_only=True):
    """What was left of a hold was given back because its deadline passed."""

    hold_id: str
    balances: tuple[AccountBalance, ...]


class PeriodClosed(EventData, frozen=True, kw_only=True):
    """No entry may take effect on or before ``through`` any more."""

    through: date


class PaymentInitiated(EventData, frozen=True, kw_only=True):
    """A payment was received (RCVD)."""

    payment_id: str
    debtor_account_id: str
    creditor_account_id: str
    instructed_amount: CurrencyAmount
    amount_minor: int
    end_to_end_id: str
    remittance_information: str | None
    metadata: dict[str, str] | None
    status: PaymentStatus


class PaymentSettled(EventData, frozen=True, kw_only=True):
    """A payment was booked (ACSC)."""

    payment_id: str
    transfer_id: str
    end_to_end_id: str
    postings: tuple[PostedPosting, ...]
    effective_date: date
    status: PaymentStatus


class PaymentRejected(EventData, frozen=True, kw_only=True):
    """A payment was refused (RJCT) for an ISO 20022 reason; ``detail`` says it in words."""

    payment_id: str
    end_to_end_id: str
    status: PaymentStatus
    reason_code: str
    detail: str


# Type name and version of every event ever written -> the struct that reads it.
EVENT_TYPES: Final[dict[tuple[str, int], type[EventData]]] = {
    ("asset_declared", 1): AssetDeclared,
    ("account_opened", 1): AccountOpened,
    ("account_closed", 1): AccountClosed,
    ("account_frozen", 1): AccountFrozen,
    ("account_unfrozen", 1): AccountUnfrozen,
    ("transfer_posted", 1): TransferPosted,
    ("transfer_reversed", 1): TransferReversed,
    ("hold_placed", 1): HoldPlaced,
    ("hold_extended", 1): HoldExtended,
    ("hold_captured", 1): HoldCaptured,
    ("hold_released", 1): HoldReleased,
    ("hold_expired", 1): HoldExpired,
    ("period_closed", 1): PeriodClosed,
    ("payment_initiated", 1): PaymentInitiated,
    ("payment_settled", 1): PaymentSettled,
    ("payment_rejected", 1): PaymentRejected,
}

# What the writer writes today.
TYPE_OF: Final[dict[type[EventData], tuple[str, int]]] = {kind: name for name, kind in EVENT_TYPES.items()}
