"""Every kind of public event by its name: `<noun>.<past participle>.v<version>`, such as `payment.settled.v1`."""

from typing import Annotated, Final

from msgspec import Meta

from contracts.public_events import accounts, holds, payments, transfers, webhooks
from contracts.public_events.data import PublicData

# A name outlives the code: it is stored in streams and in other people's programs. Names are only ever added.
PUBLIC_KINDS: Final[dict[str, type[PublicData]]] = {
    "account.opened.v1": accounts.PublicAccountOpened,
    "account.closed.v1": accounts.PublicAccountClosed,
    "account.frozen.v1": accounts.PublicAccountFrozen,
    "account.unfrozen.v1": accounts.PublicAccountUnfrozen,
    "asset.declared.v1": accounts.PublicAssetDeclared,
    "period.closed.v1": accounts.PublicPeriodClosed,
    "transfer.posted.v1": transfers.PublicTransferPosted,
    "transfer.reversed.v1": transfers.PublicTransferReversed,
    "hold.placed.v1": holds.PublicHoldPlaced,
    "hold.extended.v1": holds.PublicHoldExtended,
    "hold.captured.v1": holds.PublicHoldCaptured,
    "hold.released.v1": holds.PublicHoldReleased,
    "hold.expired.v1": holds.PublicHoldExpired,
    "payment.initiated.v1": payments.PublicPaymentInitiated,
    "payment.scheduled.v1": payments.PublicPaymentScheduled,
    "payment.pended.v1": payments.PublicPaymentPended,
    "payment.authorisation_requested.v1": payments.PublicPaymentAuthorisationRequested,
    "payment.authorised.v1": payments.PublicPaymentAuthorised,
    "payment.presented.v1": payments.PublicPaymentPresented,
    "payment.accepted.v1": payments.PublicPaymentAccepted,
    "payment.instructed.v1": payments.PublicPaymentInstructed,
    "payment.settled.v1": payments.PublicPaymentSettled,
    "payment.rejected.v1": payments.PublicPaymentRejected,
    "payment.cancelled.v1": payments.PublicPaymentCancelled,
    "payment.returned.v1": payments.PublicPaymentReturned,
    "payment.refund_requested.v1": payments.PublicPaymentRefundRequested,
    "payment.refunded.v1": payments.PublicPaymentRefunded,
    "payment.refund_failed.v1": payments.PublicPaymentRefundFailed,
    "payment.recall_requested.v1": payments.PublicPaymentRecallRequested,
    "payment.recall_answered.v1": payments.PublicPaymentRecallAnswered,
    "webhook_endpoint.disabled.v1": webhooks.PublicWebhookEndpointDisabled,
}
KIND_OF: Final[dict[type[PublicData], str]] = {data: kind for kind, data in PUBLIC_KINDS.items()}

KIND_PATTERN: Final = r"^[a-z][a-z_]{0,31}\.[a-z][a-z_]{0,31}\.v[1-9][0-9]{0,3}\Z"
PublicKind = Annotated[
    str, Meta(pattern=KIND_PATTERN, description="Name of a kind of public event.", examples=["payment.settled.v1"])
]


def subject_of_kind(kind: str) -> str:
    """Return the end of the NATS subject of a kind: `payment.settled`, and `payment.settled.v2` from version 2 on.

    A reader of `payment.settled` never meets a shape it does not know.
    """
    return kind.removesuffix(".v1")
