"""Events about settled payments that come back: by the payee, by a rail, or asked for at the creditor's bank."""

from datetime import date, datetime
from typing import Final, Literal

from msgspec import Struct

from contracts.events.event import AccountBalance, EventData, PostedPosting
from contracts.events.payments import PaymentFacts
from contracts.payment_codes import PaymentStatus, RecallReason


class PaymentReturned(EventData, frozen=True, kw_only=True):
    """A rail gave back, or took back, all or a part of a settled payment.

    ``diverted``: booked on the suspense account.
    """

    payment_id: str
    return_id: str
    transfer_id: str
    amount_minor: int
    returned_minor: int
    reason_code: str
    diverted: bool
    postings: tuple[PostedPosting, ...]
    effective_date: date
    facts: PaymentFacts
    status: PaymentStatus


class PaymentRefundRequested(EventData, frozen=True, kw_only=True):
    """A rail is asked to give back all or a part of a settled payment; so much is held on the payee's account.

    ``instruction_id`` names the refund to the rail; ``original_instruction_id`` is the attempt that it executed.
    """

    payment_id: str
    refund_id: str
    amount_minor: int
    reason: str | None
    instruction_id: str
    original_instruction_id: str
    requested_at: datetime
    balances: tuple[AccountBalance, ...]
    facts: PaymentFacts
    status: PaymentStatus


class PaymentRefunded(EventData, frozen=True, kw_only=True):
    """All or a part of a settled payment was given back; ``refunded_minor`` is the sum so far.

    ``balances``: of the account on which it was held, where a rail was asked for it.
    """

    payment_id: str
    refund_id: str
    transfer_id: str
    amount_minor: int
    refunded_minor: int
    reason: str | None
    postings: tuple[PostedPosting, ...]
    balances: tuple[AccountBalance, ...]
    effective_date: date
    facts: PaymentFacts
    status: PaymentStatus


class PaymentRefundFailed(EventData, frozen=True, kw_only=True):
    """A rail refused a refund, or never got it; what was held for it is free again."""

    payment_id: str
    refund_id: str
    amount_minor: int
    reason_code: str
    balances: tuple[AccountBalance, ...]
    facts: PaymentFacts
    status: PaymentStatus


class Recall(Struct, frozen=True, kw_only=True):
    """What a bank is asked to give back: the attempt that it executed, and when that was sent.

    ``scale``: decimal places of the amount's currency.
    """

    recall_id: str
    instruction_id: str
    instructed_at: datetime
    scale: int
    requested_at: datetime


class PaymentRecallRequested(EventData, frozen=True, kw_only=True):
    """The creditor's bank is asked to give a settled payment back.

    ``reason_code`` and ``recall``: None of recalls of before Bursar told banks of them.
    """

    payment_id: str
    reason: str
    reason_code: RecallReason | None
    recall: Recall | None
    facts: PaymentFacts
    status: PaymentStatus


class PaymentRecallAnswered(EventData, frozen=True, kw_only=True):
    """The creditor's bank will give a payment back, or will not; the money itself comes as a return."""

    payment_id: str
    recall_id: str
    answer: Literal["accepted", "refused"]
    reason_code: str | None
    facts: PaymentFacts
    status: PaymentStatus


EVENTS: Final[dict[tuple[str, int], type[EventData]]] = {
    ("payment_returned", 1): PaymentReturned,
    ("payment_refund_requested", 1): PaymentRefundRequested,
    ("payment_refunded", 2): PaymentRefunded,
    ("payment_refund_failed", 1): PaymentRefundFailed,
    ("payment_recall_requested", 2): PaymentRecallRequested,
    ("payment_recall_answered", 1): PaymentRecallAnswered,
}
