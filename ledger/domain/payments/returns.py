"""Returns: what a rail gives or takes back of a settled payment; with its refunds never more than was paid."""

from contracts.commands.payments import ReturnPayment
from contracts.events import PaymentReturned
from contracts.ids import transfer_id
from contracts.rejections import Refused, Rejection
from ledger.domain import limits, payouts, takings
from ledger.domain.payments.booking import book_back
from ledger.domain.payments.life_cycle import become, expect, settled_payment
from ledger.domain.postings import effective_on
from ledger.domain.state import Moment, State
from ledger.domain.transfers import move_balances


def decide_return(command: ReturnPayment, state: State, moment: Moment) -> PaymentReturned | Refused:
    """Book what a rail gives or takes back: on the customer's account, or on suspense where that cannot take it."""
    payment = expect(state, command.payment_id, "settled")
    if isinstance(payment, Refused):
        return payment
    if payment.rail == "book":
        return Refused(Rejection.INSTRUCTION_UNKNOWN, f"{payment.payment_id} went by no rail", "/payment_id")
    if command.return_id in payment.returns:
        return Refused(Rejection.RETURN_ALREADY_BOOKED, f"return {command.return_id} is booked already", "/return_id")
    if payment.left_minor < command.amount_minor <= payment.left_minor + payment.asked_minor:
        return Refused(
            Rejection.PAYMENT_STATE_CONFLICT,
            f"a refund of {payment.payment_id} is on its way; what it leaves decides about the return",
            "/payment_id",
        )
    if command.amount_minor > payment.left_minor:
        return Refused(
            Rejection.RETURN_EXCEEDS_PAYMENT,
            f"{payment.left_minor} of {payment.payment_id} is left to return, not {command.amount_minor}",
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


def evolve_returned(state: State, event: PaymentReturned, position: int) -> None:
    """Count and move a return."""
    payment = settled_payment(state, event.payment_id)
    limits.give_back(state, payment.counted_against, payment_id=event.payment_id, amount_minor=event.amount_minor)
    become(state, event, "settled", returned_minor=event.returned_minor, returns=(*payment.returns, event.return_id))
    move_balances(state, event.postings)
    takings.count_return(state, payment.payee, event)
    payouts.come_back(state, payment.settlement_id, amount_minor=event.amount_minor, diverted=event.diverted)
