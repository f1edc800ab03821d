"""Every event: what happened, in the past tense, with everything a reader needs.

These names are the storage format: renaming a field rewrites history. Two rules, both tested:

* ``data`` carries every field of the command that caused it under the same name, so that a reused idempotency key can
  be told which field differs by looking at the event alone;
* ``data`` carries the resulting balances, so that a projector never looks anything up.

Events are tolerant (an unknown field is ignored): an older projector survives a newer optional field. Anything else is
a new version.
"""

from typing import Final

from contracts.events.accounts import (
    AccountClosed,
    AccountFrozen,
    AccountOpened,
    AccountUnfrozen,
    AssetDeclared,
)
from contracts.events.event import (
    AccountBalance,
    EventData,
    PostedPosting,
)
from contracts.events.holds import (
    HoldCaptured,
    HoldExpired,
    HoldExtended,
    HoldPlaced,
    HoldReleased,
    HoldStatus,
)
from contracts.events.payments import (
    PaymentInitiated,
    PaymentRejected,
    PaymentSettled,
    PaymentStatus,
)
from contracts.events.transfers import (
    PeriodClosed,
    TransferPosted,
    TransferReversed,
)

__all__ = [
    "EVENT_TYPES",
    "TYPE_OF",
    "AccountBalance",
    "AccountClosed",
    "AccountFrozen",
    "AccountOpened",
    "AccountUnfrozen",
    "AssetDeclared",
    "EventData",
    "HoldCaptured",
    "HoldExpired",
    "HoldExtended",
    "HoldPlaced",
    "HoldReleased",
    "HoldStatus",
    "PaymentInitiated",
    "PaymentRejected",
    "PaymentSettled",
    "PaymentStatus",
    "PeriodClosed",
    "PostedPosting",
    "TransferPosted",
    "TransferReversed",
]

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
