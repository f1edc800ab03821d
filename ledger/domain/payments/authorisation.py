"""Strong customer authentication of a payment, and the payer's answer to a request for payment.

An authorisation is bound to one payment, amount, currency and payee (RTS 2018/389, article 5). What is repeated with
the proof must be what was initiated; anything else counts as a failure, and after FAILURES_MAX of them (article 4) the
payment is rejected. It is accepted once: the payment then waits for no authorisation any more.
"""

from typing import Final

import msgspec
from msgspec import Struct

from contracts.commands.payments import AuthorisePayment, CancelPayment, DeclinePayment, ExpirePayment
from contracts.events import (
    EventData,
    PaymentAuthorisationFailed,
    PaymentAuthorisationRequested,
    PaymentAuthorised,
    PaymentCancelled,
    PaymentPresented,
)
from contracts.money import AmountOutOfRange, WrongScale, minor_of
from contracts.payment_codes import STATUS_OF
from contracts.rejections import Refused, Rejection
from ledger.domain.payments.booking import free_funds
from ledger.domain.payments.gates import binding_of, next_step, reject
from ledger.domain.payments.life_cycle import PAYMENT, Gate, Payment, become, expect
from ledger.domain.payments.terms import remember_payee
from ledger.domain.state import Moment, State

FAILURES_MAX: Final = 5
NOT_PROVEN: Final = "DS0H"


class ProvenAuthorisation(Struct, frozen=True, kw_only=True):
    """An authorisation with what the door made of it: ``payee_id``, the keyed hash of the payee named, and the token's

    authentication context.
    """

    command: AuthorisePayment
    payee_id: str
    acr: str | None = None


def decide_authorise(proof: ProvenAuthorisation, state: State, moment: Moment) -> tuple[EventData, ...] | Refused:
    """Take an authorisation that fits exactly, and go on; count one that does not."""
    command = proof.command
    payment = expect(state, command.payment_id, "awaiting_authorisation", "awaiting_payer")
    if isinstance(payment, Refused):
        return payment
    if payment.due_at is not None and payment.due_at <= moment.now:
        return Refused(
            Rejection.AUTHORISATION_EXPIRED, f"{command.payment_id} had to be authorised by {payment.due_at}"
        )
    amount_minor = _amount_minor(command, payment)
    asked = binding_of(payment.payment_id, payment.amount_minor, payment.currency, payment.payee_id)
    given = binding_of(payment.payment_id, amount_minor, command.instructed_amount.currency, proof.payee_id)
    if asked != given:
        return _failed(payment, state)
    authorised = PaymentAuthorised(
        payment_id=payment.payment_id,
        instructed_amount=command.instructed_amount,
        payee=proof.payee_id,
        acr=proof.acr,
        facts=payment.facts,
        status=STATUS_OF["cleared"],
    )
    gate: Gate = "payer" if payment.state == "awaiting_payer" else "authentication"
    cleared = msgspec.structs.replace(payment, state="cleared", cleared=(*payment.cleared, gate))
    return authorised, next_step(cleared, state, moment.after(1))


def _amount_minor(command: AuthorisePayment, payment: Payment) -> int:
    try:
        return minor_of(command.instructed_amount.value, scale=payment.scale)
    except (WrongScale, AmountOutOfRange):
        return 0  # no payment has this amount, so it fits none


def _failed(payment: Payment, state: State) -> tuple[EventData, ...]:
    failed = PaymentAuthorisationFailed(
        payment_id=payment.payment_id, failures=payment.failures + 1, facts=payment.facts, status=payment.status
    )
    if failed.failures < FAILURES_MAX:
        return (failed,)
    return failed, reject(payment, state, NOT_PROVEN, "the payer did not prove who they are")


def decide_decline(command: DeclinePayment, state: State, moment: Moment) -> PaymentCancelled | Refused:
    """End a request for payment as its payer."""
    payment = expect(state, command.payment_id, "awaiting_payer")
    return payment if isinstance(payment, Refused) else _cancelled(payment, state, "declined", command.reason)


def decide_cancel(command: CancelPayment, state: State, moment: Moment) -> PaymentCancelled | Refused:
    """Take back a payment that no rail has been given."""
    payment = expect(
        state, command.payment_id, "scheduled", "in_review", "awaiting_authorisation", "awaiting_payer", "accepted"
    )
    return payment if isinstance(payment, Refused) else _cancelled(payment, state, "requested", command.reason)


def decide_expire(command: ExpirePayment, state: State, moment: Moment) -> PaymentCancelled | Refused:
    """End a payment that was not authorised, or answered, in time."""
    payment = expect(state, command.payment_id, "awaiting_authorisation", "awaiting_payer")
    if isinstance(payment, Refused):
        return payment
    if payment.due_at is None or payment.due_at > moment.now:
        return Refused(
            Rejection.PAYMENT_NOT_DUE, f"{command.payment_id} may still be authorised until {payment.due_at}"
        )
    return _cancelled(payment, state, "expired", None)


def _cancelled(payment: Payment, state: State, cause: str, reason: str | None) -> PaymentCancelled:
    return PaymentCancelled(
        payment_id=payment.payment_id,
        cause=cause,  # type: ignore[arg-type]  # one of the three causes, chosen above
        reason=reason,
        balances=free_funds(payment, state),
        facts=payment.facts,
        status=STATUS_OF["cancelled"],
    )


def evolve_requested(state: State, event: PaymentAuthorisationRequested, position: int) -> None:
    """Wait for the payer's proof."""
    become(state, event, "awaiting_authorisation", due_at=event.expires_at)


def evolve_presented(state: State, event: PaymentPresented, position: int) -> None:
    """Wait for the payer's answer."""
    become(state, event, "awaiting_payer", due_at=event.expires_at)


def evolve_failed(state: State, event: PaymentAuthorisationFailed, position: int) -> None:
    """Count a failure."""
    payment = state.record(PAYMENT, event.payment_id)
    assert isinstance(payment, Payment)
    become(state, event, payment.state, failures=event.failures)


def evolve_authorised(state: State, event: PaymentAuthorised, position: int) -> None:
    """Open the gate, and know the payee from now on."""
    payment = state.record(PAYMENT, event.payment_id)
    assert isinstance(payment, Payment)
    gate: Gate = "payer" if payment.state == "awaiting_payer" else "authentication"
    become(state, event, "cleared", cleared=(*payment.cleared, gate), due_at=None)
    remember_payee(state, payment, position=position)
