"""Payments, as other systems hear of them: their course, without parties, remittance text, metadata and judgements."""

from __future__ import annotations

from typing import Any, Final

from contracts import events as e
from contracts.payment_codes import PaymentStatus
from contracts.public_events import payments as public
from contracts.public_events.data import PublicAmount
from projectors.public_events.said import Said, Translation, Translations, Unsaid, public_postings


def initiated(event: e.PaymentInitiated) -> Said:
    """Say that a payment was received."""
    payment = public.PublicPayment(
        payment_id=event.payment_id,
        payment_type=event.payment_type,
        rail=event.rail,
        status=event.status,
        amount_minor=event.amount_minor,
        currency=event.instructed_amount.currency,
        end_to_end_id=event.end_to_end_id,
        debtor_account_id=event.debtor_account_id,
        creditor_account_id=event.creditor_account_id,
    )
    amount = PublicAmount(currency=event.instructed_amount.currency, value=event.instructed_amount.value)
    data = public.PublicPaymentInitiated(payment=payment, instructed_amount=amount, fee_minor=event.fee_minor)
    return Said(event.payment_id, data)


def scheduled(event: e.PaymentScheduled) -> Said:
    """Say when a payment will begin."""
    data = public.PublicPaymentScheduled(payment=_payment_of(event), execution_date=event.execution_date)
    return Said(event.payment_id, data)


def authorisation_requested(event: e.PaymentAuthorisationRequested) -> Said:
    """Say until when the payer may authenticate; what the proof is bound to is asked for at the door."""
    data = public.PublicPaymentAuthorisationRequested(payment=_payment_of(event), expires_at=event.expires_at)
    return Said(event.payment_id, data)


def presented(event: e.PaymentPresented) -> Said:
    """Say until when the payer may answer."""
    return Said(
        event.payment_id, public.PublicPaymentPresented(payment=_payment_of(event), expires_at=event.expires_at)
    )


def settled(event: e.PaymentSettled) -> Said:
    """Say that a payment was booked."""
    data = public.PublicPaymentSettled(
        payment=_payment_of(event),
        transfer_id=event.transfer_id,
        postings=public_postings(event.postings),
        effective_date=event.effective_date,
    )
    return Said(event.payment_id, data)


def rejected(event: e.PaymentRejected) -> Said:
    """Say that a payment was refused, and why where that may be said."""
    data = public.PublicPaymentRejected(payment=_payment_of(event), reason_code=speakable(event.reason_code))
    return Said(event.payment_id, data)


def cancelled(event: e.PaymentCancelled) -> Said:
    """Say that a payment ended before it was executed."""
    return Said(event.payment_id, public.PublicPaymentCancelled(payment=_payment_of(event), cause=event.cause))


def returned(event: e.PaymentReturned) -> Said:
    """Say that a rail gave money back, and why where that may be said."""
    data = public.PublicPaymentReturned(
        payment=_payment_of(event),
        transfer_id=event.transfer_id,
        returned_now_minor=event.amount_minor,
        returned_minor=event.returned_minor,
        reason_code=speakable(event.reason_code),
        postings=public_postings(event.postings),
        effective_date=event.effective_date,
    )
    return Said(event.payment_id, data)


def refunded(event: e.PaymentRefunded) -> Said:
    """Say that money was given back."""
    data = public.PublicPaymentRefunded(
        payment=_payment_of(event),
        transfer_id=event.transfer_id,
        refunded_now_minor=event.amount_minor,
        refunded_minor=event.refunded_minor,
        postings=public_postings(event.postings),
        effective_date=event.effective_date,
    )
    return Said(event.payment_id, data)


def refund_requested(event: e.PaymentRefundRequested) -> Said:
    """Say that a rail is asked to give money back."""
    data = public.PublicPaymentRefundRequested(payment=_payment_of(event), refund_minor=event.amount_minor)
    return Said(event.payment_id, data)


def refund_failed(event: e.PaymentRefundFailed) -> Said:
    """Say that a rail did not give money back, and why where that may be said."""
    data = public.PublicPaymentRefundFailed(
        payment=_payment_of(event), refund_minor=event.amount_minor, reason_code=speakable(event.reason_code)
    )
    return Said(event.payment_id, data)


def recall_answered(event: e.PaymentRecallAnswered) -> Said:
    """Say what the creditor's bank answered, and why where that may be said."""
    code = None if event.reason_code is None else speakable(event.reason_code)
    data = public.PublicPaymentRecallAnswered(payment=_payment_of(event), answer=event.answer, reason_code=code)
    return Said(event.payment_id, data)


def step(kind: type[public.PublicPaymentEvent]) -> Translation:
    """Return the translation of an event that says no more than which payment it is about."""

    def translate(event: Any) -> Said:
        return Said(event.payment_id, kind(payment=_payment_of(event)))

    return translate


def speakable(reason_code: str) -> str:
    """Return the code, or MS03 for one that would say too much."""
    return reason_code if reason_code in public.SPEAKABLE_REASONS else public.UNSPECIFIED_REASON


def _payment_of(event: Any) -> public.PublicPayment:
    """Copy what may be known of the facts that every event after the first repeats."""
    facts: e.PaymentFacts = event.facts
    status: PaymentStatus = event.status
    return public.PublicPayment(
        payment_id=event.payment_id,
        payment_type=facts.payment_type,
        rail=facts.rail,
        status=status,
        amount_minor=facts.amount_minor,
        currency=facts.currency,
        end_to_end_id=facts.end_to_end_id,
        debtor_account_id=facts.debtor_account_id,
        creditor_account_id=facts.creditor_account_id,
    )


SAID: Final[Translations] = {
    e.PaymentInitiated: (initiated,),
    e.PaymentScheduled: (scheduled,),
    e.PaymentHeldForReview: (step(public.PublicPaymentPended),),
    e.PaymentAuthorisationRequested: (authorisation_requested,),
    e.PaymentAuthorised: (step(public.PublicPaymentAuthorised),),
    e.PaymentPresented: (presented,),
    e.PaymentAccepted: (step(public.PublicPaymentAccepted),),
    e.PaymentInstructed: (step(public.PublicPaymentInstructed),),
    e.PaymentSettled: (settled,),
    e.PaymentRejected: (rejected,),
    e.PaymentCancelled: (cancelled,),
    e.PaymentReturned: (returned,),
    e.PaymentRefundRequested: (refund_requested,),
    e.PaymentRefunded: (refunded,),
    e.PaymentRefundFailed: (refund_failed,),
    e.PaymentRecallRequested: (step(public.PublicPaymentRecallRequested),),
    e.PaymentRecallAnswered: (recall_answered,),
}
_OPERATORS: Final = "between Bursar, a rail and its operators; what it leads to is said when it has happened"
UNSAID: Final[Unsaid] = {
    e.PaymentReviewed: "who judged a payment and how stays inside; the release or the rejection is said",
    e.PaymentAuthorisationFailed: "how many attempts are left is the payer's own business, at the door",
    e.PaymentOutcomeUnknown: _OPERATORS,
    e.PaymentInstructionLapsed: _OPERATORS,
    e.PaymentParked: _OPERATORS,
    e.PaymentResolutionProposed: _OPERATORS,
    e.PaymentResumed: _OPERATORS,
    e.PaymentContradicted: _OPERATORS,
    e.RailDefined: "the accounts behind a rail are Bursar's own",
    e.AuthenticationDefined: "a security policy; whoever is asked to authenticate hears of it then",
}
