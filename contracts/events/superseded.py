"""Event bodies that are not written any more, as they were; contracts/upcasters.py turns them into today's."""

from datetime import date
from typing import Final, Literal

from contracts.commands.payments import CurrencyAmount
from contracts.events.event import EventData, PostedPosting


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


EVENTS: Final[dict[tuple[str, int], type[EventData]]] = {
    ("payment_initiated", 1): PaymentInitiatedV1,
    ("payment_settled", 1): PaymentSettledV1,
    ("payment_rejected", 1): PaymentRejectedV1,
}
