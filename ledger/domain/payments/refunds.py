"""Refunds: what the payee of a settled payment gives back, in whole or part; never more than was paid, nor a fee.

A book payment is given back in the commit that asks for it. A card top-up is given back by the processor, who is asked
after the commit: meanwhile the amount is held on the account, so that it cannot be spent twice, and is booked or freed
by the processor's answer.
"""

from typing import Final

import msgspec

from contracts.commands.payments import RecordRefundOutcome, RefundPayment
from contracts.events import (
    AccountBalance,
    EventData,
    PaymentContradicted,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentRefundRequested,
)
from contracts.ids import afterwards_id, instruction_id, refund_id, transfer_id
from contracts.rejections import Refused, Rejection
from ledger.domain import limits, takings
from ledger.domain.payments.booking import balances_of, book_back, where_it_went
from ledger.domain.payments.life_cycle import Payment, RailRefund, become, expect, settled_payment
from ledger.domain.postings import beyond_terms, effective_on, usable
from ledger.domain.state import Moment, State
from ledger.domain.transfers import move_balances

REFUNDS_MAX: Final = 100  # of one payment, asked of a rail: each is remembered by what it moved
NO_REASON: Final = "MS03"


def decide_refund(command: RefundPayment, state: State, moment: Moment) -> EventData | Refused:
    """Give back what is left of a settled payment, or a part of it; by a rail, ask it to."""
    payment = expect(state, command.payment_id, "settled")
    if isinstance(payment, Refused):
        return payment
    refused = _why_not(payment)
    if refused is not None:
        return refused
    amount_minor = payment.left_minor if command.amount_minor is None else command.amount_minor
    if amount_minor > payment.left_minor or amount_minor == 0:
        return Refused(
            Rejection.REFUND_EXCEEDS_PAYMENT,
            f"{payment.left_minor} of {payment.payment_id} is left to refund, not {amount_minor}",
            "/payment_id" if command.amount_minor is None else "/amount_minor",
        )
    refund = RailRefund(refund_id=refund_id(moment.position), amount_minor=amount_minor, reason=command.reason)
    if payment.rail == "book":
        return _refunded(payment, refund, state, moment)
    return _requested(payment, refund, state, moment)


def _why_not(payment: Payment) -> Refused | None:
    """Say why a payment cannot be refunded at all, None when it can."""
    if payment.quote_id is not None:
        why = "a payment that exchanged currencies is given back by another payment"
    elif payment.rail != "book" and payment.debtor_account_id is not None:
        why = f"what was paid by {payment.rail} only its payee can give back; recall the payment"
    elif len(payment.refunds) >= REFUNDS_MAX:
        why = f"{payment.payment_id} was refunded {REFUNDS_MAX} times already"
    else:
        return None
    return Refused(Rejection.REFUND_NOT_POSSIBLE, why, "/payment_id")


def _requested(payment: Payment, refund: RailRefund, state: State, moment: Moment) -> PaymentRefundRequested | Refused:
    """Hold the amount on the account that the payment reached."""
    account = usable(where_it_went(payment), payment.currency, state=state, pointer="/payment_id")
    if isinstance(account, Refused):
        return account
    balances = _held(payment, state, change_minor=refund.amount_minor)
    refused = beyond_terms(account, posted_minor=account.posted_minor, held_minor=balances[0].held_minor)
    if refused is not None:
        return refused
    return PaymentRefundRequested(
        payment_id=payment.payment_id,
        refund_id=refund.refund_id,
        amount_minor=refund.amount_minor,
        reason=refund.reason,
        instruction_id=afterwards_id(payment.payment_id, refund.refund_id),
        original_instruction_id=instruction_id(payment.payment_id, payment.attempt),
        requested_at=moment.now,
        balances=balances,
        facts=payment.facts,
        status=payment.status,
    )


