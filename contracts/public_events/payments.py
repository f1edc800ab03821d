"""Public events about payments. Status and reason codes are ISO 20022's.

A refusal says why only where the reason is the payer's business (`SPEAKABLE_REASONS`). Every other code, those of
fraud and sanctions before all, is said as MS03, "reason not specified": a reason code in a webhook would tell the
person under suspicion. For the same reason a payment held for review is only said to be pending.
"""

from datetime import date
from typing import Final, Literal

from msgspec import Struct

from contracts.payment_codes import PaymentStatus, PaymentType, RailName
from contracts.public_events.data import PublicAmount, PublicData, PublicInstant, PublicPosting

UNSPECIFIED_REASON: Final = "MS03"
# ISO 20022 external status reason codes about accounts, amounts, agents, time and the customer's own decision.
SPEAKABLE_REASONS: Final = frozenset(
    {
        *("AC01", "AC02", "AC03", "AC04", "AC05", "AC06", "AC07", "AG01"),
        *("AM01", "AM02", "AM03", "AM04", "AM05", "AM09", "AM12", "AM13", "AM14"),
        *("AB05", "AB06", "AB08", "AB09", "BE04", "CUST", "DUPL", "FF01", "NOAS", "RC01", "TM01", UNSPECIFIED_REASON),
    }
)


class PublicPayment(Struct, frozen=True, kw_only=True):
    """Which payment an event is about, and its status after it. Null: not known of payments of long ago."""

    payment_id: str
    payment_type: PaymentType
    rail: RailName
    status: PaymentStatus
    amount_minor: int | None
    currency: str | None
    end_to_end_id: str
    debtor_account_id: str | None
    creditor_account_id: str | None


class PublicPaymentEvent(PublicData, frozen=True, kw_only=True):
    """Root of everything said about payments."""

    payment: PublicPayment


class PublicPaymentInitiated(PublicPaymentEvent, frozen=True, kw_only=True):
    """A payment was received (RCVD)."""

    instructed_amount: PublicAmount
    fee_minor: int


class PublicPaymentScheduled(PublicPaymentEvent, frozen=True, kw_only=True):
    """A payment waits for its execution date."""

    execution_date: date


class PublicPaymentPended(PublicPaymentEvent, frozen=True, kw_only=True):
    """A payment is being checked (PDNG)."""


class PublicPaymentAuthorisationRequested(PublicPaymentEvent, frozen=True, kw_only=True):
    """The payer has to authenticate for this payment, until a deadline."""

    expires_at: PublicInstant


class PublicPaymentAuthorised(PublicPaymentEvent, frozen=True, kw_only=True):
    """The payer authorised the payment."""


class PublicPaymentPresented(PublicPaymentEvent, frozen=True, kw_only=True):
    """A request for payment was shown to the payer, who may answer until a deadline."""

    expires_at: PublicInstant


class PublicPaymentAccepted(PublicPaymentEvent, frozen=True, kw_only=True):
    """A payment will be executed on its rail."""


class PublicPaymentInstructed(PublicPaymentEvent, frozen=True, kw_only=True):
    """A payment was given to its rail (ACSP)."""


class PublicPaymentSettled(PublicPaymentEvent, frozen=True, kw_only=True):
    """A payment was booked (ACSC)."""

    transfer_id: str
    postings: tuple[PublicPosting, ...]
    effective_date: date


class PublicPaymentRejected(PublicPaymentEvent, frozen=True, kw_only=True):
    """A payment was refused (RJCT); ``reason_code`` is MS03 where the reason is not the payer's to know."""

    reason_code: str


class PublicPaymentCancelled(PublicPaymentEvent, frozen=True, kw_only=True):
    """A payment was taken back, declined, or not confirmed in time (CANC)."""

    cause: Literal["requested", "declined", "expired"]


class PublicPaymentReturned(PublicPaymentEvent, frozen=True, kw_only=True):
    """A rail gave back, or took back, all or a part of a settled payment; ``returned_minor`` is the sum so far."""

    transfer_id: str
    returned_now_minor: int
    returned_minor: int
    reason_code: str
    postings: tuple[PublicPosting, ...]
    effective_date: date


class PublicPaymentRefunded(PublicPaymentEvent, frozen=True, kw_only=True):
    """All or a part of a settled payment was given back; ``refunded_minor`` is the sum so far."""

    transfer_id: str
    refunded_now_minor: int
    refunded_minor: int
    postings: tuple[PublicPosting, ...]
    effective_date: date


class PublicPaymentRefundRequested(PublicPaymentEvent, frozen=True, kw_only=True):
    """A rail is asked to give back all or a part of a settled payment; so much is held on the payee's account."""

    refund_minor: int


class PublicPaymentRefundFailed(PublicPaymentEvent, frozen=True, kw_only=True):
    """A rail did not give back what it was asked to; it is free on the payee's account again."""

    refund_minor: int
    reason_code: str


class PublicPaymentRecallRequested(PublicPaymentEvent, frozen=True, kw_only=True):
    """The creditor's bank was asked to give a settled payment back."""


class PublicPaymentRecallAnswered(PublicPaymentEvent, frozen=True, kw_only=True):
    """The creditor's bank will give a payment back, or will not; the money itself comes as a return."""

    answer: Literal["accepted", "refused"]
    reason_code: str | None
