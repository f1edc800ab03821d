"""After settlement: refunds by the payee, returns by a rail, recalls. Together they never exceed what was paid.

None of them gives a fee back.
"""

from contracts.commands.payments import RecallPayment, RefundPayment, ReturnPayment
from contracts.events import PaymentRecallRequested, PaymentRefunded, PaymentReturned
from contracts.ids import refund_id, transfer_id
from contracts.rejections import Refused, Rejection
from ledger.domain import limits, payouts, takings
from ledger.domain.payments.booking import book_back
from ledger.domain.payments.life_cycle import PAYMENT, Payment, become, expect
from ledger.domain.postings import effective_on
from ledger.domain.state import Moment, State
from ledger.domain.transfers import move_balances


def left_minor(payment: Payment) -> int:
    """What has been neither refunded nor returned."""
    return payment.amount_minor - payment.refunded_minor - payment.returned_minor


def decide_refund(command: RefundPayment, state: State, moment: Moment) -> PaymentRefunded | Refused:
    """Give back what is left of a settled book payment, or a part of it."""
    payment = expect(state, command.payment_id, "settled")
    if isinstance(payment, Refused):
        return payment
    if payment.rail != "book" or payment.quote_id is not None:
        how = f"by {payment.rail}" if payment.quote_id is None else "that exchanged currencies"
        return Refused(
            Rejection.REFUND_NOT_POSSIBLE,
            f"a payment {how} is given back by another payment",
            "/payment_id",
        )
    amount_minor = left_minor(payment) if command.amount_minor is None else command.amount_minor
    if amount_minor > left_minor(payment) or amount_minor == 0:
        return Refused(
            Rejection.REFUND_EXCEEDS_PAYMENT,
            f"{left_minor(payment)} of {payment.payment_id} is left to refund, not {amount_minor}",
            "/amount_minor",
        )
    posted = book_back(payment, state, amount_minor=amount_minor)
    if isinstance(posted, Refused):
        return posted
    effective = effective_on(None, state=state, moment=moment)
    if isinstance(effective, Refused):
        return effective
    return PaymentRefunded(
        payment_id=payment.payment_id,
        refund_id=refund_id(moment.position),
        transfer_id=transfer_id(moment.position),
        amount_minor=amount_minor,
        refunded_minor=payment.refunded_minor + amount_minor,
        reason=command.reason,
        postings=posted,
        effective_date=effective,
        facts=payment.facts,
        status=payment.status,
    )


def decide_return(command: ReturnPayment, state: State, moment: Moment) -> PaymentReturned | Refused:
    """Book what a rail gives or takes back: on the customer's account, or on suspense where that cannot take it."""
    payment = expect(state, command.payment_id, "settled")
    if isinstance(payment, Refused):
        return payment
    if payment.rail == "book":
        return Refused(Rejection.INSTRUCTION_UNKNOWN, f"{payment.payment_id} went by no rail", "/payment_id")
    if command.return_id in payment.returns:
        return Refused(Rejection.RETURN_ALREADY_BOOKED, f"return {command.return_id} is booked already", "/return_id")
    if command.amount_minor > left_minor(payment):
        return Refused(
            Rejection.RETURN_EXCEEDS_PAYMENT,
            f"{left_minor(payment)} of {payment.payment_id} is left to return, not {command.amount_minor}",
            "/amount_minor",
        )
    posted = book_back(payment, state, amount_minor=command.amount_minor)
    diverted = isinstance(posted, Refused)
    if isinstance(posted, Refused):
        posted = book_back(payment, state, amount_minor=command.amount_minor, instead_of_inside=payment.suspense)
    if isinstance(posted, Refused):
        return posted
    effective = effective_on(None, state=state, moment=moment)
    if isinstance(effective, Refused):
        return effective
    return PaymentReturned(
        payment_id=payment.payment_id,
        return_id=command.return_id,
        transfer_id=transfer_id(moment.position),
        amount_minor=command.amount_minor,
        returned_minor=payment.returned_minor + command.amount_minor,
        reason_code=command.reason_code,
        diverted=diverted,
        postings=posted,
        effective_date=effective,
        facts=payment.facts,
        status=payment.status,
    )


def decide_recall(command: RecallPayment, state: State, moment: Moment) -> PaymentRecallRequested | Refused:
    """Ask the creditor's bank to give a settled payment back, once."""
    payment = expect(state, command.payment_id, "settled")
    if isinstance(payment, Refused):
        return payment
    if payment.rail != "sct_inst" or payment.recalled or left_minor(payment) == 0:
        return Refused(
            Rejection.RECALL_NOT_POSSIBLE, f"{payment.payment_id} cannot be recalled, or was already", "/payment_id"
        )
    return PaymentRecallRequested(
        payment_id=payment.payment_id, reason=command.reason, facts=payment.facts, status=payment.status
    )


def evolve_refunded(state: State, event: PaymentRefunded, position: int) -> None:
    """Count and move a refund."""
    payment = state.record(PAYMENT, event.payment_id)
    assert isinstance(payment, Payment)
    limits.give_back(state, payment.counted_against, payment_id=event.payment_id, amount_minor=event.amount_minor)
    become(state, event, "settled", refunded_minor=event.refunded_minor)
    move_balances(state, event.postings)
    takings.count_refund(state, payment.payee, event)


def evolve_returned(state: State, event: PaymentReturned, position: int) -> None:
    """Count and move a return."""
    payment = state.record(PAYMENT, event.payment_id)
    assert isinstance(payment, Payment)
    limits.give_back(state, payment.counted_against, payment_id=event.payment_id, amount_minor=event.amount_minor)
    become(state, event, "settled", returned_minor=event.returned_minor, returns=(*payment.returns, event.return_id))
    move_balances(state, event.postings)
    takings.count_return(state, payment.payee, event)
    payouts.come_back(state, payment.settlement_id, amount_minor=event.amount_minor, diverted=event.diverted)


def evolve_recalled(state: State, event: PaymentRecallRequested, position: int) -> None:
    """Know that it was recalled."""
    become(state, event, "settled", recalled=True)