def decide_refund_outcome(command: RecordRefundOutcome, state: State, moment: Moment) -> EventData | Refused:
    """Take a rail's answer about a refund: book it, or free what was held for it.

    What repeats the first answer is a conflict and changes nothing; what contradicts it is recorded for an operator.
    """
    payment = expect(state, command.payment_id, "settled")
    if isinstance(payment, Refused):
        return payment
    named = {afterwards_id(payment.payment_id, refund.refund_id): refund for refund in payment.refunds}
    refund = named.get(command.instruction_id)
    if refund is None:
        return Refused(
            Rejection.INSTRUCTION_UNKNOWN,
            f"{command.instruction_id} is no refund of {payment.payment_id}",
            "/instruction_id",
        )
    if refund.state != "asked":
        return _again(command, payment, refund)
    if command.outcome == "accepted":
        return _refunded(payment, refund, state, moment)
    return PaymentRefundFailed(
        payment_id=payment.payment_id,
        refund_id=refund.refund_id,
        amount_minor=refund.amount_minor,
        reason_code=command.reason_code or NO_REASON,
        balances=_held(payment, state, change_minor=-refund.amount_minor),
        facts=payment.facts,
        status=payment.status,
    )


def _again(command: RecordRefundOutcome, payment: Payment, refund: RailRefund) -> PaymentContradicted | Refused:
    if (command.outcome == "accepted") == (refund.state == "paid"):
        return Refused(
            Rejection.PAYMENT_STATE_CONFLICT, f"refund {refund.refund_id} is {refund.state} already", "/instruction_id"
        )
    return PaymentContradicted(
        payment_id=payment.payment_id,
        instruction_id=command.instruction_id,
        outcome=command.outcome,
        reason_code=command.reason_code,
        rail_reference=None,
        facts=payment.facts,
        status=payment.status,
    )


def _refunded(payment: Payment, refund: RailRefund, state: State, moment: Moment) -> PaymentRefunded | Refused:
    """Book a refund; one that a rail has paid counts on frozen accounts too, and frees what was held for it."""
    by_rail = payment.rail != "book"
    freed = {where_it_went(payment): -refund.amount_minor} if by_rail else {}
    posted = book_back(payment, state, amount_minor=refund.amount_minor, held_change=freed, frozen_too=by_rail)
    if isinstance(posted, Refused):
        return posted
    effective = effective_on(None, state=state, moment=moment)
    if isinstance(effective, Refused):
        return effective
    return PaymentRefunded(
        payment_id=payment.payment_id,
        refund_id=refund.refund_id,
        transfer_id=transfer_id(moment.position),
        amount_minor=refund.amount_minor,
        refunded_minor=payment.refunded_minor + refund.amount_minor,
        reason=refund.reason,
        postings=posted,
        balances=balances_of(posted, freed),
        effective_date=effective,
        facts=payment.facts,
        status=payment.status,
    )


def _held(payment: Payment, state: State, *, change_minor: int) -> tuple[AccountBalance, ...]:
    account = state.account(where_it_went(payment))
    assert account is not None
    return (
        AccountBalance(
            account_id=account.terms.account_id,
            currency=payment.currency,
            posted_minor=account.posted_minor,
            held_minor=account.held_minor + change_minor,
        ),
    )


def evolve_refund_requested(state: State, event: PaymentRefundRequested, position: int) -> None:
    """Hold what the rail was asked for."""
    payment = settled_payment(state, event.payment_id)
    refund = RailRefund(refund_id=event.refund_id, amount_minor=event.amount_minor, reason=event.reason)
    become(state, event, "settled", refunds=(*payment.refunds, refund))
    move_balances(state, event.balances)


def evolve_refund_failed(state: State, event: PaymentRefundFailed, position: int) -> None:
    """Free what was held."""
    payment = settled_payment(state, event.payment_id)
    become(state, event, "settled", refunds=_ended(payment, event.refund_id, "failed"))
    move_balances(state, event.balances)


def evolve_refunded(state: State, event: PaymentRefunded, position: int) -> None:
    """Count and move a refund."""
    payment = settled_payment(state, event.payment_id)
    limits.give_back(state, payment.counted_against, payment_id=event.payment_id, amount_minor=event.amount_minor)
    refunds = _ended(payment, event.refund_id, "paid")
    become(state, event, "settled", refunded_minor=event.refunded_minor, refunds=refunds)
    move_balances(state, event.postings)
    takings.count_refund(state, payment.payee, event)


def _ended(payment: Payment, refund: str, how: str) -> tuple[RailRefund, ...]:
    return tuple(msgspec.structs.replace(one, state=how) if one.refund_id == refund else one for one in payment.refunds)
