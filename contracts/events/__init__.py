"""Every event: what happened, in the past tense, with everything a reader needs.

These names are the storage format: renaming a field rewrites history. Two rules, both tested:

* ``data`` carries every field of the command that caused it under the same name, so that a reused idempotency key can
  be told which field differs by looking at the event alone;
* ``data`` carries the resulting balances, so that a projector never looks anything up.

Events are tolerant (an unknown field is ignored): an older projector survives a newer optional field. Anything else is
a new version.
"""

from typing import Final

from contracts.events import accounts, holds, limits, payment_files, payments, standing_orders, transfers
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
from contracts.events.limits import LimitsDefined, LimitSet
from contracts.events.payment_files import IbanAssigned, PaymentFileReceived
from contracts.events.payments import (
    AuthenticationDefined,
    Instruction,
    PaymentAccepted,
    PaymentAuthorisationFailed,
    PaymentAuthorisationRequested,
    PaymentAuthorised,
    PaymentCancelled,
    PaymentContradicted,
    PaymentFacts,
    PaymentHeldForReview,
    PaymentInitiated,
    PaymentInstructed,
    PaymentInstructionLapsed,
    PaymentOutcomeUnknown,
    PaymentParked,
    PaymentPresented,
    PaymentRecallRequested,
    PaymentRefunded,
    PaymentRejected,
    PaymentResolutionProposed,
    PaymentResumed,
    PaymentReturned,
    PaymentReviewed,
    PaymentScheduled,
    PaymentSettled,
    RailDefined,
    SealedParty,
)
from contracts.events.standing_orders import (
    StandingOrderAuthorised,
    StandingOrderCancelled,
    StandingOrderCreated,
    StandingOrderIssued,
    StandingOrderResumed,
    StandingOrderState,
    StandingOrderSuspended,
)
from contracts.events.transfers import (
    PeriodClosed,
    TransferPosted,
    TransferReversed,
)
from contracts.payment_codes import PaymentStatus

__all__ = [
    "CONTEXTS",
    "EVENT_TYPES",
    "TYPE_OF",
    "AccountBalance",
    "AccountClosed",
    "AccountFrozen",
    "AccountOpened",
    "AccountUnfrozen",
    "AssetDeclared",
    "AuthenticationDefined",
    "EventData",
    "HoldCaptured",
    "HoldExpired",
    "HoldExtended",
    "HoldPlaced",
    "HoldReleased",
    "HoldStatus",
    "IbanAssigned",
    "Instruction",
    "LimitSet",
    "LimitsDefined",
    "PaymentAccepted",
    "PaymentAuthorisationFailed",
    "PaymentAuthorisationRequested",
    "PaymentAuthorised",
    "PaymentCancelled",
    "PaymentContradicted",
    "PaymentFacts",
    "PaymentFileReceived",
    "PaymentHeldForReview",
    "PaymentInitiated",
    "PaymentInstructed",
    "PaymentInstructionLapsed",
    "PaymentOutcomeUnknown",
    "PaymentParked",
    "PaymentPresented",
    "PaymentRecallRequested",
    "PaymentRefunded",
    "PaymentRejected",
    "PaymentResolutionProposed",
    "PaymentResumed",
    "PaymentReturned",
    "PaymentReviewed",
    "PaymentScheduled",
    "PaymentSettled",
    "PaymentStatus",
    "PeriodClosed",
    "PostedPosting",
    "RailDefined",
    "SealedParty",
    "StandingOrderAuthorised",
    "StandingOrderCancelled",
    "StandingOrderCreated",
    "StandingOrderIssued",
    "StandingOrderResumed",
    "StandingOrderState",
    "StandingOrderSuspended",
    "TransferPosted",
    "TransferReversed",
]

CONTEXTS: Final = (accounts, transfers, holds, payments, limits, standing_orders, payment_files)

# Type name and version of every event that is written today -> its struct. Older versions are read by way of
# contracts/upcasters.
EVENT_TYPES: Final[dict[tuple[str, int], type[EventData]]] = {
    name: kind for context in CONTEXTS for name, kind in context.EVENTS.items()
}

TYPE_OF: Final[dict[type[EventData], tuple[str, int]]] = {kind: name for name, kind in EVENT_TYPES.items()}
