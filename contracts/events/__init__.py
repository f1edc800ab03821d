"""Every event: what happened, in the past tense, with everything a reader needs.

These names are the storage format: renaming a field rewrites history. Two rules, both tested:

* ``data`` carries every field of the command that caused it under the same name, so that a reused idempotency key can
  be told which field differs by looking at the event alone;
* ``data`` carries the resulting balances, so that a projector never looks anything up.

Events are tolerant (an unknown field is ignored): an older projector survives a newer optional field. Anything else is
a new version.
"""

from typing import Final

from contracts.events import (
    accounts,
    cases,
    clearing,
    customers,
    fees,
    fx,
    holds,
    limits,
    merchants,
    payments,
    reconciliation,
    transfers,
    webhooks,
)
from contracts.events.accounts import (
    AccountClosed,
    AccountFrozen,
    AccountOpened,
    AccountUnfrozen,
    AssetDeclared,
)
from contracts.events.cases import (
    CaseCleared,
    CaseConfirmed,
    CaseDecisionProposed,
    CaseOpened,
)
from contracts.events.clearing import ClearingSettled
from contracts.events.customers import (
    CustomerApplied,
    CustomerErased,
    CustomerOffboarded,
    CustomerRejected,
    CustomerRestricted,
    CustomerScreened,
    CustomerVerified,
    DestroyedSubject,
    DocumentsRequested,
    ErasureDecided,
    ErasureProposed,
    EvidenceAdded,
    ReviewReopened,
    RiskClassChanged,
    RiskClassProposed,
    VerificationExpired,
    VerificationProposed,
)
from contracts.events.event import (
    AccountBalance,
    EventData,
    PostedPosting,
)
from contracts.events.fees import FeesDefined, FeeTierSet
from contracts.events.fx import (
    FxDefined,
    FxPositionSet,
    PositionsRevalued,
    QuoteGiven,
    RatePublished,
    RevaluedPosition,
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
from contracts.events.reconciliation import (
    BreakAssigned,
    BreakOpened,
    BreakStatus,
    LineUnmatched,
    MatchesRecorded,
    ReconciliationClosed,
    RecordedMatch,
    StatementImported,
    StatementLinesImported,
    WriteOffApproved,
    WriteOffProposed,
    WriteOffRejected,
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
    "BreakAssigned",
    "BreakOpened",
    "BreakStatus",
    "CaseCleared",
    "CaseConfirmed",
    "CaseDecisionProposed",
    "CaseOpened",
    "ClearingSettled",
    "CustomerApplied",
    "CustomerErased",
    "CustomerOffboarded",
    "CustomerRejected",
    "CustomerRestricted",
    "CustomerScreened",
    "CustomerVerified",
    "CutOffPassed",
    "DestroyedSubject",
    "DocumentsRequested",
    "ErasureDecided",
    "ErasureProposed",
    "EventData",
    "EvidenceAdded",
    "FeeTierSet",
    "FeesDefined",
    "FxDefined",
    "FxPositionSet",
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
    "LineUnmatched",
    "MatchesRecorded",
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
    "PositionsRevalued",
    "PostedPosting",
    "QuoteGiven",
    "RailDefined",
    "RatePublished",
    "ReconciliationClosed",
    "RecordedMatch",
    "RevaluedPosition",
    "ReviewReopened",
    "RiskClassChanged",
    "RiskClassProposed",
    "SealedParty",
    "SettlementClosed",
    "SettlementFigures",
    "StatementImported",
    "StatementLinesImported",
    "TransferPosted",
    "TransferReversed",
    "VerificationExpired",
    "VerificationProposed",
    "WebhookDeliveriesReplayed",
    "WebhookEndpointCreated",
    "WebhookEndpointDisabled",
    "WebhookEndpointEnabled",
    "WebhookEndpointUpdated",
    "WebhookSecretRotated",
    "WriteOffApproved",
    "WriteOffProposed",
    "WriteOffRejected",
]

CONTEXTS: Final = (
    accounts,
    transfers,
    holds,
    payments,
    limits,
    cases,
    clearing,
    customers,
    fees,
    fx,
    merchants,
    reconciliation,
    webhooks,
)

# Type name and version of every event that is written today -> its struct. Older versions are read by way of
# contracts/upcasters.
EVENT_TYPES: Final[dict[tuple[str, int], type[EventData]]] = {
    name: kind for context in CONTEXTS for name, kind in context.EVENTS.items()
}

TYPE_OF: Final[dict[type[EventData], tuple[str, int]]] = {kind: name for name, kind in EVENT_TYPES.items()}
