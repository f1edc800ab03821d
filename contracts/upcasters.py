"""Upcasters: a body of an older version of an event, as today's version would have written it.

Pure and total: what the older version did not say is None, never guessed. A reader of events therefore knows one
version of each type. An upcaster is written once, with a golden sample, and stays for ever.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from msgspec.structs import asdict

from contracts.assessment import Assessment
from contracts.events.event import EventData
from contracts.events.given_back import PaymentRecallRequested, PaymentRefunded
from contracts.events.payments import PaymentFacts, PaymentInitiated, PaymentRejected, PaymentSettled
from contracts.events.superseded import (
    EVENTS,
    PaymentInitiatedV1,
    PaymentRecallRequestedV1,
    PaymentRefundedV1,
    PaymentRejectedV1,
    PaymentSettledV1,
)

Upcaster = Callable[[Any, datetime, str], EventData]


def _facts(
    end_to_end_id: str,
    *,
    currency: str | None = None,
    amount_minor: int | None = None,
    debtor: str | None = None,
    creditor: str | None = None,
) -> PaymentFacts:
    """Payments of version 1 were all book transfers."""
    return PaymentFacts(
        payment_type="book_transfer",
        rail="book",
        currency=currency,
        amount_minor=amount_minor,
        end_to_end_id=end_to_end_id,
        initiated_at=None,
        debtor_account_id=debtor,
        creditor_account_id=creditor,
    )


def _initiated(old: PaymentInitiatedV1, recorded_at: datetime, subject: str) -> PaymentInitiated:
    return PaymentInitiated(
        payment_id=old.payment_id,
        payment_type="book_transfer",
        rail="book",
        debtor_account_id=old.debtor_account_id,
        creditor_account_id=old.creditor_account_id,
        debtor=None,
        creditor=None,
        instructed_amount=old.instructed_amount,
        amount_minor=old.amount_minor,
        fee_minor=0,
        end_to_end_id=old.end_to_end_id,
        remittance_information=old.remittance_information,
        requested_execution_date=None,
        quote_id=None,
        metadata=old.metadata,
        customer_id=None,
        subject=None,
        standing_order_id=None,
        initiated_at=recorded_at,
        initiated_by=subject,
        assessment=Assessment(),
        status=old.status,
    )


def _settled(old: PaymentSettledV1, recorded_at: datetime, subject: str) -> PaymentSettled:
    payer, payee = old.postings[0], old.postings[1]
    return PaymentSettled(
        payment_id=old.payment_id,
        transfer_id=old.transfer_id,
        end_to_end_id=old.end_to_end_id,
        postings=old.postings,
        balances=(),
        effective_date=old.effective_date,
        rail_reference=None,
        reason=None,
        settled_at=recorded_at,
        counted_against=(),
        facts=_facts(
            old.end_to_end_id,
            currency=payer.currency,
            amount_minor=payer.amount_minor,
            debtor=payer.account_id,
            creditor=payee.account_id,
        ),
        status=old.status,
    )


def _rejected(old: PaymentRejectedV1, recorded_at: datetime, subject: str) -> PaymentRejected:
    return PaymentRejected(
        payment_id=old.payment_id,
        end_to_end_id=old.end_to_end_id,
        reason_code=old.reason_code,
        detail=old.detail,
        balances=(),
        facts=_facts(old.end_to_end_id),
        status=old.status,
    )


def _refunded(old: PaymentRefundedV1, recorded_at: datetime, subject: str) -> PaymentRefunded:
    return PaymentRefunded(**asdict(old), balances=())


def _recall_requested(old: PaymentRecallRequestedV1, recorded_at: datetime, subject: str) -> PaymentRecallRequested:
    return PaymentRecallRequested(**asdict(old), reason_code=None, recall=None)


# (type, older version) -> the struct it was written as, and what makes today's of it: (old, recorded_at, subject).
UPCASTERS: Final[dict[tuple[str, int], tuple[type[EventData], Upcaster]]] = {
    ("payment_initiated", 1): (EVENTS["payment_initiated", 1], _initiated),
    ("payment_settled", 1): (EVENTS["payment_settled", 1], _settled),
    ("payment_rejected", 1): (EVENTS["payment_rejected", 1], _rejected),
    ("payment_refunded", 1): (EVENTS["payment_refunded", 1], _refunded),
    ("payment_recall_requested", 1): (EVENTS["payment_recall_requested", 1], _recall_requested),
}
