"""Payments, as other systems hear of them: their course, without remittance text, metadata and judgements."""

from __future__ import annotations

from typing import Final

from contracts import events as e
from contracts.public_events import payments as public
from contracts.public_events.data import PublicAmount
from projectors.public_events.said import Said, Translations, Unsaid, public_postings


def initiated(event: e.PaymentInitiated) -> Said:
    """Say that a payment was received."""
    amount = event.instructed_amount
    data = public.PublicPaymentInitiated(
        payment_id=event.payment_id,
        debtor_account_id=event.debtor_account_id,
        creditor_account_id=event.creditor_account_id,
        instructed_amount=PublicAmount(currency=amount.currency, value=amount.value),
        amount_minor=event.amount_minor,
        end_to_end_id=event.end_to_end_id,
        status=event.status,
    )
    return Said(event.payment_id, data)


def settled(event: e.PaymentSettled) -> Said:
    """Say that a payment was booked."""
    data = public.PublicPaymentSettled(
        payment_id=event.payment_id,
        transfer_id=event.transfer_id,
        end_to_end_id=event.end_to_end_id,
        postings=public_postings(event.postings),
        effective_date=event.effective_date,
        status=event.status,
    )
    return Said(event.payment_id, data)


def rejected(event: e.PaymentRejected) -> Said:
    """Say that a payment was refused, and why where that may be said."""
    data = public.PublicPaymentRejected(
        payment_id=event.payment_id,
        end_to_end_id=event.end_to_end_id,
        status=event.status,
        reason_code=speakable(event.reason_code),
    )
    return Said(event.payment_id, data)


def speakable(reason_code: str) -> str:
    """Return the code, or MS03 for one that would say too much."""
    return reason_code if reason_code in public.SPEAKABLE_REASONS else public.UNSPECIFIED_REASON


SAID: Final[Translations] = {
    e.PaymentInitiated: (initiated,),
    e.PaymentSettled: (settled,),
    e.PaymentRejected: (rejected,),
}
UNSAID: Final[Unsaid] = {}
