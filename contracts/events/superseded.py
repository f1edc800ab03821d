"""Event bodies that are not written any more, as they were; contracts/upcasters.py turns them into today's."""

from datetime import date
from typing import Final, Literal

from contracts.commands.payments import CurrencyAmount
from contracts.events.event import EventData, PostedPosting
from contracts.events.payments import PaymentFacts
from contracts.payment_codes import PaymentStatus


class PaymentInitiatedV1(EventData, frozen=True, kw_only=True):
    """A payment between two accounts of the ledger, before payments knew rails."""

    payment_id: str
    debtor_account_id: str
    creditor_account_id: str
    instructed_amount: CurrencyAmount
    amount_minor: int
    end_to_end_id: str
    remittance_information: str | None
    metadata: dict[str, str] | None
    status: Literal["RCVD"]


class PaymentSettledV1(EventData, frozen=True, kw_only=True):
    """A payment was booked."""

    payment_id: str
    transfer_id: str
    end_to_end_id: str
    postings: tuple[PostedPosting, ...]
    effective_date: date
    status: Literal["ACSC"]


class PaymentRejectedV1(EventData, frozen=True, kw_only=True):
    """A payment was refused."""

    payment_id: str
    end_to_end_id: str
    status: Literal["RJCT"]
    reason_code: str
    detail: str


class PaymentRefundedV1(EventData, frozen=True, kw_only=True):
    """All or a part of a settled book payment was given back, before rails were asked for refunds."""

    payment_id: str
    refund_id: str
    transfer_id: str
    amount_minor: int
    refunded_minor: int
    reason: str | None
    postings: tuple[PostedPosting, ...]
    effective_date: date
    facts: PaymentFacts
    status: PaymentStatus


class PaymentRecallRequestedV1(EventData, frozen=True, kw_only=True):
    """Somebody wished that the creditor's bank would give a settled payment back, before banks were told."""

    payment_id: str
    reason: str
    facts: PaymentFacts
    status: PaymentStatus


EVENTS: Final[dict[tuple[str, int], type[EventData]]] = {
    ("payment_initiated", 1): PaymentInitiatedV1,
    ("payment_settled", 1): PaymentSettledV1,
    ("payment_rejected", 1): PaymentRejectedV1,
    ("payment_refunded", 1): PaymentRefundedV1,
    ("payment_recall_requested", 1): PaymentRecallRequestedV1,
}
