"""Every event: what happened, in the past tense, with everything a reader needs.

These names are the storage format: renaming a field rewrites history. Two rules, both tested:

* ``data`` carries every field of the command that caused it under the same name, so that a reused idempotency key can
  be told which field differs by looking at the event alone;
* ``data`` carries the resulting balances, so that a projector never looks anything up.

Events are tolerant (an unknown field is ignored): an older projector survives a newer optional field. Anything else is
a new version.
"""

from typing import Final

from contracts.events import accounts, clearing, holds, limits, merchants, payments, transfers, webhooks
from contracts.events.accounts import (
    AccountClosed,
    AccountFrozen,
    AccountOpened,
    AccountUnfrozen,
    AssetDeclared,
)
from contracts.events.clearing import ClearingSettled
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
from contracts.events.merchants import (
    CutOffPassed,
    KindSum,
    MerchantDefined,
    PayoutRetried,
    PayoutRetryProposed,
    SettlementClosed,
    SettlementFigures,
)
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
from contracts.events.transfers import (
    PeriodClosed,
    TransferPosted,
    TransferReversed,
)
from contracts.events.webhooks import (
    WebhookDeliveriesReplayed,
    WebhookEndpointCreated,
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
    WebhookEndpointUpdated,
    WebhookSecretRotated,
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
    "ClearingSettled",
    "CutOffPassed",
    "EventData",
    "HoldCaptured",
    "HoldExpired",
    "HoldExtended",
    "HoldPlaced",
    "HoldReleased",
    "HoldStatus",
    "Instruction",
    "KindSum",
    "LimitSet",
    "LimitsDefined",
    "MerchantDefined",
    "PaymentAccepted",
    "PaymentAuthorisationFailed",
    "PaymentAuthorisationRequested",
    "PaymentAuthorised",
    "PaymentCancelled",
    "PaymentContradicted",
    "PaymentFacts",
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
    "PayoutRetried",
    "PayoutRetryProposed",
    "PeriodClosed",
    "PostedPosting",
    "RailDefined",
    "SealedParty",
    "SettlementClosed",
    "SettlementFigures",
    "TransferPosted",
    "TransferReversed",
    "WebhookDeliveriesReplayed",
    "WebhookEndpointCreated",
    "WebhookEndpointDisabled",
    "WebhookEndpointEnabled",
    "WebhookEndpointUpdated",
    "WebhookSecretRotated",
]

CONTEXTS: Final = (accounts, transfers, holds, payments, limits, merchants, clearing, webhooks)

# Type name and version of every event that is written today -> its struct. Older versions are read by way of
# contracts/upcasters.
EVENT_TYPES: Final[dict[tuple[str, int], type[EventData]]] = {
    name: kind for context in CONTEXTS for name, kind in context.EVENTS.items()
}

TYPE_OF: Final[dict[type[EventData], tuple[str, int]]] = {kind: name for name, kind in EVENT_TYPES.items()}
