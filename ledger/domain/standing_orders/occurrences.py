"""Occurrences of standing orders: issued in order, each once; and what makes them pause or end."""

from datetime import date

import msgspec

from contracts.commands.standing_orders import (
    CancelStandingOrder,
    IssueStandingOrder,
    ResumeStandingOrder,
    SuspendStandingOrder,
)
from contracts.events import (
    EventData,
    PaymentInitiated,
    StandingOrderCancelled,
    StandingOrderIssued,
    StandingOrderResumed,
    StandingOrderSuspended,
)
from contracts.ids import payment_id
from contracts.payment_codes import STATUS_OF
from contracts.rejections import Refused, Rejection
from ledger.domain.payments.gates import next_step
from ledger.domain.payments.initiation import charge_of, payment_from
from ledger.domain.standing_orders.life_cycle import (
    StandingOrder,
    expect,
    next_from_today,
    occurrence_after,
    state_with,
)
from ledger.domain.state import Moment, State


def decide_issue(command: IssueStandingOrder, state: State, moment: Moment) -> tuple[EventData, ...] | Refused:
    """Turn the occurrence that is next, and due, into a payment at its first gate."""
    order = expect(state, command.standing_order_id, "active")
    if isinstance(order, Refused):
        return order
    wrong = _not_now(order, command.occurrence_on, moment)
    if wrong is not None:
        return wrong
    initiated = payment_of_occurrence(order, state, moment.after(1), occurrence_on=command.occurrence_on)
    if isinstance(initiated, Refused):
        return initiated
    payment = payment_from(initiated, state)
    if isinstance(payment, Refused):
        return payment
    number = order.issued + 1
    next_on = occurrence_after(order.recurrence, command.occurrence_on, issued=number)
    issued = StandingOrderIssued(
        standing_order_id=order.standing_order_id,
        occurrence_on=command.occurrence_on,
        number=number,
        payment_id=initiated.payment_id,
        next_on=next_on,
        state=state_with(next_on),
    )
    return issued, initiated, next_step(payment, state, moment.after(2))


def _not_now(order: StandingOrder, occurrence_on: date, moment: Moment) -> Refused | None:
    next_on = order.next_on
    assert next_on is not None
    if occurrence_on < next_on:
        return Refused(
            Rejection.OCCURRENCE_ALREADY_ISSUED, f"the next one is of {next_on}, not {occurrence_on}", "/occurrence_on"
        )
    if occurrence_on > next_on:
        return Refused(Rejection.OCCURRENCE_NOT_NEXT, f"the one of {next_on} comes first", "/occurrence_on")
    if occurrence_on > moment.today:
        return Refused(Rejection.STANDING_ORDER_NOT_DUE, f"it is due on {occurrence_on}", "/occurrence_on")
    return None


def payment_of_occurrence(
    order: StandingOrder, state: State, moment: Moment, *, occurrence_on: date
) -> PaymentInitiated | Refused:
    """The payment of an occurrence, at the fees of its day. Its initiator is whoever created the order, who may not
    review it either.
    """
    free = PaymentInitiated(
        payment_id=payment_id(moment.position),
        payment_type=order.payment_type,
        rail=order.rail,
        debtor_account_id=order.debtor_account_id,
        creditor_account_id=order.creditor_account_id,
        debtor=None,
        creditor=order.creditor,
        instructed_amount=order.instructed_amount,
        amount_minor=order.amount_minor,
        fee_minor=0,
        end_to_end_id=f"{order.end_to_end_id}-{occurrence_on:%Y%m%d}",
        remittance_information=order.remittance_information,
        requested_execution_date=occurrence_on,
        quote_id=None,
        metadata=order.metadata,
        customer_id=order.customer_id,
        subject=order.subject,
        standing_order_id=order.standing_order_id,
        initiated_at=moment.now,
        initiated_by=order.created_by,
        assessment=order.assessment,
        status=STATUS_OF["received"],
    )
    charge = charge_of(free, state)
    return charge if isinstance(charge, Refused) else msgspec.structs.replace(free, fee_minor=charge.fee_minor)


def decide_suspend(command: SuspendStandingOrder, state: State, moment: Moment) -> StandingOrderSuspended | Refused:
    """Pay nothing for now."""
    order = expect(state, command.standing_order_id, "active")
    if isinstance(order, Refused):
        return order
    return StandingOrderSuspended(standing_order_id=order.standing_order_id, reason=command.reason, state="suspended")


def decide_resume(command: ResumeStandingOrder, state: State, moment: Moment) -> StandingOrderResumed | Refused:
    """Pay again, from the first occurrence that is not over; end where there is none."""
    order = expect(state, command.standing_order_id, "suspended")
    if isinstance(order, Refused):
        return order
    next_on = next_from_today(order, moment)
    return StandingOrderResumed(standing_order_id=order.standing_order_id, next_on=next_on, state=state_with(next_on))


def decide_cancel(command: CancelStandingOrder, state: State, moment: Moment) -> StandingOrderCancelled | Refused:
    """End it for good."""
    order = expect(state, command.standing_order_id, "awaiting_authorisation", "active", "suspended")
    if isinstance(order, Refused):
        return order
    return StandingOrderCancelled(standing_order_id=order.standing_order_id, reason=command.reason, state="cancelled")
