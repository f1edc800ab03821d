"""Events about payments."""

from datetime import date
from typing import Literal

from contracts.commands import CurrencyAmount
from contracts.events.event import EventData, PostedPosting

PaymentStatus = Literal["RCVD", "ACSC", "RJCT"]


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
